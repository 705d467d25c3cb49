"""Sending messages."""

import hashlib
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.peers.calls import PeerError
from services.core.people import People
from services.core.problems import conflict, not_found, over_quota, refused, unavailable
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text
from services.messaging import schemas
from services.messaging.events import MessageSent
from services.messaging.models import Conversation, Member, Message
from services.messaging.repository.circles import followers
from services.messaging.repository.conversations import ConversationRepository
from services.messaging.repository.members import MemberRepository
from services.messaging.repository.messages import MessageRepository, size_of
from services.messaging.schemas import MessageNew, MessageView
from services.messaging.service.attaching import Attaching, checked_attachments
from services.messaging.service.pokes import Pokes
from services.messaging.service.steps import (
    charge,
    happen,
    locked,
    other_of,
    refuse_unreachable,
)
from services.messaging.service.views import Views
from services.messaging.settings import MessagingSettings


class Sending:
    """Sending messages, to one person or into a conversation."""

    def __init__(
        self, kit: Kit[MessagingSettings], pokes: Pokes, people: People, views: Views, attaching: Attaching
    ) -> None:
        self._pokes = pokes
        self._attaching = attaching
        self._settings = kit.settings
        self._people = people
        self._views = views

    async def to_person(self, subject: Subject, account: UUID, new: MessageNew) -> tuple[MessageView, bool]:
        """Send a message to somebody; the first one begins the conversation of the two.

        If they don't follow the sender, it waits for them to accept it, and the sender's next one has to wait, too.

        Returns:
            The message, and whether it is new; it isn't if the same was sent before.

        Raises:
            Problem: 403 for guests, 404 if there is no such person, 409 if they can't be written to, the first message
                still waits, or the client id was used for another one; 422; 429 if there is no room; 503.
        """
        subject.require_user()
        new = _checked(new)
        if account == subject.id:
            raise refused("not-oneself", "You can't write to yourself.")
        try:
            person = await self._people.find(account)
        except PeerError as exc:
            raise unavailable("Whether there is such a person isn't known right now. Try again.") from exc
        if person is None or person.deleted:
            raise not_found("person")
        async with self._pokes.transaction() as session:
            conversation = await ConversationRepository(session).open_between(subject.id, account)
            await _both_in(session, conversation, subject.id, account)
            message, is_new = await self._send(session, subject.id, conversation, new)
        return (await self._views.messages([message]))[0], is_new

    async def into(self, subject: Subject, conversation_id: UUID, new: MessageNew) -> tuple[MessageView, bool]:
        """Send a message into a conversation; who was asked to join it, joins.

        Returns:
            The message, and whether it is new; it isn't if the same was sent before.

        Raises:
            Problem: As `to_person`; 404 if there is no such conversation.
        """
        subject.require_user()
        new = _checked(new)
        async with self._pokes.transaction() as session:
            conversation, _ = await locked(session, conversation_id, subject.id)
            message, is_new = await self._send(session, subject.id, conversation, new)
        return (await self._views.messages([message]))[0], is_new

    async def _send(
        self, session: AsyncSession, sender: UUID, conversation: Conversation, new: MessageNew
    ) -> tuple[Message, bool]:
        messages = MessageRepository(session)
        digest = _digest(new)
        if made := await messages.called(conversation.id, sender, new.client_id):
            if made.request_hash != digest:
                raise conflict("client-id-used", "You have sent another message with this client_id. Use a new one.")
            return made, False
        members = {row.account: row for row in await MemberRepository(session).readers(conversation.id)}
        await self._admit(session, sender, conversation, members)
        if new.attachments and conversation.kind == "direct" and not _both_active(members):
            raise conflict("not-accepted", "Pictures and files can be sent once your first message was accepted.")
        answered = await _answered(messages, conversation, members[sender], new.reply_to)
        message_id, now = new_id(), await messages.clock()
        seq = await happen(session, conversation, "sent", message=message_id)
        conversation.last = message_id
        message = await messages.insert(
            {
                "id": message_id,
                "conversation": conversation.id,
                "seq": seq,
                "sender": sender,
                "client_id": new.client_id,
                "request_hash": digest,
                "reply_to": new.reply_to,
                "text": new.text,
                "sent_at": now,
            }
        )
        await charge(session, conversation.id, members.keys(), sender, size_of(new.text), self._settings)
        await self._attaching.use(session, sender, message_id, new.attachments)
        await MemberRepository(session).count_sent(conversation.id, sender, message_id)
        others = [member for member in members.values() if member.account != sender]
        event = MessageSent(
            message=message_id,
            conversation=conversation.id,
            kind=conversation.kind,  # type: ignore[arg-type]  # the column has no other values
            seq=seq,
            sender=sender,
            recipients=[member.account for member in others if member.state == "active"],
            requested=[member.account for member in others if member.state == "requested"],
            answered=answered.sender if answered else None,
            sent_at=now,
        )
        await publish(session, event)
        return message, True

    async def _admit(
        self, session: AsyncSession, sender: UUID, conversation: Conversation, members: dict[UUID, Member]
    ) -> None:
        """Let the sender in, if they were asked; find out whether the other one has to be asked first."""
        if members[sender].state == "requested":
            await accept(session, conversation, members[sender])
        other_id = other_of(conversation, sender)
        if other_id is None:
            return
        await refuse_unreachable(session, conversation, sender)
        other = members.get(other_id)
        if other is not None and other.state == "active":
            return
        if await followers(session, sender, [other_id]):
            joining = other or await MemberRepository(session).get_one(conversation=conversation.id, account=other_id)
            await accept(session, conversation, joining)
            members[other_id] = joining
        elif conversation.asked_by == sender:
            raise conflict("request-pending", "Your first message waits to be accepted. You can write again then.")
        else:
            conversations = ConversationRepository(session)
            if await conversations.asked(sender) >= self._settings.requests_per_account:
                raise over_quota(
                    f"{self._settings.requests_per_account} of your first messages wait to be accepted, "
                    "as many as one account may have."
                )
            conversation.asked_by = sender


