"""What one does for oneself: answering requests, reading, saying what others see."""

from uuid import UUID

from msgspec import UNSET
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.messaging.models import Account, Conversation, Member
from services.messaging.repository.members import AccountRepository
from services.messaging.repository.messages import MessageRepository
from services.messaging.schemas import MessagingPreferences, MessagingPreferencesNew
from services.messaging.service.pokes import Pokes, mark
from services.messaging.service.sending import accept
from services.messaging.service.steps import are_apart, happen, locked, readers, seen, tell
from services.messaging.settings import MessagingSettings


class Marking:
    """Answering requests, reading, saying what others see."""

    def __init__(self, kit: Kit[MessagingSettings], pokes: Pokes) -> None:
        self._db = kit.db
        self._pokes = pokes

    async def answer(self, subject: Subject, conversation_id: UUID, *, accepted: bool) -> None:
        """Accept or decline a request; again, it does nothing. Who is declined isn't told.

        Raises:
            Problem: 403 for guests, 404.
        """
        subject.require_user()
        async with self._pokes.transaction() as session:
            conversation, member = await locked(session, conversation_id, subject.id)
            if member.state != "requested":
                return
            if accepted:
                await accept(session, conversation, member)
                await seen(session, conversation, subject.id)
                await tell(session, conversation.id, await readers(session, conversation.id))
                return
            if conversation.kind == "group":
                member.state = "left"
                await happen(session, conversation, "member", account=member.account)
            else:
                member.state = "declined"
            member.unread = 0
            await seen(session, conversation, subject.id, left=True)
            await tell(session, conversation.id, [member.account])

    async def read(self, subject: Subject, conversation_id: UUID, seq: int) -> None:
        """Say that one has read up to a position; it never goes back.

        Others see it, unless one doesn't let them, hasn't accepted yet, or is apart from the other one.

        Raises:
            Problem: 403 for guests, 404.
        """
        subject.require_user()
        async with self._pokes.transaction() as session:
            conversation, member = await locked(session, conversation_id, subject.id)
            until = min(seq, conversation.seq)
            if until <= member.read:
                return
            passed = await MessageRepository(session).unread_between(member, until)
            member.unread -= passed
            if passed and not member.unread:
                await seen(session, conversation, subject.id)
            member.read = until
            mine = await AccountRepository(session).get_one_or_none(id=subject.id)
            if await _is_shown(session, conversation, member, mine):
                member.shown = until
                await happen(session, conversation, "read", account=member.account)
            await tell(session, conversation.id, [member.account])

    async def preferences(self, subject: Subject) -> MessagingPreferences:
        """Return what somebody lets others see.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            found = await AccountRepository(session).get_one_or_none(id=subject.id)
        if found is None:
            return MessagingPreferences(receipts=True, presence=True)
        return MessagingPreferences(found.receipts, found.presence)

    async def prefer(self, subject: Subject, wanted: MessagingPreferencesNew) -> MessagingPreferences:
        """Say what others see, from now on.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._pokes.transaction() as session:
            given = {name: value for name, value in asdict(wanted).items() if value is not UNSET}
            kept = await AccountRepository(session).let_see(subject.id, **given)
            mark(session, presence=subject.id)
            return MessagingPreferences(kept.receipts, kept.presence)


async def _is_shown(session: AsyncSession, conversation: Conversation, member: Member, mine: Account | None) -> bool:
    if member.state != "active" or (mine is not None and not mine.receipts):
        return False
    return not await are_apart(session, conversation, member.account)
