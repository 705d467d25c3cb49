"""The rules of polls as VoteBooth knows them: a table kept up by events, and a copy in memory.

The copy in memory may be old. It is good enough to prepare a ballot; whether the ballot counts is decided in
the transaction that writes it, by the version and times in the row that it has locked (`casting/batch.py`). What the
copy would refuse is asked for again before it is refused (`fresh`).

The table may be old as well, where events are late because Redis was away. PollRules are locked when a poll opens;
so once it has opened each process asks Polls for them, once (`settle`).
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy import event as sqlalchemy_events
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.handler import NotNowError
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import Problem, not_found, unavailable
from services.core.redis.rate_limit import LocalLimiter
from services.core.sized_cache import SizedCache
from services.core.tasks import SharedTasks
from services.votebooth.poll import repository
from services.votebooth.poll.definition import PollChanged, PollNews
from services.votebooth.poll.rules import PollRules
from services.votebooth.settings import VoteBoothSettings

_RULES_BYTES = 64_000_000
"""Of polls' rules in memory: a thousand polls, or fewer with many options."""

_UNKNOWN = 10_000
_UNKNOWN_SECONDS = 1.0
_ASKED_A_SECOND = 50
"""Polls that Polls is asked for because nobody here has heard of them: who asks for any id costs two services work."""

_SETTLED = 50_000
_FETCH_SECONDS = 2.0
_SETTLE_SECONDS = 0.5
_SETTLE_AGAIN_SECONDS = 1.0
_LOCKED_BEFORE = timedelta(seconds=1)
"""PollRules are locked two seconds before a poll opens (Polls, `edits.SETTLE`); one is left for clocks that differ."""


