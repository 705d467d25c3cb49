"""Files of ballots: what `votewave tally` and VoteBooth's import read, and what its export writes.

election = formats.read(data, filename="election.blt")
election.count("stv").winners
formats.to_blt(election.names, election.rankings, seats=3)
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from services.votebooth.tally.formats.blt import read_blt, to_blt
from services.votebooth.tally.formats.delimiters import DELIMITERS
from services.votebooth.tally.formats.document import read_document
from services.votebooth.tally.formats.election import Election
from services.votebooth.tally.formats.exported import read_exported
from services.votebooth.tally.formats.grid import read_grid
from services.votebooth.tally.formats.header import Header, read_header
from services.votebooth.tally.formats.names import held_against, listed
from services.votebooth.tally.formats.preflib import TYPES, read_preflib, to_preflib
from services.votebooth.tally.formats.ranks import has_ranks, read_ranks, refuse_called_like_ranks, to_ranks_csv
from services.votebooth.tally.formats.rows import Rows
from services.votebooth.tally.formats.scores import read_scores, to_scores_csv
from services.votebooth.tally.formats.scottish import read_scottish
from services.votebooth.tally.formats.source import FormatError, decode, refuse_binary
from services.votebooth.tally.formats.words import WORDS, Words, named, words_of

FORMATS = ("ranks", "scores", "grid", "blt", "preflib", "scottish", "json")

_SCOTTISH = re.compile(r"\s*\d+\s*,\s*\d+\s*(,\s*)*$", re.ASCII)
__all__ = [
    "DELIMITERS",
    "FORMATS",
    "WORDS",
    "Election",
    "FormatError",
    "Words",
    "listed",
    "named",
    "read",
    "to_blt",
    "to_preflib",
    "to_ranks_csv",
    "to_scores_csv",
    "words_of",
]


def read(
    data: bytes,
    *,
    format: str | None = None,  # noqa: A002 - what users call it
    filename: str = "",
    prefix: str = "rank",
    ignore: Sequence[str] = (),
    options: Sequence[str] | None = None,
    top: int | None = None,
    delimiter: str | None = None,
    words: Words = WORDS,
) -> Election:
    """Read a file of ballots.

    Args:
        data: The file: UTF-8, with or without a byte order mark, with any line ends.
        format: One of `FORMATS`. None: by the extension of `filename`, else by the content; never a grid.
        filename: What the file is called.
        prefix: Ranks only: what the columns of ranks are called, before their number.
        ignore: Tables only: the columns to leave out.
        options: The names there are; another one is refused. None: those of the file.
        top: Scores only: the highest score allowed.
        delimiter: Tables only: what separates columns, one of `DELIMITERS`. None: a comma, unless the file says.
        words: Tables only: the words that mean something in a cell.

    Raises:
        FormatError: The file is malformed, or could be read otherwise; it says where, and what leads to the count.
    """
    refuse_binary(data)
    header, header_lines = read_header(data)
    if header is not None:
        if format not in {None, header.format}:
            raise FormatError(f"the file says that it is {header.format}", 1)
        _refuse_unused(ignore, delimiter, words, "the file says by itself how it is read")
        return _exported(data, header, header_lines, options)
    content = data.removeprefix(codecs.BOM_UTF8).lstrip()
    if not content:
        raise FormatError("the file is empty")
    first = re.split(rb"[\r\n]", content, maxsplit=1)[0].decode("utf-8", "replace").rstrip()
    del content
    chosen = format or _guess(first, filename.rpartition(".")[2].lower())
    if chosen in {"json", "blt", "scottish", "preflib"}:
        _refuse_unused(ignore, delimiter, words, f"the file is {chosen}")
    if chosen == "json":
        return read_document(data, options=options)
    if chosen in {"blt", "scottish"}:
        text = decode(data)
        return (read_scottish if chosen == "scottish" or _SCOTTISH.match(first) else read_blt)(text, options=options)
    if chosen == "preflib":
        return read_preflib(decode(data), options=options)
    if chosen not in {None, *FORMATS}:
        raise FormatError(f"there is no format “{chosen}”; there are {', '.join(FORMATS)}")
    rows = Rows(data, delimiter=delimiter, ignore=ignore)
    if chosen == "grid":
        return read_grid(rows, options=options, words=words)
    if chosen == "ranks" or (chosen is None and has_ranks(rows, prefix)):
        return read_ranks(rows, prefix=prefix, options=options, words=words)
    if chosen is None:
        refuse_called_like_ranks(rows)
    election = read_scores(rows, top=top, options=options, words=words)
    return replace(election, guessed=chosen is None)


def _refuse_unused(ignore: Sequence[str], delimiter: str | None, words: Words, because: str) -> None:
    """Refuse what says how a table of somebody's is read, where it would change nothing."""
    given = {"--ignore": bool(ignore), "--delimiter": delimiter is not None, "--words": words != WORDS}
    for option, is_given in given.items():
        if is_given:
            raise FormatError(f"{because}, and not a table that {option} is for")


def _exported(data: bytes, header: Header, header_lines: int, options: Sequence[str] | None) -> Election:
    """Read a file that says what it is."""
    names = header.options
    if header.format == "blt":
        election = read_blt(decode(data), options=names)
    elif header.format == "preflib":
        election = read_preflib(decode(data), options=names)
        if header.abstentions:
            election = replace(election, rankings=Counter(election.rankings) + Counter({(): header.abstentions}))
    else:
        election = read_exported(data, header.format, names, header_lines)
    if options is not None:
        lines = [header_lines] * len(election.names)
        election = replace(election, names=held_against(election.names, lines, options))
    seats = election.seats if header.seats is None else header.seats
    return replace(election, seats=seats, method=header.method, top=header.top, seed=header.seed)


def _guess(first: str, extension: str) -> str | None:
    """Return a file's format by its first line; None for a table."""
    if first.startswith(("{", "[{")):
        return "json"
    if extension == "blt" or re.fullmatch(r"\d+\s+\d+(\s.*)?", first, re.ASCII):
        return "blt"
    if extension in TYPES or re.match(r"#\s*(FILE NAME|TITLE)\s*:", first):
        return "preflib"
    return "scottish" if _SCOTTISH.match(first) else None
