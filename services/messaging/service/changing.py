"""Editing and deleting messages, and reacting to them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.emoji import clean_emoji
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import conflict, not_found, not_the_owner, over_quota
from services.core.refusals import Refusals
from services.core.text import clean_text
from services.messaging import schemas
from services.messaging.models import Conversation, Member, Message, Revision
from services.messaging.repository.members import MemberRepository
from services.messaging.repository.messages import MessageRepository, ReactionRepository, size_of
from services.messaging.schemas import MessageView
from services.messaging.service.attaching import Attaching
from services.messaging.service.pokes import Pokes
from services.messaging.service.steps import charge, happen, locked_of, readers, refuse_unreachable
from services.messaging.service.views import Views
from services.messaging.settings import MessagingSettings

MOST_EDITS = 20
MOST_EMOJIS = 20


class Changing:
    """What becomes of messages after they were sent."""

    def __init__(self, kit: Kit[MessagingSettings], pokes: Pokes, views: Views, attaching: Attaching) -> None:
        self._attaching = attaching
        self._pokes = pokes
        self._settings = kit.settings
        self._views = views

    async def edit(self, subject: Subject, message_id: UUID, text: str) -> MessageView:
        """Give a message another text; what it said before is kept.

        Raises:
            Problem: 403 for somebody else's, 404, 409 when its time is over, it is deleted or the other one can't be
                written to, 422, 429.
        """
        subject.require_user()
        found = Refusals("message-refused")
        text = found.text("text", clean_text, text, schemas.MAX_TEXT)
        found.check()
        async with self._pokes.transaction() as session:
            conversation, member = await locked_of(session, message_id, subject.id)
            message = await _present(session, member, message_id)
            if message.sender != subject.id:
                raise not_the_owner("Only who has sent a message can edit it.")
            await self._edit(session, conversation, message, text)
        return (await self._views.messages([message]))[0]

    async def _edit(self, session: AsyncSession, conversation: Conversation, message: Message, text: str) -> None:
        await refuse_unreachable(session, conversation, message.sender)
        if text == message.text:
            return
        now = await MessageRepository(session).clock()
        if now > message.sent_at + timedelta(minutes=self._settings.edit_minutes):
            raise conflict(
                "edit-window-over",
                f"A message can be edited for {self._settings.edit_minutes:,} minutes. Send another one.",
            )
        if message.edits >= MOST_EDITS:
            raise over_quota(f"This message was edited {MOST_EDITS} times, as often as a message may be.")
        earlier = Revision(
            message=message.id, number=message.edits, text=message.text, at=message.edited_at or message.sent_at
        )
        session.add(earlier)
        message.text, message.edited_at, message.edits = text, now, message.edits + 1
        await happen(session, conversation, "edited", message=message.id)
        accounts = await _concerned(session, conversation, message)
        await charge(session, conversation.id, accounts, message.sender, size_of(text), self._settings)

    async def delete(self, subject: Subject, message_id: UUID) -> None:
        """Delete a message, for all who read it; in a group, its owner and admins may delete anybody's.

        Again, it does nothing.

        Raises:
            Problem: 403 for somebody else's, 404.
        """
        subject.require_user()
        async with self._pokes.transaction() as session:
            conversation, member = await locked_of(session, message_id, subject.id)
            message = await _read(session, member, message_id)
            if message.sender != subject.id and member.role == "member":
                raise not_the_owner("Only who has sent a message can delete it, and who leads the group.")
            if message.deleted:
                return
            messages = MessageRepository(session)
            freed = size_of(message.text) + await messages.forget_content(message.id)
            message.text, message.deleted = "", True
            await session.flush()  # a report that is under way holds the message, and is seen after that
            await self._attaching.drop(session, message.id)
            await happen(session, conversation, "deleted", message=message.id)
            accounts = {*(await readers(session, conversation.id)), message.sender}
            await charge(session, conversation.id, accounts, message.sender, -freed, None)
            await MemberRepository(session).count_deleted(message)

    async def react(self, subject: Subject, message_id: UUID, emoji: str | None) -> MessageView:
        """React to a message with an emoji, in place of the one before; None takes it back.

        Raises:
            Problem: 404, 409 if it is deleted or the other one can't be written to, 422.
        """
        subject.require_user()
        emoji = emoji if emoji is None else _checked_emoji(emoji)
        async with self._pokes.transaction() as session:
            conversation, member = await locked_of(session, message_id, subject.id)
            message = await _present(session, member, message_id)
            if member.state != "active":
                raise conflict("not-accepted", "Accept the conversation first.")
            await self._react(session, conversation, message, subject.id, emoji)
        return (await self._views.messages([message]))[0]

    async def _react(
        self, session: AsyncSession, conversation: Conversation, message: Message, account: UUID, emoji: str | None
    ) -> None:
        reactions = ReactionRepository(session)
        if emoji is None:
            changed = await reactions.remove(message.id, account)
        else:
            await refuse_unreachable(session, conversation, account)
            changed = await reactions.put(message.id, account, emoji)
            if len((await reactions.of([message.id]))[message.id]) > MOST_EMOJIS:
                raise conflict("too-many-emojis", f"This message has {MOST_EMOJIS} emojis. Choose one of them.")
        if changed:
            await happen(session, conversation, "reacted", message=message.id)


async def _read(session: AsyncSession, member: Member, message_id: UUID) -> Message:
    message = await MessageRepository(session).read(member.account, message_id)
    if message is None:
        raise not_found("message")
    return message


async def _present(session: AsyncSession, member: Member, message_id: UUID) -> Message:
    message = await _read(session, member, message_id)
    if message.deleted:
        raise conflict("message-gone", "This message is deleted.")
    return message


async def _concerned(session: AsyncSession, conversation: Conversation, message: Message) -> set[UUID]:
    """Return whose lists show a message, and its sender."""
    last = await readers(session, conversation.id) if conversation.last == message.id else []
    return {*last, message.sender}


def _checked_emoji(value: str) -> str:
    found = Refusals("reaction-refused")
    try:
        value = clean_emoji(value)
    except ValueError as exc:
        found.add("emoji", str(exc))
    found.check()
    return value
