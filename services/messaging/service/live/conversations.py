"""The streams `conversations:ACCOUNT`: what changes in the list of one's conversations."""

import secrets
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from services.core.data.database import is_passing
from services.core.kit import Kit
from services.core.live.log import Asked, Change, LogsSource, Span, Standing
from services.core.live.messages import Position
from services.core.live.source import Viewer, id_of, uuid_of
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
    """Accounts' conversations as logs: of each conversation, its last change."""

    def __init__(self, kit: Kit[MessagingSettings], reading: Reading) -> None:
        self._db = kit.db
        self._reading = reading

    async def stands(self, asked: Sequence[Asked]) -> list[Standing | Problem]:
        """Return where accounts' lists stand; each account alone may follow its own."""
        ids = [uuid_of(each.key) for each in asked]
        seqs = await self._seqs({each for each in ids if each is not None})
        missing = not_found("list of conversations")
        return [
            missing
            if account_id is None
            else Standing(
                Position(EPOCH, seqs.get(account_id, 0)),
                {viewer: _view(account_of(viewer), account_id, missing) for viewer in each.viewers},
            )
            for each, account_id in zip(asked, ids, strict=True)
        ]

    async def changes(self, spans: Sequence[Span]) -> list[list[Change]]:
        """Return which conversations have changed, as they are now."""
        async with self._db.reading() as session:
            rows = await MemberRepository(session).changed([(UUID(span.key), span.after, span.upto) for span in spans])
        seen = [row for row in rows if row.state in READERS]
        views = dict(zip(seen, await self._reading.views(seen), strict=True))
        found: dict[UUID, list[Change]] = {UUID(span.key): [] for span in spans}
        for row in rows:
            event = ConversationChange(_summary(views[row])) if row in views else ConversationGone(row.conversation)
            found[row.account].append(Change(row.seq, event))
        return list(found.values())

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


def _view(account: UUID | Problem, owner: UUID, missing: Problem) -> Hashable | Problem:
    """Return the view of a list that somebody may have: its owner their own, nobody else any."""
    return account if isinstance(account, Problem) or account == owner else missing


def _summary(view: ConversationView) -> ConversationSummary:
    """Leave out what also changes by others' receipts, of which one's list isn't told."""
    return ConversationSummary(**{name: getattr(view, name) for name in ConversationSummary.__struct_fields__})


class ConversationsSource(LogsSource):
    """The streams `conversations:ACCOUNT`. Who follows one says by it whether they are there."""

    kind: ClassVar[str] = "conversations"
    state: ClassVar[Any] = LiveConversations
    events: ClassVar[tuple[Any, ...]] = (ConversationChange, ConversationGone)

    def __init__(self, kit: Kit[MessagingSettings], log: ConversationsLog, leases: Leases) -> None:
        super().__init__(log, is_passing)
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
