"""Statements about what goes with messages."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select

from services.core.data.repository import Repository, one_of
from services.core.images.tables import State
from services.messaging.models import Attachment, Block, Case, Conversation, Member, Message


def _shown_to(account: UUID) -> ColumnElement[bool]:
    """Say whether somebody sees what goes with a message: they are in its conversation, and the two aren't apart."""
    blocked = exists().where(
        Block.blocked,
        or_(
            and_(Block.account == account, Block.other == Message.sender),
            and_(Block.account == Message.sender, Block.other == account),
        ),
    )
    return exists().where(
        Message.id == Attachment.message,
        ~Message.deleted,
        Conversation.id == Message.conversation,
        or_(Message.sender == account, Conversation.kind == "group", ~blocked),
        Member.conversation == Message.conversation,
        Member.account == account,
        Member.state == "active",
        Member.since < Message.seq,
    )


def _judged() -> ColumnElement[bool]:
    """Say whether a moderator sees what goes with a message: a report of it waits to be decided."""
    return exists().where(Case.about == Attachment.message, Case.decided_at.is_(None))


class AttachmentRepository(Repository[Attachment]):
    """Pictures and files of messages."""

    model_type = Attachment

    async def read(self, account: UUID, attachment: UUID, *, moderates: bool) -> Attachment | None:
        """Return what somebody may see now, as a reader of the message or as a moderator of what is reported."""
        seen = or_(_shown_to(account), _judged()) if moderates else _shown_to(account)
        return await self.get_one_or_none(Attachment.id == attachment, Attachment.state == State.USED, seen)

    async def of(self, messages: Collection[UUID]) -> dict[UUID, list[Attachment]]:
        """Return what goes with messages, by message and in its order."""
        found: dict[UUID, list[Attachment]] = {}
        if not messages:
            return found
        mine = select(Attachment).where(one_of(Attachment.message, messages), Attachment.state == State.USED)
        for row in await self.session.scalars(mine.order_by(Attachment.message, Attachment.place)):
            if row.message is not None:
                found.setdefault(row.message, []).append(row)
        return found

    async def to_drop(self, message: UUID) -> Sequence[UUID]:
        """Return what goes with a message that is deleted, unless moderators have to see it first."""
        gone = select(Attachment.id).where(Attachment.message == message, ~_judged()).order_by(Attachment.place)
        return (await self.session.scalars(gone)).all()
