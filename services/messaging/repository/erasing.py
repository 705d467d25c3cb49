"""What there is of an account: erased when it is deleted, and exported for its owner.

What others have said stays where it is. Messages of the deleted account are left as deleted ones, so that positions
and answers stay; its conversations of two become ones that nobody else is in.
"""

from uuid import UUID

from sqlalchemy import case, delete, exists, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.core import circles
from services.core.ids import NOBODY
from services.core.images.documents import SUFFIXES
from services.core.images.exporting import file_key, image_key
from services.core.images.shapes import PICTURE
from services.core.images.tables import State
from services.core.personal import Part
from services.messaging.models import (
    Account,
    Attachment,
    Block,
    Conversation,
    Follow,
    Member,
    Message,
    Reaction,
    Report,
)
from services.messaging.repository.reports import erase_cases

_STEPS = tuple(
    text(statement)
    for statement in (
        (
            "DELETE FROM revision USING message m WHERE revision.message = m.id"
            " AND m.conversation = :conversation AND m.sender = :account"
        ),
        (
            "DELETE FROM reaction USING message m WHERE reaction.message = m.id"
            " AND m.conversation = :conversation AND (m.sender = :account OR reaction.account = :account)"
        ),
        (
            "UPDATE message SET sender = :nobody, client_id = id::text, text = '', deleted = true"
            " WHERE conversation = :conversation AND sender = :account"
        ),
        "UPDATE change SET account = :nobody WHERE conversation = :conversation AND account = :account",
        "DELETE FROM member WHERE conversation = :conversation AND account = :account",
        (
            "UPDATE conversation SET kind = 'group', low = NULL, high = NULL"
            " WHERE id = :conversation AND :account IN (low, high)"
        ),
        "UPDATE conversation SET asked_by = NULL WHERE id = :conversation AND asked_by = :account",
        (
            "UPDATE conversation SET made_by = :nobody, request_key = NULL, request_hash = NULL"
            " WHERE id = :conversation AND made_by = :account"
        ),
        (
            "UPDATE member SET unread = (SELECT count(*) FROM message m WHERE m.conversation = member.conversation"
            " AND m.seq > greatest(member.read, member.since) AND m.sender <> member.account AND NOT m.deleted)"
            " WHERE conversation = :conversation AND unread > 0"
        ),
    )
)
_INHERIT = text(
    "UPDATE member SET role = 'owner' WHERE conversation = :conversation AND account = ("
    "SELECT account FROM member WHERE conversation = :conversation AND state = 'active'"
    " ORDER BY role = 'admin' DESC, joined_at, account LIMIT 1)"
)
_EMPTY = (
    text(
        "UPDATE attachment SET state = 'gone' FROM message m WHERE attachment.message = m.id"
        " AND m.conversation = :conversation AND NOT EXISTS ("
        "SELECT FROM moderation_case c WHERE c.message = m.id AND c.decided_at IS NULL)"
    ),
    text("DELETE FROM reaction USING message m WHERE reaction.message = m.id AND m.conversation = :conversation"),
    text("DELETE FROM revision USING message m WHERE revision.message = m.id AND m.conversation = :conversation"),
    text("DELETE FROM message WHERE conversation = :conversation"),
    text("DELETE FROM change WHERE conversation = :conversation"),
    text("DELETE FROM member WHERE conversation = :conversation"),
    text("DELETE FROM conversation WHERE id = :conversation"),
)


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Take an account out of one of its conversations; say whether there may be more to erase."""
    first = select(Member.conversation, Member.role).where(Member.account == account).limit(1)
    found = (await session.execute(first)).first()
    if found is not None:
        await session.execute(select(Conversation.id).where(Conversation.id == found.conversation).with_for_update())
        await _leave(session, found.conversation, account, owner=found.role == "owner")
        return True
    await erase_cases(session, account)
    await circles.forget(session, account, Follow, Block)
    await session.execute(delete(Account).where(Account.id == account))
    return False


async def _leave(session: AsyncSession, conversation: UUID, account: UUID, *, owner: bool) -> None:
    """Take an account out of a conversation that is held, which goes with the last one who reads it."""
    values = {"conversation": conversation, "account": account, "nobody": NOBODY}
    for step in _STEPS:
        await session.execute(step, {name: values[name] for name in step.compile().params})
    where = {"conversation": conversation}
    reading = Member.conversation == conversation, Member.state.in_(("active", "requested"))
    if (await session.execute(select(Member.account).where(*reading).limit(1))).first() is None:
        for step in _EMPTY:
            await session.execute(step, where)
    elif owner:
        await session.execute(_INHERIT, where)


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    conversations = select(Member.conversation, Member.role, Member.state, Member.joined_at)
    sent = select(Message.id, Message.conversation, Message.text, Message.sent_at, Message.edited_at)
    mine = sent.join(Member, Member.conversation == Message.conversation).where(
        Member.account == account, Message.sender == account, Message.deleted.is_(False)
    )
    reactions = select(Reaction.message, Reaction.emoji, Reaction.at).where(Reaction.account == account)
    reports = select(Report.about.label("message"), Report.reason, Report.note, Report.at)
    return [
        Part("conversations", conversations.where(Member.account == account), Member.conversation),
        Part("messages", mine, Message.id),
        _attachments(account),
        Part("reactions", reactions, Reaction.message),
        Part("reports", reports.where(Report.reporter == account), Report.about),
    ]


def _attachments(account: UUID) -> Part:
    """Return an account's pictures and files, with what the storage has of those that were sent.

    What went with a deleted message is left out at once, though it may be kept for moderators: from its being there,
    somebody would learn that they were reported.
    """
    rows = select(
        Attachment.id,
        Attachment.message,
        Attachment.kind,
        Attachment.name,
        Attachment.content_type,
        Attachment.size,
        Attachment.description,
        Attachment.created_at,
    )
    taken_back = exists().where(Message.id == Attachment.message, Message.deleted)
    mine = rows.where(Attachment.account == account, Attachment.state != State.GONE, ~taken_back)
    sent = Attachment.state == State.USED
    file = case(
        (sent & (Attachment.kind == "image"), image_key(Attachment, literal(PICTURE.largest))),
        (sent, file_key("files", Attachment)),
    )
    suffix = case(SUFFIXES, value=Attachment.content_type)
    return Part("attachments", mine, Attachment.id, file, suffix)
