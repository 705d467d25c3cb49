"""The streams `conversations:ACCOUNT`: what changes in the list of one's conversations."""

import secrets
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from services.core.kit import Kit
from services.core.live.log import Change, LogSource, Standing
from services.core.live.messages import Position
from services.core.live.source import Viewer, id_of
from services.core.problems import Problem, not_found
from services.messaging.repository.members import CONVERSATIONS, READERS, AccountRepository, MemberRepository
from services.messaging.schemas import ConversationSummary, ConversationView
from services.messaging.service.leases import Leases, State
from services.messaging.service.live.messages import ConversationChange, ConversationGone, LiveConversations
from services.messaging.service.live.viewers import account_of
from services.messaging.service.reading import Reading
from services.messaging.settings import MessagingSettings

EPOCH = "1"
SNAPSHOT_CONVERSATIONS = 50
_STATES = {"active": State.ACTIVE, "idle": State.IDLE, "away": State.AWAY}


class ConversationsLog:
    """An account's conversations as a log: of each, its last change."""

    def __init__(self, kit: Kit[MessagingSettings], reading: Reading) -> None:
        self._db = kit.db
        self._reading = reading

    async def stand(self, key: str, viewers: Collection[Viewer]) -> Standing:
        """Return where an account's list stands; it alone may follow it."""
        account_id = id_of(key, "list of conversations")
        views: dict[Viewer, Hashable | Problem] = {}
        for viewer in viewers:
            account = account_of(viewer)
            other = account if isinstance(account, Problem) else not_found("list of conversations")
            views[viewer] = account if account == account_id else other
        return Standing(Position(EPOCH, (await self._seqs([account_id])).get(account_id, 0)), views)

    async def changes(self, key: str, after: int, upto: int) -> Sequence[Change]:
        """Return which conversations have changed, as they are now."""
        async with self._db.reading() as session:
            rows = await MemberRepository(session).changed(UUID(key), after, upto)
        views = {
            view.id: _summary(view) for view in await self._reading.views([row for row in rows if row.state in READERS])
        }
        return [
            Change(
                row.seq,
                ConversationChange(views[row.conversation])
                if row.conversation in views
                else ConversationGone(row.conversation),
            )
            for row in rows
        ]

    async def snapshot(self, key: str, view: Any) -> tuple[Position, LiveConversations]:
        """Return the conversations that were written in last, and requests."""
        account = UUID(key)
        seq = (await self._seqs([account])).get(account, 0)  # before the rest: what changes meanwhile is told then
        async with self._db.reading() as session:
            members = MemberRepository(session)
            rows = []
            for state in READERS:
                page = await members.listed(CONVERSATIONS.page(None, SNAPSHOT_CONVERSATIONS), account, state)
                rows += page.items
        return Position(EPOCH, seq), LiveConversations([_summary(view) for view in await self._reading.views(rows)])

    def shown(self, view: Any, event: Any) -> Any:
        """Return a change as it is."""
        return event

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        """Return where lists stand."""
        found = await self._seqs([UUID(key) for key in keys])
        return {key: Position(EPOCH, found.get(UUID(key), 0)) for key in keys}

    async def _seqs(self, accounts: Collection[UUID]) -> dict[UUID, int]:
        async with self._db.reading() as session:
            return await AccountRepository(session).seqs(accounts)


def _summary(view: ConversationView) -> ConversationSummary:
    """Leave out what also changes by others' receipts, of which one's list isn't told."""
    return ConversationSummary(**{name: getattr(view, name) for name in ConversationSummary.__struct_fields__})


class ConversationsSource(LogSource):
    """The streams `conversations:ACCOUNT`. Who follows one says by it whether they are there."""

    kind: ClassVar[str] = "conversations"
    state: ClassVar[Any] = LiveConversations
    events: ClassVar[tuple[Any, ...]] = (ConversationChange, ConversationGone)

    def __init__(self, kit: Kit[MessagingSettings], log: ConversationsLog, leases: Leases) -> None:
        super().__init__(log)
        self._db = kit.db
        self._leases = leases
        self._broadcast = kit.shared.broadcast
        self._process = secrets.token_hex(4)

    async def hear(self, key: str, viewer: Viewer, kind: str) -> None:
        """Take that a device is there; nobody else follows this stream, so nothing is passed on.

        Raises:
            Problem: 404 for anything else, or another account's.
        """
        account = account_of(viewer)
        if kind not in _STATES or isinstance(account, Problem) or account != id_of(key, "list of conversations"):
            raise not_found("signal")
        async with self._db.reading() as session:
            shown = (await AccountRepository(session).shown([account]))[account]
        device = f"{self._process}{id(viewer):x}"
        if shown.presence and await self._leases.renew(account, device, _STATES[kind]):
            self._broadcast.send(f"presence:{account}")