async def accept(session: AsyncSession, conversation: Conversation, member: Member) -> None:
    """Let somebody in who was asked, in a locked conversation; whoever comes into an empty group owns it."""
    member.state = "active"
    if conversation.kind == "group":
        owners = [row for row in await MemberRepository(session).readers(conversation.id) if row.role == "owner"]
        if not owners:
            member.role = "owner"
    conversation.asked_by = None
    await happen(session, conversation, "member", account=member.account)


async def _both_in(session: AsyncSession, conversation: Conversation, sender: UUID, other: UUID) -> None:
    """See that both are in their conversation; who has declined it and writes now has changed their mind."""
    members = MemberRepository(session)
    mine = await members.one(conversation.id, sender)
    if mine is None:
        for account, state in ((sender, "active"), (other, "requested")):
            session.add(
                Member(
                    conversation=conversation.id,
                    account=account,
                    role="member",
                    state=state,
                    since=0,
                    read=0,
                    latest=new_id(),
                    joined_at=await members.clock(),
                )
            )
        await session.flush()
    elif mine.state == "declined":
        mine.state = "requested"
        await session.flush()


async def _answered(
    messages: MessageRepository, conversation: Conversation, member: Member, reply_to: UUID | None
) -> Message | None:
    """Return the message that another one answers.

    Raises:
        Problem: 404 if there is none, 409 if it is deleted.
    """
    if reply_to is None:
        return None
    found = await messages.get_one_or_none(id=reply_to)
    if found is None or found.conversation != conversation.id or found.seq <= member.since:
        raise not_found("message")
    if found.deleted:
        raise conflict("message-gone", "This message is deleted, so it can't be answered.")
    return found


def _both_active(members: dict[UUID, Member]) -> bool:
    return len(members) > 1 and all(each.state == "active" for each in members.values())


def _checked(new: MessageNew) -> MessageNew:
    found = Refusals("message-refused")
    client_id = found.text("client_id", clean_line, new.client_id, schemas.MAX_CLIENT_ID)
    text = found.text("text", clean_text, new.text, schemas.MAX_TEXT, required=not new.attachments)
    attachments = checked_attachments(found, new.attachments)
    found.check()
    return msgspec.structs.replace(new, client_id=client_id, text=text, attachments=attachments)


def _digest(new: MessageNew) -> bytes:
    """Return what tells a message from another one; of one without attachments, as it was before there were any."""
    said = msgspec.to_builtins(new)
    if not new.attachments:
        del said["attachments"]
    return hashlib.sha256(msgspec.json.encode(said)).digest()
