"""Polls as live streams."""

from collections import OrderedDict, deque
from collections.abc import Collection, Hashable, Mapping
from functools import partial
from typing import Any, ClassVar
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from services.core.live.messages import Position
from services.core.live.source import Reading, Silent, Viewer, id_of
from services.core.problems import not_found
from services.votebooth.live.messages import LiveHidden, LiveSums, SumsChanged, changed, hidden
from services.votebooth.results.counting import Published
from services.votebooth.results.service import Results
from services.votebooth.results.shown import sums
from services.votebooth.results.state import State
from services.votebooth.results.state import Viewer as PollViewer
from services.votebooth.results.viewers import Viewers
from services.votebooth.results.visibility import Reason, Visible, may_see, needs_vote

_REMEMBERED_COUNTS = 10
_REMEMBERED_POLLS = 1_000
_ASK_AGAIN_SECONDS = 1.0
"""Whether somebody still follows the owner of a poll for followers is asked so often: nothing in the poll tells."""

Recent = deque[tuple[str, Published]]
"""A poll's last counts with their epochs, from which changes lead on."""


class PollSource(Silent):
    """The streams `poll:ID`: a poll's sums, or why they are hidden.

    Args:
        results: Where polls are read.
        viewers: Recognises voters.
    """

    kind: ClassVar[str] = "poll"
    state: ClassVar[Any] = LiveSums | LiveHidden
    events: ClassVar[tuple[Any, ...]] = (SumsChanged,)

    def __init__(self, results: Results, viewers: Viewers) -> None:
        self._results = results
        self._viewers = viewers
        self._recognised: WeakKeyDictionary[Viewer, PollViewer] = WeakKeyDictionary()
        self._recent: OrderedDict[UUID, Recent] = OrderedDict()

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> "PollLook":
        """Return a poll as it stands."""
        poll_id = id_of(key, "poll")
        state = await self._results.state(poll_id)
        accounts = {viewer: None if viewer.subject is None else viewer.subject.id for viewer in viewers}
        knowing = await self._results.audience.among(state.poll, accounts.values())
        voted: Collection[Viewer] = ()
        if needs_vote(state.rules, is_over=state.is_over):
            voted = await self._voters(state, [viewer for viewer in viewers if viewer.subject is not None])
        return PollLook(state, accounts, knowing, voted, self._remembered(poll_id, state))

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return where the counters of polls stand."""
        return {str(poll): head for poll, head in (await self._results.heads([UUID(key) for key in keys])).items()}

    async def _voters(self, state: State, viewers: list[Viewer]) -> Collection[Viewer]:
        """Return those of the viewers who have a counted ballot."""
        keys: dict[Viewer, bytes] = {}
        for viewer in viewers:
            known = self._recognised.get(viewer)
            if known is None:
                address = partial(str, viewer.address)
                known = await self._viewers.viewer(state.poll.poll, viewer.subject, viewer.token, address)
                self._recognised[viewer] = known
            if known.voter_key is not None:
                keys[viewer] = known.voter_key
        voted = await self._results.voted(state.poll, set(keys.values())) if keys else set()
        return {viewer for viewer, key in keys.items() if key in voted}

    def _remembered(self, poll_id: UUID, state: State) -> Recent:
        """Note a poll's counts; return them and those before."""
        recent = self._recent.setdefault(poll_id, deque(maxlen=_REMEMBERED_COUNTS))
        self._recent.move_to_end(poll_id)
        if len(self._recent) > _REMEMBERED_POLLS:
            self._recent.popitem(last=False)
        if state.published is not None:
            entry = (_epoch(state), state.published)
            if not recent or (recent[-1][0], recent[-1][1].seq) != (entry[0], entry[1].seq):
                recent.append(entry)
        return recent


class PollLook:
    """A poll at one moment.

    Args:
        state: The poll.
        accounts: Who looks.
        knowing: Which of these may know of it.
        voted: Who of them has voted, where that matters.
        recent: Its counts before.
    """

    def __init__(
        self,
        state: State,
        accounts: Mapping[Viewer, UUID | None],
        knowing: Collection[UUID | None],
        voted: Collection[Viewer],
        recent: Recent,
    ) -> None:
        self.head: Hashable = state.head
        self.changes_in = None if state.changes_in is None else state.changes_in.total_seconds()
        if state.poll.for_followers:
            self.changes_in = min(_ASK_AGAIN_SECONDS, self.changes_in or _ASK_AGAIN_SECONDS)
        self._state = state
        self._accounts = accounts
        self._knowing = knowing
        self._voted = voted
        self._recent = recent
        self._views: dict[tuple[bool, bool], Reason | None] = {}

    def view(self, viewer: Viewer) -> Reason | None:
        """Return why somebody may not see the sums; None if they may. Who may know of the poll hears when they may.

        Raises:
            Problem: 404 to those who may not know of it, or not any more.
        """
        account = self._accounts[viewer]
        if account not in self._knowing:
            raise not_found("poll")
        kind = (account == self._state.poll.owner, viewer in self._voted)
        if kind not in self._views:  # thousands look, and are of four kinds
            self._views[kind] = self._hidden_from(account, has_voted=kind[1])
        return self._views[kind]

    def _hidden_from(self, account: UUID | None, *, has_voted: bool) -> Reason | None:
        state = self._state
        verdict = may_see(state.rules, account, has_voted=has_voted, is_over=state.is_over, ballots=state.ballots)
        reason = None if isinstance(verdict, Visible) else verdict.reason
        return Reason.MINIMUM if reason is None and state.published is None else reason

    async def read(self, view: Reason | None, since: Position | None) -> Reading:
        """Return what leads to the present."""
        state = self._state
        if view is not None or state.published is None:
            reason = view or Reason.MINIMUM
            position = Position(f"{_epoch(state)}.{reason}", 0)
            return (
                Reading(position) if since == position else Reading(position, hidden(state.poll, state.status, reason))
            )
        now = state.published
        position = Position(_epoch(state), now.seq)
        if since == position:
            return Reading(position)
        if since is not None and since.epoch == position.epoch:
            for epoch, before in self._recent:
                if (epoch, before.seq) == since:
                    return Reading(position, events=(changed(state.poll, before, now),))
        shown = msgspec.structs.asdict(sums(state.poll, now, state.status))
        return Reading(position, LiveSums(**shown))


def _epoch(state: State) -> str:
    """Return what changes with everything but the counts: the poll's definition, and where it stands."""
    return f"{state.poll.version}.{state.status}"
