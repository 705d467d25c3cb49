"""What a file says of itself, in lines that other programs take for comments.

    # VoteWave: ranks
    # method: stv
    # seats: 2
    # max_score: 5                  scores
    # seed: 5f0c…
    # abstentions: 3                PrefLib, whose orders have no place for them
    # note 1: {"at": "2026-…", "text": "Bo has withdrawn."}   one line for each of the owner's, for people
    # options: ["Ada", "Bo", "Cy"]

The first line and the last are there in every file that VoteWave exports; the others where there is something to
say. In tables each line is a cell. Options are a JSON list, so that every label comes back as it is, and so does an
option that nobody ranked. Lines with another key are left alone.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.votebooth.tally.formats.names import checked_names
from services.votebooth.tally.formats.source import FormatError, decode, shown, whole
from services.votebooth.tally.model import MAX_SEATS, Method

_MARK = "VoteWave"
_KEYS = frozenset({_MARK, "method", "seats", "max_score", "seed", "abstentions", "options"})
_FORMATS = ("ranks", "scores", "blt", "preflib")
_PADDING = ",;\t "
"""What a spreadsheet puts behind a single cell to make rows equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself.

    Attributes:
        format: The file's format.
        options: The options that stand, in order.
        method: How it is to be counted.
        seats: Options to elect.
        top: The highest score of the scale.
        seed: The seed of the order that breaks ties.
        abstentions: Ballots without a mark that stand nowhere else in the file.
        notes: What the owner added beside the question: moments in RFC 3339 and texts. Reading leaves them alone.
    """

    format: str
    options: tuple[str, ...]
    method: Method | None = None
    seats: int | None = None
    top: int | None = None
    seed: str | None = None
    abstentions: int = 0
    notes: tuple[tuple[str, str], ...] = ()

    def lines(self) -> list[str]:
        """Return the header's lines, without line ends."""
        said: dict[str, str | int | None] = {
            _MARK: self.format,
            "method": self.method,
            "seats": self.seats,
            "max_score": self.top,
            "seed": self.seed,
            "abstentions": self.abstentions or None,
        }
        said |= {f"note {n}": _json({"at": at, "text": text}) for n, (at, text) in enumerate(self.notes, 1)}
        said["options"] = _json(self.options)
        return [f"# {key}: {value}" for key, value in said.items() if value is not None]


def _json(value: object) -> str:
    """Return it in one line, whatever line ends its texts have."""
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    number: int


def read_header(data: bytes) -> tuple[Header | None, int]:
    """Read the lines at the beginning of a file, if it says what it is.

    Returns:
        The header, None in a file of somebody else's, and how many lines it takes.

    Raises:
        FormatError: A line of it can't be read.
    """
    if not data.removeprefix(codecs.BOM_UTF8).lstrip(b'"').startswith(f"# {_MARK}:".encode()):
        _refuse_almost(data)
        return None, 0
    found: dict[str, _Line] = {}
    taken = 0
    try:
        # read as far as the header goes: the file may be large
        for number, line in enumerate(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig"), 1):
            bare = _cell(line)
            if not bare.startswith("#"):
                break
            key, _, value = bare.removeprefix("#").partition(":")
            key, taken = key.strip(), number
            if key in _KEYS and key in found:
                raise FormatError(f"the header says {key} twice", number)
            found[key] = _Line(value.strip(), number)
            if key == "options":  # the last one: what follows may begin likewise
                break
    except UnicodeDecodeError:
        decode(data)
        raise
    return _header(found), taken


def _refuse_almost(data: bytes) -> None:
    start = data[:256].removeprefix(codecs.BOM_UTF8)
    bare = start.lstrip(b'" \t\r\n' + _PADDING.encode())
    if re.match(rb"#\s*votewave\s*:", bare, re.IGNORECASE):
        line = len(re.findall(rb"\r\n|\r|\n", start[: len(start) - len(bare)])) + 1
        raise FormatError(f"an export begins with “# {_MARK}:”, so written and in the first line", line)


def _cell(line: str) -> str:
    """Return a line of text, or the only cell of a line of a table."""
    line = line.rstrip("\n")
    if line.startswith('"'):
        line = next(csv.reader([line]), [""])[0]
    return line.rstrip(_PADDING)


def _header(found: Mapping[str, _Line]) -> Header:
    mark = found[_MARK]
    if mark.text not in _FORMATS:
        raise FormatError(f"there is no format “{shown(mark.text)}”; there are {', '.join(_FORMATS)}", mark.number)
    seed = found.get("seed")
    return Header(
        format=mark.text,
        options=_options(found.get("options"), len(found)),
        method=_method(found.get("method")),
        seats=_number(found.get("seats"), "number of seats", MAX_SEATS),
        top=_number(found.get("max_score"), "highest score"),
        seed=None if seed is None else seed.text,
        abstentions=_number(found.get("abstentions"), "number of abstentions") or 0,
    )


def _number(line: _Line | None, what: str, most: int | None = None) -> int | None:
    if line is None:
        return None
    return whole(line.text, line.number, 0, what) if most is None else whole(line.text, line.number, 0, what, most=most)


def _method(line: _Line | None) -> Method | None:
    if line is None:
        return None
    try:
        return Method(line.text)
    except ValueError:
        raise FormatError(f"“{shown(line.text)}” is no method; there are {', '.join(Method)}", line.number) from None


def _options(line: _Line | None, number: int) -> tuple[str, ...]:
    if line is None:
        raise FormatError("the header doesn't say which options there are", number)
    try:
        names = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the options can't be read as a JSON list: {error}", line.number) from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FormatError("the options are no JSON list of names", line.number)
    checked_names(names, [line.number] * len(names))
    return tuple(names)
