"""Reading results: where a poll stands, what is released of it, who may see that, and the count."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping

from services.core.kit import Kit
from services.core.problems import not_found
from services.core.sized_cache import SizedCache
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.choices import PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged, memory_of
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.voters import Keyring
from services.votebooth.results import repository
from services.votebooth.results.cache import Cache, Entry
from services.votebooth.results.counter import Counter
from services.votebooth.results.counting import Published
from services.votebooth.results.hidden import hidden_problem
from services.votebooth.results.releases import is_due, step_of
from services.votebooth.results.seed import Seed
from services.votebooth.results.seeds import Seeds
from services.votebooth.results.state import State, Viewer, state_of
from services.votebooth.results.together import Together
from services.votebooth.results.visibility import Hidden, Reason, Verdict, may_see, needs_vote
from services.votebooth.settings import VoteBoothSettings

_DEFINITIONS_BYTES = 32_000_000
_REMEMBERED = 10_000


class Results:
    """Results of polls.

    Attributes:
        audience: Says who may know of them.
    """

    def __init__(
        self, kit: Kit[VoteBoothSettings], projection: Projection, audience: Audience, keyring: Keyring
    ) -> None:
        self._kit = kit
        self._projection = projection
        self.audience = audience
        self._cache = Cache()
        self._seeds = Seeds(kit, keyring)
        self._counter = Counter(kit)
        self._definitions: SizedCache[tuple[UUID, int], PollChanged] = SizedCache(_DEFINITIONS_BYTES, memory_of)
        self._settled: dict[tuple[UUID, int], None] = {}
        self._reading: Together[State] = Together()

    async def state_for(self, poll_id: UUID, account: UUID | None) -> State:
        """Return where a poll stands, for somebody who may know of it; None stands for nobody in particular.

        Raises:
            Problem: 404 if there is no such poll for them, 503 if it isn't known here and Polls doesn't answer.
        """
        state = await self.state(poll_id)
        await self.audience.require(state.poll, account)
        return state

    async def state(self, poll_id: UUID) -> State:
        """Return where a poll stands, and release its next step if one is due. Whoever is told needs `state_for`.

        Raises:
            Problem: 404 if there is no such poll, 503 if it isn't known here and Polls doesn't answer.
        """
        return await self._reading.read(poll_id, lambda: self._read_state(poll_id))

    async def _read_state(self, poll_id: UUID) -> State:
        async with self._kit.db.reading() as session:
            row = await repository.state(session, poll_id)
        if row is None:
            await self._projection.rules(poll_id)
            async with self._kit.db.reading() as session:
                row = await repository.state(session, poll_id)
        if row is not None and row["opened"] and not self._projection.is_settled(poll_id):
            await self._projection.settle(poll_id, row["opens_at"])
            async with self._kit.db.reading() as session:
                row = await repository.state(session, poll_id)
        if row is not None and row["over"] and (poll_id, row["version"]) not in self._settled:
            row = await self._settle(poll_id)
        elif row is not None and not row["over"]:
            row = await self._step(poll_id, await self._salted(poll_id, row))
        if row is None:
            raise not_found("poll")
        return state_of(self._definition(poll_id, row), row)

    async def _settle(self, poll_id: UUID) -> RowMapping | None:
        """Read a poll that is over after the last ballots of it have been committed."""
        async with self._kit.db.transaction() as session:
            await repository.lock(session, poll_id)
            row = await repository.state(session, poll_id)
            if row is not None and row["over"]:
                await repository.end_steps(session, poll_id)
        if row is not None and row["over"]:
            self._settled[poll_id, row["version"]] = None
            if len(self._settled) > _REMEMBERED:
                del self._settled[next(iter(self._settled))]
        return row

    async def _salted(self, poll_id: UUID, row: RowMapping) -> RowMapping | None:
        """See to it that a poll that isn't over has a salt nobody has seen; return the state after it.

        It has one, unless it is older than salts, or was taken to be over before its owner put the end off.
        """
        if row["salt_nonce"] is not None and row["salt"] is None:
            return row
        async with self._kit.db.transaction() as session:
            await repository.renew_salt(session, poll_id)
            return await repository.state(session, poll_id)

    async def _step(self, poll_id: UUID, row: RowMapping | None) -> RowMapping | None:
        """Release the next step of an open poll with a minimum if one is due; return the state after it."""
        if row is None:
            return None
        poll = self._definition(poll_id, row)
        if poll.minimum <= 1 or not is_due(poll.minimum, row["ballots"], row["released_ballots"]):
            return row
        step = step_of(poll.minimum, row["ballots"])
        async with self._kit.db.transaction() as session:
            patterns = poll.method in PATTERN_METHODS
            await repository.release(session, poll_id, poll.minimum, step, patterns=patterns, anonymous=poll.anonymous)
        async with self._kit.db.reading() as session:
            return await repository.state(session, poll_id)

    def _definition(self, poll_id: UUID, row: RowMapping) -> PollChanged:
        known = self._definitions.get((poll_id, row["version"]))
        if known is None:
            known = msgspec.json.decode(row["definition"], type=PollChanged)
            self._definitions.put((poll_id, known.version), known)
        return known

    async def voted(self, poll: PollChanged, keys: Iterable[bytes]) -> set[bytes]:
        """Return those of the voter keys that have a counted ballot in the poll."""
        async with self._kit.db.reading() as session:
            return await repository.voted(session, poll.poll, keys, anonymous=poll.anonymous)

    async def heads(self, polls: list[UUID]) -> dict[UUID, tuple[int, int]]:
        """Return the sequence number and version of polls, for who watches them."""
        async with self._kit.db.reading() as session:
            return await repository.heads(session, polls)

    async def verdict(self, state: State, viewer: Viewer) -> Verdict:
        """Say whether somebody may see the results of a poll that was just read."""
        has_voted = False
        if viewer.voter_key is not None and needs_vote(state.rules, is_over=state.is_over):
            has_voted = bool(await self.voted(state.poll, [viewer.voter_key]))
        return may_see(state.rules, viewer.account, has_voted=has_voted, is_over=state.is_over, ballots=state.ballots)

    async def require_visible(self, state: State, viewer: Viewer) -> Published:
        """Return what is released of a poll if the viewer may see it.

        Raises:
            Problem: 403 `results-hidden`.
        """
        verdict = await self.verdict(state, viewer)
        if isinstance(verdict, Hidden):
            raise hidden_problem(state.poll, verdict.reason)
        if state.published is None:
            raise hidden_problem(state.poll, Reason.MINIMUM)
        return state.published

    async def read(self, poll_id: UUID, viewer: Viewer) -> Entry:
        """Return a poll's result, or one that is at most a second older while a newer one is being counted.

        Raises:
            Problem: 403 `results-hidden`, 404, 422 if the method can't count so many options.
        """
        state = await self.state_for(poll_id, viewer.account)
        published = await self.require_visible(state, viewer)
        return await self._cache.get(
            poll_id, state.poll.version, published.seq, state.status, lambda: self._count(poll_id)
        )

    def winners(self, state: State, published: Published) -> list[int] | None:
        """Return who won by a poll's released counts, if they have been counted here already."""
        entry = self._cache.at_hand(state.poll.poll)
        known = entry is not None and entry.serves(state.poll.version, published.seq, state.status)
        return entry.winners if entry is not None and known else None

    async def _count(self, poll_id: UUID) -> Entry:
        """Read a poll's released counts and count them."""
        state = await self.state(poll_id)
        if state.published is None:
            raise hidden_problem(state.poll, Reason.MINIMUM)
        return await self._counter.entry(state, state.published, await self.seed(state))

    async def seed(self, state: State) -> Seed:
        """Return the seed of a poll's tie-break order."""
        return await self._seeds.of(state)
