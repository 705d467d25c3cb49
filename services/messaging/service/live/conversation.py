"""The streams `conversation:ID`: what happens in a conversation."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from services.core.data.database import is_passing
from services.core.kit import Kit
from services.core.live.log import Asked, Change, LogLook, LogsSource, Span, Standing
from services.core.live.messages import Position
from services.core.live.source import Reading, Viewer, id_of, uuid_of
from services.core.problems import Problem, not_found
from services.messaging.repository.conversations import ConversationRepository
from services.messaging.repository.members import MemberRepository
from services.messaging.schemas import MemberChange, MessageChange, ReadChange, TitleChange
from services.messaging.service.catching_up import CatchingUp
from services.messaging.service.live.messages import LiveConversation, Typing
from services.messaging.service.live.viewers import account_of
from services.messaging.service.steps import are_apart
from services.messaging.settings import MessagingSettings

EPOCH = "1"


class ConversationLog:
    """Conversations as logs. A view of it is the position after which somebody reads."""

    def __init__(self, kit: Kit[MessagingSettings], catching_up: CatchingUp) -> None:
        self._db = kit.db
        self._catching_up = catching_up

    async def stands(self, asked: Sequence[Asked]) -> list[Standing | Problem]:
        """Return where conversations stand, and from where each viewer reads them."""
        ids = [uuid_of(each.key) for each in asked]
        accounts = [{viewer: account_of(viewer) for viewer in each.viewers} for each in asked]
        pairs = {
            (conversation, account)
            for conversation, those in zip(ids, accounts, strict=True)
            if conversation is not None
            for account in those.values()
            if isinstance(account, UUID)
        }
        async with self._db.reading() as session:
            heads = await ConversationRepository(session).heads({each for each in ids if each is not None})
            since = await MemberRepository(session).since(pairs)
        missing = not_found("conversation")
        return [
            Standing(
                Position(EPOCH, heads[conversation]),
                {
                    viewer: since.get((conversation, account), missing) if isinstance(account, UUID) else account
                    for viewer, account in those.items()
                },
            )
            if conversation is not None and conversation in heads
            else missing
            for conversation, those in zip(ids, accounts, strict=True)
        ]

    async def changes(self, spans: Sequence[Span]) -> list[list[Change]]:
        """Return what has happened."""
        found = await self._catching_up.between([(UUID(span.key), span.after, span.upto) for span in spans])
        return [[Change(change.seq, change) for change in found[UUID(span.key)]] for span in spans]

    async def snapshot(self, key: str, view: Any) -> tuple[Position, LiveConversation]:
        """Return the conversation as those who read from one position on see it."""
        seq, title, members, messages = await self._catching_up.whole(UUID(key), view)
        return Position(EPOCH, seq), LiveConversation(title=title, members=members, messages=messages)

    def shown(self, view: Any, event: Any) -> Any:
        """Return a change, unless it is of a message from before."""
        return None if isinstance(event, MessageChange) and event.message.seq <= view else event

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        """Return where conversations stand."""
        async with self._db.reading() as session:
            found = await ConversationRepository(session).heads([UUID(key) for key in keys])
        return {str(conversation): Position(EPOCH, seq) for conversation, seq in found.items()}


class ConversationLook(LogLook):
    """A conversation at one moment; who comes back to a group begins anew, since they missed what isn't for them."""

    async def read(self, view: Any, since: Position | None) -> Reading:
        """Return what leads to the present."""
        return await super().read(view, None if since is not None and since.seq < view else since)


class ConversationSource(LogsSource):
    """The streams `conversation:ID`."""

    kind: ClassVar[str] = "conversation"
    state: ClassVar[Any] = LiveConversation
    events: ClassVar[tuple[Any, ...]] = (MessageChange, MemberChange, ReadChange, TitleChange)
    signals: ClassVar[tuple[Any, ...]] = (Typing,)
    looks = ConversationLook

    def __init__(self, kit: Kit[MessagingSettings], log: ConversationLog) -> None:
        super().__init__(log, is_passing)
        self._db = kit.db

    async def hear(self, key: str, viewer: Viewer, kind: str) -> Typing | None:
        """Take that somebody is typing; nobody is told before they have accepted, or while two are apart.

        Raises:
            Problem: 404 for anything else, and if they aren't in the conversation.
        """
        account = account_of(viewer)
        conversation_id = id_of(key, "conversation")
        if kind != "typing" or isinstance(account, Problem):
            raise not_found("signal")
        async with self._db.reading() as session:
            conversation = await ConversationRepository(session).get_one_or_none(id=conversation_id)
            member = await MemberRepository(session).reader(conversation_id, account)
            if conversation is None or member is None:
                raise not_found("conversation")
            told = member.state == "active" and not await are_apart(session, conversation, account)
        return Typing(account) if told else None
