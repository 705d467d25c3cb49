"""What has happened in a conversation since a position."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import not_found
from services.messaging.models import Change, Conversation, Member, Message
from services.messaging.repository.conversations import ChangeRepository, ConversationRepository
from services.messaging.repository.members import MemberRepository
from services.messaging.repository.messages import MESSAGES, MessageRepository
from services.messaging.schemas import (
    MOST_CHANGES,
    AnyChange,
    ConversationChanges,
    ConversationMember,
    ConversationSnapshot,
    MemberChange,
    MessageChange,
    MessageView,
    ReadChange,
    TitleChange,
)
from services.messaging.service.reading import Reading
from services.messaging.service.views import Views
from services.messaging.settings import MessagingSettings

SNAPSHOT_MESSAGES = 50


class CatchingUp:
    """Tells what has happened, or how all is now.

    A change names what has changed; how that is now is read with it, and may be newer than the change. The changes that
    made it so come then, and put the same in its place.
    """

    def __init__(self, kit: Kit[MessagingSettings], reading: Reading, views: Views) -> None:
        self._db = kit.db
        self._reading = reading
        self._views = views

    async def after(self, subject: Subject, conversation_id: UUID, seq: int) -> ConversationChanges:
        """Return what has happened after a position, in its order.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            conversation = await ConversationRepository(session).get_one_or_none(id=conversation_id)
            mine = await MemberRepository(session).reader(conversation_id, subject.id)
            if conversation is None or mine is None:
                raise not_found("conversation")
            if not mine.since <= seq <= conversation.seq or conversation.seq - seq > MOST_CHANGES:
                return await self._reset(conversation, mine)
        changes = await self.between([(conversation_id, seq, conversation.seq)], mine.since)
        return ConversationChanges(seq=conversation.seq, changes=changes[conversation_id], reset=None)

    async def between(self, spans: Collection[tuple[UUID, int, int]], since: int = 0) -> dict[UUID, list[AnyChange]]:
        """Return what has happened in conversations, of each between two positions, in its order.

        Args:
            spans: Of each conversation, after which position and up to which one.
            since: What was said before isn't told.
        """
        async with self._db.reading() as session:
            rows = await ChangeRepository(session).between(spans)
            messages = await MessageRepository(session).some(
                {row.message for row in rows if row.message is not None}, since
            )
            members = await MemberRepository(session).some(
                {(row.conversation, row.account) for row in rows if row.account is not None}
            )
            titled = {row.conversation for row in rows if row.what == "title"}
            titles = {row.id: row.title for row in (await ConversationRepository(session).of(titled)).values()}
        return await self._changes({span[0] for span in spans}, rows, messages, members, titles)

    async def whole(
        self, conversation_id: UUID, since: int
    ) -> tuple[int, str, list[ConversationMember], list[MessageView]]:
        """Return a conversation's position, and then its title, members and newest messages: they may be newer."""
        async with self._db.reading() as session:
            conversation = await ConversationRepository(session).get_one(id=conversation_id)
            members = await MemberRepository(session).shown(conversation_id)
            page = MESSAGES.page(None, SNAPSHOT_MESSAGES)
            newest = await MessageRepository(session).listed(page, conversation_id, since)
        views = await self._views.members(members), await self._views.messages(newest.items)
        return conversation.seq, conversation.title, *views

    async def _reset(self, conversation: Conversation, mine: Member) -> ConversationChanges:
        """Return all as it is now, at a position that was read before it."""
        seq, _, members, messages = await self.whole(conversation.id, mine.since)
        snapshot = ConversationSnapshot(
            conversation=(await self._reading.views([mine]))[0], members=members, messages=messages
        )
        return ConversationChanges(seq=seq, changes=[], reset=snapshot)

    async def _changes(
        self,
        conversations: Collection[UUID],
        rows: Sequence[Change],
        messages: dict[UUID, Message],
        members: dict[tuple[UUID, UUID], Member],
        titles: dict[UUID, str],
    ) -> dict[UUID, list[AnyChange]]:
        message_views = {view.id: view for view in await self._views.messages(list(messages.values()))}
        member_views = dict(zip(members, await self._views.members(list(members.values())), strict=True))
        changes: dict[UUID, list[AnyChange]] = {conversation: [] for conversation in conversations}
        for row in rows:
            of = changes[row.conversation]
            if row.message is not None:
                if row.message in message_views:  # otherwise it is from before they joined
                    what = row.what
                    of.append(MessageChange(row.seq, what, message_views[row.message]))  # type: ignore[arg-type]  # one of its values
            elif row.what == "title":
                of.append(TitleChange(row.seq, titles[row.conversation]))
            elif row.account is not None and row.what == "member":
                of.append(MemberChange(row.seq, member_views[row.conversation, row.account]))
            elif row.account is not None:
                read = members[row.conversation, row.account].shown or 0
                of.append(ReadChange(row.seq, row.account, read))
        return changes