class Projection:
    """Reads and keeps polls' rules."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._rules: SizedCache[UUID, PollRules] = SizedCache(_RULES_BYTES, lambda rules: rules.memory)
        self._unknown: dict[UUID, float] = {}
        self._strange = LocalLimiter()
        self._finding: SharedTasks[UUID, PollRules] = SharedTasks()
        self._settled: dict[UUID, None] = {}
        self._settling: SharedTasks[UUID, None] = SharedTasks()
        self._unsettled: dict[UUID, float] = {}

    def known(self, poll_id: UUID) -> PollRules | None:
        """Return a poll's rules from memory, however old."""
        return self._rules.get(poll_id)

    async def rules(self, poll_id: UUID) -> PollRules:
        """Return a poll's rules from memory or, the first time, from the table or from Polls.

        Raises:
            Problem: 404 if there is no such published poll, 503 if Polls must be asked and doesn't answer.
        """
        known = self._rules.get(poll_id)
        if known is not None:
            return known
        if self._unknown.get(poll_id, 0.0) > time.monotonic():
            raise not_found("poll")
        return await self._finding.result(poll_id, lambda: self._find(poll_id))

    async def existing(self, poll_id: UUID) -> PollRules:
        """Return a poll's rules as `rules` does, unless it was deleted.

        Raises:
            Problem: 404 or 503.
        """
        rules = await self.rules(poll_id)
        if rules.deleted:
            raise not_found("poll")
        return rules

    def is_settled(self, poll_id: UUID) -> bool:
        """Say whether the table is known to have the rules with which a poll opened."""
        return poll_id in self._settled

    async def settle(self, poll_id: UUID, opens_at: datetime) -> None:
        """Bring the rules with which a poll opened to the table, whatever became of their event.

        Without it ballots would be taken, and results shown, under rules that the owner changed in time. While
        Polls doesn't answer, what is known holds, and it is asked again.

        Args:
            poll_id: The poll.
            opens_at: When it opens, as far as is known.

        Raises:
            Problem: 404 if it was deleted.
        """
        if poll_id in self._settled or opens_at - datetime.now(UTC) > _LOCKED_BEFORE:
            return
        if self._unknown.get(poll_id, 0.0) > time.monotonic():
            raise not_found("poll")
        if self._unsettled.get(poll_id, 0.0) > time.monotonic():
            return
        await self._settling.result(poll_id, lambda: self._settle(poll_id))

    async def settle_all(self, opened: Mapping[UUID, int]) -> bool:
        """Do what `settle` does for polls that have opened, with one question about all that may not be settled.

        Args:
            opened: The versions that the table has, by poll.

        Returns:
            Whether the table had older rules of some of them, and has others now.
        """
        now, asked_at = time.monotonic(), datetime.now(UTC)
        unsure = [poll for poll in opened if poll not in self._settled and self._unsettled.get(poll, 0.0) <= now]
        if not unsure:
            return False
        path = f"/internal/polls/versions?{urlencode([('poll', poll) for poll in unsure])}"
        try:
            told = await self._kit.shared.calls.get("polls", path, dict[UUID, int], _SETTLE_SECONDS)
        except (PeerError, PeerMissing):
            self._put_off(unsure)
            return False
        behind = [poll for poll in unsure if told.get(poll, 0) > opened[poll]]
        self._put_off([poll for poll in unsure if poll not in told])
        for poll in told.keys() & set(unsure) - set(behind):
            self._keep_settled(poll)
        for done in await asyncio.gather(*(self.settle(poll, asked_at) for poll in behind), return_exceptions=True):
            if isinstance(done, BaseException) and not isinstance(done, Problem):
                raise done
        return bool(behind)

    def _put_off(self, polls: Iterable[UUID]) -> None:
        """Take polls as they are known for a moment, since Polls doesn't tell."""
        now = time.monotonic()
        self._unsettled = {poll: until for poll, until in self._unsettled.items() if until > now}
        self._unsettled |= dict.fromkeys(polls, now + _SETTLE_AGAIN_SECONDS)

    def _keep_settled(self, poll_id: UUID) -> None:
        if len(self._settled) >= _SETTLED:
            del self._settled[next(iter(self._settled))]
        self._settled[poll_id] = None

    async def _settle(self, poll_id: UUID) -> None:
        try:
            await self._ask(poll_id, _SETTLE_SECONDS)
        except Problem as problem:
            if problem.status == 404:
                raise
            self._put_off([poll_id])

    async def fresh(self, poll_id: UUID) -> PollRules:
        """Return a poll's rules as the table has them now.

        Raises:
            Problem: 404.
        """
        stored = await self.stored(poll_id)
        return await self.rules(poll_id) if stored is None else stored

    async def stored(self, poll_id: UUID) -> PollRules | None:
        """Return a poll's rules as the table has them now; None if it has none."""
        async with self._kit.db.reading() as session:
            definition = await repository.definition(session, poll_id)
        if definition is None:
            self._rules.drop(poll_id)
            return None
        return self.remember(definition)

    async def catch_up(self, poll_id: UUID, least: int) -> int:
        """Return the version that the table has, brought from Polls first if it is less than wanted.

        It decides for every instance: each transaction that writes ballots reads it (`casting/batch.py`).

        Raises:
            Problem: 404 if there is no such published poll, 503 if Polls doesn't answer.
        """
        for ask in (True, False):
            async with self._kit.db.reading() as session:
                stored = await repository.version(session, poll_id)
            if ask and (stored is None or stored < least):
                await self._ask(poll_id)
            elif stored is not None:
                return stored
        raise not_found("poll")

    def remember(self, definition: bytes) -> PollRules:
        """Keep a stored definition in memory and return its rules."""
        event = msgspec.json.decode(definition, type=PollChanged)
        known = self._rules.get(event.poll)
        if known is not None and known.version == event.version:
            return known
        rules = PollRules(event)
        self._rules.put(event.poll, rules)
        return rules

    def forget(self, poll_id: UUID) -> None:
        """Drop what is in memory."""
        self._rules.drop(poll_id)

    async def _find(self, poll_id: UUID) -> PollRules:
        async with self._kit.db.reading() as session:
            definition = await repository.definition(session, poll_id)
        if definition is None:
            if not self._strange.hit("", _ASKED_A_SECOND, 1.0).allowed:
                raise unavailable("Too many unknown polls are asked for right now. Try again.")
            await self._ask(poll_id)
            async with self._kit.db.reading() as session:
                definition = await repository.definition(session, poll_id)
            if definition is None:
                raise not_found("poll")
        return self.remember(definition)

    async def _ask(self, poll_id: UUID, seconds: float = _FETCH_SECONDS) -> None:
        """Take over a poll's rules from Polls, for a vote that is faster than the event."""
        asked_at = datetime.now(UTC)
        try:
            found = await self.fetch(poll_id, seconds)
        except PeerMissing as exc:
            if len(self._unknown) >= _UNKNOWN:
                del self._unknown[next(iter(self._unknown))]
            self._unknown[poll_id] = time.monotonic() + _UNKNOWN_SECONDS
            raise not_found("poll") from exc
        except PeerError as exc:
            raise unavailable("This poll's rules aren't available right now. Try again.") from exc
        async with self._kit.db.reading() as session:
            stored = await repository.version(session, poll_id)
        if stored is None or stored < found.version:  # else there is nothing to wait for the poll's lock for
            async with self._kit.db.transaction() as session:
                await self.apply(session, found)
        if found.opens_at - asked_at <= _LOCKED_BEFORE:
            self._keep_settled(poll_id)

    async def code_of(self, poll_id: UUID) -> str:
        """Return the code of a poll's link; where it was published before codes came with the event, Polls is asked.

        Raises:
            Problem: 404, or 503 if Polls doesn't answer.
        """
        known = await self.rules(poll_id)
        if known.definition.code:
            return known.definition.code
        try:
            return (await self.fetch(poll_id)).code
        except PeerMissing as exc:
            raise not_found("poll") from exc
        except PeerError as exc:
            raise unavailable("The poll's code isn't available right now. Try again.") from exc

    async def fetch(self, poll_id: UUID, seconds: float = _FETCH_SECONDS, *, settled: bool = False) -> PollChanged:
        """Return a poll's definition as Polls has it.

        Args:
            poll_id: The poll.
            seconds: How long Polls may take.
            settled: Wait for a change of the question that is under way.

        Raises:
            PeerMissing: There is no such published poll.
            PeerError: Polls doesn't answer.
        """
        path = f"/internal/polls/{poll_id}/rules{'?settled=true' if settled else ''}"
        return await self._kit.shared.calls.get("polls", path, PollChanged, seconds)

    async def hear(self, session: AsyncSession, news: PollNews) -> None:
        """Keep what an event tells of; options that were too large to travel with it are asked for.

        Raises:
            NotNowError: They have to be, and Polls doesn't answer.
        """
        definition = news.whole()
        if definition is None:
            stored = await repository.version(session, news.poll)
            if stored is not None and stored >= news.version:
                return
            try:
                definition = await self.fetch(news.poll)
            except PeerError as exc:
                raise NotNowError from exc
        await self.apply(session, definition)

    async def apply(self, session: AsyncSession, event: PollChanged) -> bool:
        """Keep an event's definition unless a newer one is here; say whether it was kept.

        The poll's counter row is locked first, so every ballot counts either wholly before or wholly
        under the new rules.
        """
        if not await repository.touch_counter(session, event):
            return False
        before = await repository.eligibility(session, event.poll)
        await repository.put_poll(session, event, msgspec.json.encode(event))
        await repository.fit_voters(session, event.poll, before, event.eligibility)
        sqlalchemy_events.listen(session.sync_session, "after_commit", lambda _: self._changed(event.poll), once=True)
        return True

    def _changed(self, poll_id: UUID) -> None:
        self._rules.drop(poll_id)
        self._unknown.pop(poll_id, None)
        self._kit.shared.broadcast.send(f"poll:{poll_id}")
