"""The streams `presence:ACCOUNT`: whether somebody is there, for those whom they converse with."""

import time
from collections.abc import Collection, Hashable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, NamedTuple, cast
from uuid import UUID

from services.core.kit import Kit
from services.core.live.messages import Position
from services.core.live.source import Reading, Silent, Viewer, id_of
from services.core.problems import Problem, not_found
from services.messaging.repository.circles import apart
from services.messaging.repository.members import AccountRepository, MemberRepository, Shown
from services.messaging.service.leases import BEAT_SECONDS, LEASE_SECONDS, Leases, Seen, State
from services.messaging.service.live.messages import Presence
from services.messaging.service.live.viewers import account_of
from services.messaging.settings import MessagingSettings

_EPOCH = "1"
_RETRY_SECONDS = 5.0
_UNKNOWN = Seen(State.AWAY, 0)


class PresenceSource(Silent):
    """The streams `presence:ACCOUNT`.

    Postgres says who may see it and is asked once a second whether that has changed. Redis says what they see; it is
    asked when a device's word changes that, when a lease runs out, and once a minute for the time.
    """

    kind: ClassVar[str] = "presence"
    state: ClassVar[Any] = Presence
    events: ClassVar[tuple[Any, ...]] = ()

    def __init__(self, kit: Kit[MessagingSettings], leases: Leases) -> None:
        self._db = kit.db
        self._leases = leases

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> "PresenceLook":
        """Return whether somebody is there, and who may see it."""
        account = id_of(key, "stream")
        accounts = {viewer: account_of(viewer) for viewer in viewers}
        asked = {each for each in accounts.values() if isinstance(each, UUID)}
        async with self._db.reading() as session:
            shown = (await AccountRepository(session).shown([account]))[account]
            partners = await MemberRepository(session).partners(account, asked)
            strangers = await apart(session, account, partners)
        seen = await self._leases.of(account) if shown.presence else _UNKNOWN
        views: dict[Viewer, bool | Problem] = {}
        for viewer, each in accounts.items():
            if isinstance(each, Problem):
                views[viewer] = each
            else:
                # That somebody blocks them, or shows it to nobody, looks like being away.
                views[viewer] = each not in strangers if each in partners else not_found("stream")
        return PresenceLook(shown, seen, views)

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return to whom accounts show whether they are there."""
        async with self._db.reading() as session:
            found = await AccountRepository(session).shown([UUID(key) for key in keys])
        return {str(account): shown for account, shown in found.items()}


class PresenceLook(NamedTuple):
    """Whether somebody is there at one moment. A view of it says whether one sees anything."""

    head: Shown
    seen: Seen
    views: Mapping[Viewer, bool | Problem]

    @property
    def changes_in(self) -> float:
        """Seconds after which it is asked again."""
        if not self.seen.known:
            return _RETRY_SECONDS
        return max(0.0, min(BEAT_SECONDS, self.seen.heard_at + LEASE_SECONDS - time.time()))

    def view(self, viewer: Viewer) -> Hashable:
        """Return whether somebody sees it.

        Raises:
            Problem: They may not follow it.
        """
        view = self.views[viewer]
        if isinstance(view, Problem):
            raise view
        return view

    async def read(self, view: Any, since: Position | None) -> Reading:
        """Return how it is, unless nothing has changed."""
        seen = self.seen if view else _UNKNOWN
        position = Position(_EPOCH, seen.heard_at * len(State) + seen.state)
        if since == position:
            return Reading(position)
        state = cast(Literal["active", "idle", "away"], seen.state.name.lower())
        return Reading(position, Presence(state, datetime.fromtimestamp(seen.heard_at, UTC) if seen.heard_at else None))
