"""Counting polls, each where it keeps nobody waiting."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import msgspec
import structlog

from services.core.children import alone
from services.core.kit import Kit
from services.core.problems import Problem, not_found, refused
from services.core.shares import Turns
from services.votebooth.metrics import COUNT_SECONDS
from services.votebooth.poll.choices import PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results import patterns, repository
from services.votebooth.results.body import LARGE_BYTES, REFUSED, Given, is_large, make, make_alone, most_bytes
from services.votebooth.results.cache import Entry
from services.votebooth.results.counting import Published
from services.votebooth.results.seed import Seed
from services.votebooth.results.state import State, counts_of
from services.votebooth.settings import VoteBoothSettings
from services.votebooth.tally import TallyError

log = structlog.get_logger(__name__)

_AT_ONCE = 2
_SECONDS = 60.0
"""What a large poll may take."""

_MARKS = 100_000
"""Ballots times options that are read at a time: about a megabyte."""


class Counter:
    """Makes results of what polls have released: small polls in a thread, large ones in a process of their own."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._threads = asyncio.Semaphore(_AT_ONCE)
        self._turns = Turns()

    async def entry(self, state: State, published: Published, seed: Seed) -> Entry:
        """Return the result of a poll's counts, or of newer ones.

        Args:
            state: Where the poll stands.
            published: Its counts.
            seed: Of its tie-break order.

        Raises:
            Problem: 404, 422 if the method can't count so many options, or it takes too much time or memory.
        """
        poll, parts = state.poll, b"[]"
        if await self._is_large(state, published):
            return await self._alone(state, seed)
        if poll.method in PATTERN_METHODS:
            published, parts = await self._patterns(state)
        given = Given(poll, state.status, published, seed)
        async with self._threads:
            with _counting(poll):
                body = await asyncio.to_thread(make, given, (parts,))
        return Entry(poll.version, published.seq, state.status, body)

    async def _patterns(self, state: State) -> tuple[Published, bytes]:
        """Return a poll's released counts, read anew, with the patterns of the same moment."""
        read = repository.released if state.in_steps else repository.counts
        async with self._kit.db.reading() as session:
            row = await read(session, state.poll.poll)
        if row is None:
            raise not_found("poll")
        return counts_of(row), bytes(row["patterns"])

    async def _is_large(self, state: State, published: Published) -> bool:
        size = most_bytes(state.poll, published.ballots)
        if size > LARGE_BYTES and state.poll.method in PATTERN_METHODS:  # less, if many ballots are equal
            async with self._kit.db.reading() as session:
                size = await patterns.size(session, state.poll.poll, released=state.in_steps)
        return is_large(state.poll, size)

    async def _alone(self, state: State, seed: Seed) -> Entry:
        """Have a large poll counted by a process of its own: one at a time, owners in turn."""
        poll = state.poll
        read: list[Published] = []

        async def given() -> AsyncGenerator[bytes, None]:
            async with self._kit.db.reading() as session:
                row = await patterns.counts(session, poll.poll, released=state.in_steps)
                if row is None:
                    raise not_found("poll")
                read.append(counts_of(row))
                yield msgspec.json.encode(Given(poll, state.status, read[0], seed)) + b"\n"
                if state.in_steps:
                    pieces = patterns.released_pieces(session, poll.poll)
                else:
                    pieces = patterns.pieces(session, poll.poll, max(1, _MARKS // len(poll.options)))
                async for piece in pieces:
                    yield piece

        async with self._turns.turn(str(poll.owner)):
            with _counting(poll):
                code, body = await alone(make_alone, given(), _SECONDS)
        if code == REFUSED:
            raise _uncountable(body.decode())
        if code != 0 or not read:
            log.warning("count_failed", poll=str(poll.poll), code=code)
            raise _uncountable("it takes more time or memory than the server has; export it, and use `votewave tally`")
        return Entry(poll.version, read[0].seq, state.status, body)


@contextmanager
def _counting(poll: PollChanged) -> Iterator[None]:
    """Note how long a count takes, and say it if the method can't count the poll."""
    with COUNT_SECONDS.labels(poll.method).time():
        try:
            yield
        except TallyError as exc:
            raise _uncountable(str(exc)) from exc


def _uncountable(why: str) -> Problem:
    return refused("uncountable", f"This poll can't be counted: {why}")
