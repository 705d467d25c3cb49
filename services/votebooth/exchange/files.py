"""Files of a poll's ballots, written piece by piece. `tally.formats` reads them all, to the poll's own result.

Each writer is given what the file says of itself, the poll's definition, and pages of pairs (choice, count). What
each row says of how its ballots were cast (`how_cast`) is for people.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec

from services.votebooth.poll.choices import BallotBody, decode, how_cast
from services.votebooth.poll.definition import PARAMETERS, PollChanged, method_of
from services.votebooth.results.counting import seats_of
from services.votebooth.tally import Method
from services.votebooth.tally.formats import document
from services.votebooth.tally.formats.exported import mark_headings, rank_cells, rank_headings
from services.votebooth.tally.formats.header import Header

Page = Sequence[tuple[bytes, int]]
Pages = AsyncIterator[Page]

_UNTOLD = PARAMETERS | {"owner"}
"""Of a definition: what stands in its method, and who owns it."""

_SCALED = frozenset({Method.SCORE, Method.STAR})


def header(poll: PollChanged, form: str, seed: str, abstentions: int = 0) -> Header:
    """Return what a file of a poll's ballots says of itself; `abstentions` are those that its rows leave out."""
    method = Method(poll.method)
    return Header(
        format=form,
        options=tuple(option.label for option in poll.options),
        method=method,
        seats=seats_of(poll),
        top=poll.max_score if method in _SCALED else None,
        seed=seed,
        abstentions=abstentions,
        notes=tuple((msgspec.to_builtins(note.at), note.text) for note in poll.notes),
    )


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _lines(head: Header) -> str:
    return "".join(f"{line}\n" for line in head.lines())


def _table(head: Header, headings: Iterable[str]) -> str:
    return "".join(_row([line]) for line in head.lines()) + _row(headings)


def _ranking(choice: BallotBody) -> list[list[int]]:
    ranks: Any = choice.ranking
    return ranks or []


def _marks(choice: BallotBody) -> dict[int, int]:
    """Return a choice as scores: a pick is 1."""
    if choice.picks is not msgspec.UNSET:
        return dict.fromkeys(choice.picks, 1)
    given: Any = choice.scores if choice.scores is not msgspec.UNSET else choice.points
    return given or {}


async def ranks_csv(head: Header, poll: PollChanged, pages: Pages, ranks: int) -> AsyncIterator[str]:
    """Write a table of ranks; `ranks` is how many the longest ballot has."""
    names = _names(poll)
    width = max(ranks, 1)
    yield _table(head, rank_headings(width))
    async for page in pages:
        lines = []
        for encoded, count in page:
            choice = decode(encoded)
            lines.append(_row([*rank_cells(names, _ranking(choice), width), how_cast(choice, poll), str(count)]))
        yield "".join(lines)


async def scores_csv(head: Header, poll: PollChanged, pages: Pages) -> AsyncIterator[str]:
    """Write a table of scores; a pick is a 1, and what isn't marked an empty cell."""
    ids = [option.id for option in poll.options]
    yield _table(head, mark_headings(_names(poll)))
    async for page in pages:
        lines = []
        for encoded, count in page:
            choice = decode(encoded)
            marks = _marks(choice)
            lines.append(_row([*(str(marks.get(option, "")) for option in ids), how_cast(choice, poll), str(count)]))
        yield "".join(lines)


async def blt(head: Header, poll: PollChanged, pages: Pages) -> AsyncIterator[str]:
    """Write BLT; options are numbered in the poll's order, and a comment says of a row that it has no mark."""
    place = {option.id: str(number) for number, option in enumerate(poll.options, 1)}
    yield f"{_lines(head)}{len(poll.options)} {poll.seats}\n"
    async for page in pages:
        lines = []
        for encoded, count in page:
            choice = decode(encoded)
            ranks = ["=".join(place[option] for option in rank) for rank in _ranking(choice)]
            cast = how_cast(choice, poll)
            lines.append(" ".join([str(count), *ranks, "0", *([] if cast == "marks" else ["#", cast])]) + "\n")
        yield "".join(lines)
    names = [*_names(poll).values(), poll.title]
    quoted = (" ".join(name.replace("\\", "\\\\").replace('"', '\\"').split()) for name in names)
    yield "0\n" + "".join(f'"{name}"\n' for name in quoted)


async def preflib(
    head: Header, poll: PollChanged, pages: Pages, kind: str, patterns: int, ballots: int
) -> AsyncIterator[str]:
    """Write PrefLib's ordinal format. Its orders have no place for abstentions: the header has their number.

    Args:
        head: What the file says of itself.
        poll: The poll.
        pages: Its ballots.
        kind: `soi`, or `toi` where ranks may be shared.
        patterns: How many distinct rankings there are.
        ballots: Of how many ballots.
    """
    place = {option.id: str(number) for number, option in enumerate(poll.options, 1)}
    fields = {
        "FILE NAME": f"{poll.poll}.{kind}",
        "TITLE": poll.title,
        "DESCRIPTION": "",
        "DATA TYPE": kind,
        "MODIFICATION TYPE": "original",
        "RELATES TO": "",
        "RELATED FILES": "",
        "PUBLICATION DATE": "",
        "MODIFICATION DATE": "",
        "NUMBER ALTERNATIVES": str(len(poll.options)),
        "NUMBER VOTERS": str(ballots),
        "NUMBER UNIQUE ORDERS": str(patterns),
    }
    fields |= {f"ALTERNATIVE NAME {number}": name for number, name in enumerate(_names(poll).values(), 1)}
    yield _lines(head) + "".join(f"# {key}: {' '.join(value.split())}\n" for key, value in fields.items())
    async for page in pages:
        lines = []
        for encoded, count in page:
            ranks = [
                place[rank[0]] if len(rank) == 1 else f"{{{','.join(place[option] for option in rank)}}}"
                for rank in _ranking(decode(encoded))
            ]
            if ranks:
                lines.append(f"{count}: {','.join(ranks)}\n")
        yield "".join(lines)


async def json(head: Header, poll: PollChanged, pages: Pages, result: bytes) -> AsyncIterator[str]:
    """Write definition, result and ballots; each ballot as voters send them, with how often it was cast."""
    told = {name: value for name, value in msgspec.to_builtins(poll).items() if name not in _UNTOLD}
    definition = {**told, "method": method_of(poll)}
    said = {"format": document.NAME, "seed": head.seed, "definition": definition}
    yield msgspec.json.encode(said).decode()[:-1]
    yield f',"result":{result.decode()},"ballots":['
    comma = ""
    async for page in pages:
        lines = [
            f'{{"choice":{choice.decode()},"cast":"{how_cast(decode(choice), poll)}","count":{count}}}'
            for choice, count in page
        ]
        yield comma + ",".join(lines)
        comma = ","
    yield "]}\n"


def _names(poll: PollChanged) -> dict[int, str]:
    return {option.id: option.label for option in poll.options}
