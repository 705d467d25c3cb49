"""Rows as they go over the wire."""

from collections.abc import Sequence

from services.core.kit import Kit
from services.core.people import People
from services.messaging.models import Member, Message
from services.messaging.repository.attachments import AttachmentRepository
from services.messaging.repository.messages import ReactionRepository
from services.messaging.schemas import ConversationMember, MessageReaction, MessageView
from services.messaging.service.attaching import view_of
from services.messaging.settings import MessagingSettings


class Views:
    """Shapes rows; outside of a transaction, since people may have to be asked for."""

    def __init__(self, kit: Kit[MessagingSettings], people: People) -> None:
        self._db = kit.db
        self.people = people

    async def messages(self, rows: Sequence[Message]) -> list[MessageView]:
        """Return messages, in the order given."""
        if not rows:
            return []
        async with self._db.reading() as session:
            ids = [row.id for row in rows if not row.deleted]
            reactions = await ReactionRepository(session).of(ids)
            attached = await AttachmentRepository(session).of(ids)
        people = await self.people.of({row.sender for row in rows})
        return [
            MessageView(
                id=row.id,
                conversation=row.conversation,
                seq=row.seq,
                client_id=row.client_id,
                sender=people[row.sender],
                text=None if row.deleted else row.text,
                reply_to=row.reply_to,
                attachments=[view_of(each) for each in attached.get(row.id, ())],
                reactions=[MessageReaction(emoji, who) for emoji, who in reactions.get(row.id, {}).items()],
                deleted=row.deleted,
                edits=row.edits,
                sent_at=row.sent_at,
                edited_at=row.edited_at,
            )
            for row in rows
        ]

    async def members(self, rows: Sequence[Member]) -> list[ConversationMember]:
        """Return members, in the order given. Who has declined looks like one who hasn't answered yet."""
        people = await self.people.of(row.account for row in rows)
        return [
            ConversationMember(
                person=people[row.account],
                role=row.role,  # type: ignore[arg-type]  # the column has no other values
                state="requested" if row.state == "declined" else row.state,  # type: ignore[arg-type]  # nor this one
                read=row.shown,
                joined_at=row.joined_at,
            )
            for row in rows
        ]
