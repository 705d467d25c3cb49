"""The SQL of polls' rules as they are kept here."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, case, delete, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.models import Ballot, Counter, Credential, Draft, Poll, RollEntry, TokenBatch
from services.votebooth.poll.definition import PollChanged


async def touch_counter(session: AsyncSession, event: PollChanged) -> bool:
    """Lock a poll's counters, made if missing, and set their copy of the rules; False if that is newer.

    With another end, what was made after the last one is made again: the tables are sealed anew, the list of receipts
    is another one. A poll that is to go on after its salt was kept, and so may have been shown, gets another salt.
    """
    values = {"version": event.version, "opens_at": event.opens_at, "ends_at": event.ends_at}
    new = insert(Counter).values(poll_id=event.poll, **values)
    ends_at = new.excluded.ends_at
    same_end = ends_at.is_not_distinct_from(Counter.ends_at)
    told = and_(Counter.salt.is_not(None), func.coalesce(ends_at > func.clock_timestamp(), True))
    statement = new.on_conflict_do_update(
        index_elements=[Counter.poll_id],
        set_={
            **values,
            "sealed_at": case((same_end, Counter.sealed_at)),
            "receipts_digest": case((same_end, Counter.receipts_digest)),
            "salt": case((not_(told), Counter.salt)),
            "salt_nonce": case((told, func.gen_random_uuid()), else_=Counter.salt_nonce),
        },
        where=Counter.version < event.version,
    ).returning(Counter.poll_id)
    return (await session.execute(statement)).first() is not None


async def voted_among(session: AsyncSession, poll_id: UUID, keys: Sequence[bytes]) -> set[bytes]:
    """Return those of some voters' keys that have a counted ballot in a poll that isn't anonymous."""
    statement = select(Ballot.voter_key).where(Ballot.poll_id == poll_id, Ballot.voter_key.in_(keys))
    return set((await session.scalars(statement)).all())


async def hold_for(session: AsyncSession, poll_id: UUID, version: int) -> bool | None:
    """Have ballots wait for a version of a poll in which none was ever cast; say whether that is so.

    `seq` grows with each ballot that is cast, also with one that is withdrawn later.

    Returns:
        None if the poll isn't known.
    """
    never = Counter.seq == 0
    values = {
        "awaited": case((never, version), else_=Counter.awaited),
        "awaited_by": case((never, func.gen_random_uuid()), else_=Counter.awaited_by),
    }
    statement = update(Counter).where(Counter.poll_id == poll_id).values(values).returning(never)
    return (await session.execute(statement)).scalar_one_or_none()


async def held_by(session: AsyncSession, poll_id: UUID) -> UUID | None:
    """Return the attempt to bring a version that ballots wait for."""
    return (await session.execute(select(Counter.awaited_by).where(Counter.poll_id == poll_id))).scalar_one_or_none()


async def release(session: AsyncSession, poll_id: UUID, attempt: UUID | None) -> None:
    """Let ballots wait no longer for what an attempt would have brought."""
    mine = update(Counter).where(Counter.poll_id == poll_id, Counter.awaited_by == attempt)
    await session.execute(mine.values(awaited=None, awaited_by=None))


async def put_poll(session: AsyncSession, event: PollChanged, definition: bytes) -> None:
    """Store a poll's rules; the caller holds the lock of its counters."""
    values = {
        "version": event.version,
        "owner_id": event.owner,
        "definition": definition,
        "method": event.method,
        "opens_at": event.opens_at,
        "closes_at": event.closes_at,
        "closed_at": event.closed_at,
        "archived_at": event.archived_at,
        "deleted": event.deleted,
        "anonymous": event.anonymous,
        "results": event.results,
        "minimum": event.minimum,
        "eligibility": event.eligibility,
        "strength": event.strength,
    }
    statement = insert(Poll).values(poll_id=event.poll, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=[Poll.poll_id], set_=values))


async def definition(session: AsyncSession, poll_id: UUID) -> bytes | None:
    """Return a poll's rules as stored."""
    return (await session.execute(select(Poll.definition).where(Poll.poll_id == poll_id))).scalar_one_or_none()


async def version(session: AsyncSession, poll_id: UUID) -> int | None:
    """Return the version of a poll's rules as stored."""
    return (await session.execute(select(Poll.version).where(Poll.poll_id == poll_id))).scalar_one_or_none()


async def eligibility(session: AsyncSession, poll_id: UUID) -> str | None:
    """Return who votes in a poll by its rules as stored."""
    return (await session.execute(select(Poll.eligibility).where(Poll.poll_id == poll_id))).scalar_one_or_none()


async def fit_voters(session: AsyncSession, poll_id: UUID, before: str | None, now: str) -> None:
    """Drop the tokens and invitations that were made for another eligibility, and let those of a draft leave.

    Args:
        session: The transaction that stores the poll's rules.
        poll_id: The poll.
        before: Its eligibility as it was stored; None if nothing was.
        now: Its eligibility from now on.
    """
    if before == now or (before is None and not await _end_draft(session, poll_id)):
        return
    if before is not None or now != "tokens":
        await _drop_tokens(session, poll_id)
    if now != "roll":
        await session.execute(delete(RollEntry).where(RollEntry.poll_id == poll_id))
    elif before is None:
        await session.execute(update(RollEntry).where(RollEntry.poll_id == poll_id).values(due_at=func.now()))


async def forget_draft(session: AsyncSession, poll_id: UUID) -> None:
    """Drop all that was prepared for a draft."""
    if await _end_draft(session, poll_id):
        await _drop_tokens(session, poll_id)
        await session.execute(delete(RollEntry).where(RollEntry.poll_id == poll_id))


async def _end_draft(session: AsyncSession, poll_id: UUID) -> bool:
    """Take a draft's mark off, once nobody adds to it; say whether there was one."""
    ended = delete(Draft).where(Draft.poll_id == poll_id).returning(Draft.poll_id)
    return (await session.execute(ended)).first() is not None


async def _drop_tokens(session: AsyncSession, poll_id: UUID) -> None:
    await session.execute(delete(Credential).where(Credential.poll_id == poll_id))
    await session.execute(delete(TokenBatch).where(TokenBatch.poll_id == poll_id))
