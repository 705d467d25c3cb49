"""What several use cases do in their transactions.

A conversation is locked first. Its row and its members' are changed as objects, which are written at the latest before
the next statement.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish
from services.core.problems import conflict, not_found, over_quota
from services.messaging.events import ConversationSeen
from services.messaging.models import Change, Conversation, Member
from services.messaging.repository.circles import apart, is_gone
from services.messaging.repository.conversations import ChangeRepository, ConversationRepository
from services.messaging.repository.members import AccountRepository, MemberRepository
from services.messaging.repository.messages import MessageRepository
from services.messaging.schemas import MOST_CHANGES
from services.messaging.service.pokes import mark
from services.messaging.settings import MessagingSettings

_TRIMMED_EACH = 100


async def locked(session: AsyncSession, conversation_id: UUID, account: UUID) -> tuple[Conversation, Member]:
    """Return a conversation that somebody reads, and in which nobody else changes anything meanwhile.

    Raises:
        Problem: 404.
    """
    conversation = await ConversationRepository(session).lock(conversation_id)
    if conversation is None or (member := await MemberRepository(session).reader(conversation_id, account)) is None:
        raise not_found("conversation")
    return conversation, member


async def locked_of(session: AsyncSession, message_id: UUID, account: UUID) -> tuple[Conversation, Member]:
    """Return the conversation of a message, as `locked` does.

    Raises:
        Problem: 404.
    """
    conversation_id = await MessageRepository(session).conversation_of(message_id)
    if conversation_id is None:
        raise not_found("message")
    return await locked(session, conversation_id, account)


async def happen(
    session: AsyncSession,
    conversation: Conversation,
    what: str,
    *,
    message: UUID | None = None,
    account: UUID | None = None,
) -> int:
    """Note the next thing that happens in a locked conversation; return its position."""
    conversation.seq += 1
    mark(session, conversation=conversation.id)
    session.add(Change(conversation=conversation.id, seq=conversation.seq, what=what, message=message, account=account))
    if conversation.seq % _TRIMMED_EACH == 0:
        await ChangeRepository(session).trim(conversation.id, conversation.seq - MOST_CHANGES)
    return conversation.seq


async def tell(session: AsyncSession, conversation: UUID, accounts: Collection[UUID]) -> None:
    """Let accounts know that a conversation of theirs has changed."""
    await charge(session, conversation, accounts, None, 0, None)


async def charge(
    session: AsyncSession,
    conversation: UUID,
    accounts: Collection[UUID],
    account: UUID | None,
    size: int,
    settings: MessagingSettings | None,
) -> None:
    """Let accounts know that a conversation of theirs has changed, and have one's messages take more bytes, or fewer.

    All accounts are locked by one statement in one order, or two who write to each other would wait for each other.

    Raises:
        Problem: 429 `over-quota`.
    """
    await session.flush()
    for each in accounts:
        mark(session, account=each)
    held = await AccountRepository(session).advance(accounts, account, size)
    await MemberRepository(session).mark(conversation, accounts)
    if settings is not None and size > 0 and held > settings.megabytes_per_account * 1_000_000:
        raise over_quota(
            f"Your messages take {settings.megabytes_per_account:,} MB, all that one account has. Delete some."
        )


async def seen(session: AsyncSession, conversation: Conversation, account: UUID, *, left: bool = False) -> None:
    """Let other services know that nothing in a conversation is new to somebody, or concerns them any more."""
    event = ConversationSeen(account=account, conversation=conversation.id, seq=conversation.seq, left=left)
    await publish(session, event)


async def readers(session: AsyncSession, conversation: UUID) -> list[UUID]:
    """Return who reads a conversation."""
    return [member.account for member in await MemberRepository(session).readers(conversation)]


def other_of(conversation: Conversation, account: UUID) -> UUID | None:
    """Return the other one of a direct conversation; None in a group."""
    return conversation.high if conversation.low == account else conversation.low


async def are_apart(session: AsyncSession, conversation: Conversation, account: UUID) -> bool:
    """Say whether one of the two in a direct conversation blocks the other; in groups blocks change nothing."""
    other = other_of(conversation, account)
    return other is not None and bool(await apart(session, account, [other]))


async def refuse_unreachable(session: AsyncSession, conversation: Conversation, account: UUID) -> None:
    """Refuse whatever would tell something to somebody who is gone, blocks, or is blocked; which one isn't told.

    Raises:
        Problem: 409 `not-reachable`.
    """
    other = other_of(conversation, account)
    if other is not None and (await apart(session, account, [other]) or await is_gone(session, other)):
        raise conflict("not-reachable", "This person can't be written to.")
