"""VoteBooth's SQL, except that of the vote path (`ballot_sql.py`)."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.votebooth.events import PollChanged
from services.votebooth.models import AnonymousBallot, Ballot, Counter, Participation, Pattern, Poll


async def touch_counter(session: AsyncSession, event: PollChanged) -> bool:
    """Lock a poll's counters, made if missing, and set their copy of the rules; False if that is newer."""
    values = {
        "version": event.version,
        "opens_at": event.opens_at,
        "ends_at": event.ends_at,
        "sealed_at": None,
        "receipts_digest": None,
    }
    statement = (
        insert(Counter)
        .values(poll_id=event.poll, **values)
        .on_conflict_do_update(index_elements=[Counter.poll_id], set_=values, where=Counter.version < event.version)
        .returning(Counter.poll_id)
    )
    return (await session.execute(statement)).first() is not None


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


def _is_kept(poll_id: UUID) -> ColumnElement[bool]:
    """Say that a poll isn't deleted: rules in memory may not say so yet."""
    return ~exists().where(Poll.poll_id == poll_id, Poll.deleted)


def _receipt_column(*, anonymous: bool) -> InstrumentedAttribute[bytes]:
    return AnonymousBallot.ballot_id if anonymous else Ballot.receipt


async def receipts(
    session: AsyncSession, poll_id: UUID, after: bytes, most: int, *, anonymous: bool
) -> Sequence[bytes]:
    """Return the receipts of counted ballots that sort after another."""
    column = _receipt_column(anonymous=anonymous)
    found = select(column).where(column.class_.poll_id == poll_id, column > after, _is_kept(poll_id))
    return (await session.scalars(found.order_by(column).limit(most))).all()


async def has_receipt(session: AsyncSession, poll_id: UUID, receipt: bytes, *, anonymous: bool) -> bool:
    """Say whether a counted ballot has this receipt."""
    column = _receipt_column(anonymous=anonymous)
    statement = select(column).where(column.class_.poll_id == poll_id, column == receipt, _is_kept(poll_id))
    return (await session.execute(statement)).first() is not None


class Stored(Struct, frozen=True):
    """All that a recount compares, of one moment: the counters' row, and what the ballots' tables hold.

    Attributes:
        choices: Stored choices and how many ballots have each.
        participants: Rows that say somebody took part (anonymous).
    """

    definition: bytes
    ballots: int
    abstentions: int
    sums: list[int]
    patterns: list[tuple[bytes, int]]
    choices: list[tuple[bytes, int]]
    participants: int


async def stored(session: AsyncSession, poll_id: UUID) -> Stored | None:
    """Read a poll's counters and count its ballots, in one snapshot; None if there is no such poll."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    await session.execute(text("SET LOCAL statement_timeout = '10min'"))
    head = (
        await session.execute(
            select(Poll.definition, Poll.anonymous, Counter.ballots, Counter.abstentions, Counter.sums)
            .join(Counter, Counter.poll_id == Poll.poll_id)
            .where(Poll.poll_id == poll_id)
        )
    ).first()
    if head is None:
        return None
    table = AnonymousBallot if head.anonymous else Ballot
    choices = await session.execute(
        select(table.choice, func.count()).where(table.poll_id == poll_id).group_by(table.choice)
    )
    patterns = await session.execute(select(Pattern.choice, Pattern.count).where(Pattern.poll_id == poll_id))
    participants = await session.execute(
        select(func.count()).select_from(Participation).where(Participation.poll_id == poll_id)
    )
    return Stored(
        head.definition,
        head.ballots,
        head.abstentions,
        head.sums,
        [(choice, count) for choice, count in patterns],
        [(choice, count) for choice, count in choices],
        participants.scalar_one(),
    )
