"""Export of a poll's ballots, and the count of a file of ballots."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec
import structlog

from services.core.children import alone
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import Problem, conflict, refused
from services.core.shares import Place, Shares, Turns
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.exchange import repository
from services.votebooth.poll.choices import ABSTENTION, PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results.counting import Published
from services.votebooth.results.render import RANKED
from services.votebooth.results.service import Results
from services.votebooth.results.state import State, Viewer
from services.votebooth.settings import VoteBoothSettings

if TYPE_CHECKING:
    from services.votebooth.exchange.files import Page

log = structlog.get_logger(__name__)

Format = Literal["csv", "json", "blt", "preflib"]

_PAGE_MARKS = 400_000
"""Ballots times options that are read at a time, in 2,000 ballots at most."""

_PAGE = 2_000
_PIECE_MARKS = 20_000
"""Ballots times options that are written at a time, in some milliseconds; then others have their turn."""

_EXPORTS = 16
_EXPORTS_OF_ACCOUNT = 2
_EXPORTS_OF_ADDRESS = 4
_UPLOADS = 64
_COUNTS = 8
_COUNTS_OF_ADDRESS = 2
_COUNT_SECONDS = 60.0

_MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "blt": "text/plain",
    "preflib": "text/plain",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way to a client."""

    name: str
    media_type: str
    content: AsyncIterator[str]


class Exchange:
    """Ballots leaving and entering."""

    def __init__(self, kit: Kit[VoteBoothSettings], results: Results) -> None:
        self._kit = kit
        self._results = results
        self._exports = Shares("exports", places=_EXPORTS, account=_EXPORTS_OF_ACCOUNT, address=_EXPORTS_OF_ADDRESS)
        # Files on their way have more places than those that are there, or who sends slowly would keep others out.
        self._uploads = Shares("files to be counted", places=_UPLOADS, account=1, address=_COUNTS_OF_ADDRESS)
        self._counts = Shares("files to be counted", places=_COUNTS, account=1, address=_COUNTS_OF_ADDRESS)
        self._counting = Turns()

    async def export(self, poll_id: UUID, viewer: Viewer, subject: Subject | None, form: Format) -> File:
        """Return a poll's ballots as a file; that the owner took one is put on record.

        Args:
            poll_id: The poll.
            viewer: Who wants them.
            subject: The verified identity; None without one.
            form: The file's format.

        Raises:
            Problem: 403 if the viewer may not see the result, 404, 409 while the poll isn't over, 422 if the
                method's ballots have no place in the format.
        """
        state = await self._results.state_for(poll_id, viewer.account)
        published = await self._results.require_visible(state, viewer)
        if not state.is_over:
            raise conflict("poll-open", "Ballots can be exported once the poll is closed.")
        if form in {"blt", "preflib"} and state.poll.method not in RANKED:
            raise refused("format-unfit", f"{form} is for ranked ballots. Ask for csv or json.")
        content, extension = await self._content(state, published, viewer, form)
        if subject is not None and subject.id == state.poll.owner:
            async with self._kit.db.transaction() as session:
                await AuditRepository(session).record("export.taken", subject.id, {"format": form}, poll_id=poll_id)
        return File(f"{poll_id}.{extension}", _MEDIA_TYPES[form], content)

    async def _content(
        self, state: State, published: Published, viewer: Viewer, form: Format
    ) -> tuple[AsyncIterator[str], str]:
        from services.votebooth.exchange import files  # noqa: PLC0415  (1 MB that only exports need)

        poll, seed = state.poll, (await self._results.seed(state)).text
        async with self._kit.db.reading() as session:
            shape = await repository.shape(session, poll.poll)
        # Of methods that count patterns, the ballots that aren't in any say of themselves that they abstain.
        abstentions = published.ballots - shape.ballots if poll.method in PATTERN_METHODS else 0
        pages = self._pages(poll, abstentions)
        if form == "json":
            entry = await self._results.read(poll.poll, viewer)
            return files.json(files.header(poll, "json", seed), poll, pages, entry.body), "json"
        if poll.method not in RANKED:
            return files.scores_csv(files.header(poll, "scores", seed), poll, pages), "csv"
        if form == "blt":
            return files.blt(files.header(poll, "blt", seed), poll, pages), "blt"
        if form == "csv":
            return files.ranks_csv(files.header(poll, "ranks", seed), poll, pages, shape.ranks), "csv"
        kind = "toi" if poll.allow_ties else "soi"
        head = files.header(poll, "preflib", seed, abstentions + shape.empty)
        return files.preflib(head, poll, pages, kind, shape.patterns, shape.ballots - shape.empty), kind

    async def _pages(self, poll: PollChanged, abstentions: int) -> "AsyncIterator[Page]":
        """Yield equal ballots and how many there are, in an order of their own; at last those that abstain."""
        patterns = poll.method in PATTERN_METHODS
        at_once = max(1, min(_PAGE, _PAGE_MARKS // len(poll.options)))
        some = max(1, _PIECE_MARKS // len(poll.options))
        after = b""
        while True:
            async with self._kit.db.reading() as session:
                rows = await repository.page(
                    session, poll.poll, after, at_once, patterns=patterns, anonymous=poll.anonymous
                )
            for first in range(0, len(rows), some):
                yield [(bytes(row.choice), row.count) for row in rows[first : first + some]]
                await asyncio.sleep(0)
            if len(rows) < at_once:
                break
            after = bytes(rows[-1].mark)
        if abstentions:
            yield [(ABSTENTION, abstentions)]

    def export_place(self, subject: Subject | None, address: str) -> Place:
        """Take a place for a file that leaves, held until it has left.

        Raises:
            Problem: 429 while as many of this subject's or address's leave as may, 503 while too many others' do.
        """
        return self._exports.take(None if subject is None else subject.id, address)

    def upload_place(self, subject: Subject, address: str) -> Place:
        """Take a place for a file that comes to be counted: one of an account, two of an address.

        It is held until the file is counted.

        Raises:
            Problem: 429 while as many of this subject's or address's are under way, 503 while too many others' are.
        """
        return self._uploads.take(subject.id, address)

    async def count(self, subject: Subject, address: str, data: bytes, **request: Any) -> bytes:
        """Count a file of ballots and keep nothing of it; what comes back is a `schemas.Results` as JSON.

        One file is counted at a time, in a process apart (`counter.py`), from each address in turn.

        Args:
            subject: Whose it is.
            address: The site that it comes from.
            data: The file.
            **request: As `counter.count` takes it.

        Raises:
            Problem: 422 if the file or the request can't be counted, 503 while too many wait.
        """
        from services.votebooth.exchange import counter  # noqa: PLC0415  (1 MB that only counts of files need)

        with self._counts.take(subject.id, address):
            async with self._counting.turn(address):
                code, answer = await alone(counter.answer_file, _given(request, data), _COUNT_SECONDS)
        if code == counter.REFUSED:
            refusal = msgspec.json.decode(answer)
            raise _uncountable(refusal["detail"], **refusal["where"])
        if code != 0:
            log.warning("count_failed", code=code)
            raise _uncountable("it needs more time or memory than the server allows; count it with `votewave tally`")
        return answer


def _uncountable(why: str, **where: int) -> Problem:
    return Problem(422, "uncountable", "The file can't be counted", why, extensions=where)


async def _given(request: dict[str, Any], data: bytes) -> AsyncGenerator[bytes, None]:
    yield msgspec.json.encode(request) + b"\n"
    yield data
