"""The SQL of recounts."""

from uuid import UUID

from msgspec import Struct
from sqlalchemy import Uuid, bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.models import AnonymousBallot, Ballot, Counter, Participation, Pattern, Poll

_CLOSED_LATELY = text(
    """
    SELECT poll_id FROM counters
    WHERE ends_at BETWEEN clock_timestamp() - interval '1 hour' AND clock_timestamp()
      AND poll_id <> ALL(:checked) AND ballots BETWEEN 1 AND :most
    ORDER BY ends_at LIMIT 1
    """
).bindparams(bindparam("checked", type_=ARRAY(Uuid())))

_NEXT = text(
    "SELECT poll_id FROM counters WHERE poll_id > :last AND ballots BETWEEN 1 AND :most ORDER BY poll_id LIMIT 1"
)

_RECEIPTS_DIGEST = {
    anonymous: text(
        f"SELECT sha256(coalesce(string_agg({receipt}, '' ORDER BY {receipt}), '')) "  # noqa: S608  (constants)
        f"FROM {table} WHERE poll_id = :poll"
    )
    for anonymous, table, receipt in ((False, "ballots", "receipt"), (True, "anonymous_ballots", "ballot_id"))
}


class Stored(Struct, frozen=True):
    """All that a recount compares, of one moment: the counters' row, and what the ballots' tables hold.

    Attributes:
        choices: Stored choices and how many ballots have each.
        participants: Rows that say somebody took part (anonymous).
        kept_digest: Of the receipts, as the seed of ties was made of it; None before the end.
        receipts_digest: Of the receipts that are stored.
    """

    definition: bytes
    ballots: int
    abstentions: int
    sums: list[int]
    patterns: list[tuple[bytes, int]]
    choices: list[tuple[bytes, int]]
    participants: int
    kept_digest: bytes | None
    receipts_digest: bytes


async def stored(session: AsyncSession, poll_id: UUID) -> Stored | None:
    """Read a poll's counters and count its ballots, in one snapshot; None if there is no such poll."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return await _stored(session, poll_id)


async def locked(session: AsyncSession, poll_id: UUID) -> Stored | None:
    """Read the same as `stored` does, and let nobody vote in the poll until the transaction ends."""
    await session.execute(select(Counter.poll_id).where(Counter.poll_id == poll_id).with_for_update(key_share=True))
    return await _stored(session, poll_id)


async def _stored(session: AsyncSession, poll_id: UUID) -> Stored | None:
    await session.execute(text("SET LOCAL statement_timeout = '10min'"))
    head = (
        await session.execute(
            select(
                Poll.definition,
                Poll.anonymous,
                Counter.ballots,
                Counter.abstentions,
                Counter.sums,
                Counter.receipts_digest,
            )
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
    digest = await session.execute(_RECEIPTS_DIGEST[head.anonymous], {"poll": poll_id})
    return Stored(
        head.definition,
        head.ballots,
        head.abstentions,
        head.sums,
        [(choice, count) for choice, count in patterns],
        [(choice, count) for choice, count in choices],
        participants.scalar_one(),
        head.receipts_digest,
        digest.scalar_one(),
    )


async def write(
    session: AsyncSession,
    poll_id: UUID,
    ballots: int,
    abstentions: int,
    sums: list[int],
    patterns: list[tuple[bytes, bytes, int]],
) -> None:
    """Replace a poll's counters, which the caller has locked.

    Args:
        session: A transaction.
        poll_id: The poll.
        ballots: Ballots counted.
        abstentions: Of these, ballots that express no preference.
        sums: By option, that of option 1 first.
        patterns: Key, choice and number of equal ballots, in the order of the keys.
    """
    counted = {"seq": Counter.seq + 1, "ballots": ballots, "abstentions": abstentions, "sums": sums}
    await session.execute(update(Counter).where(Counter.poll_id == poll_id).values(counted))
    await session.execute(delete(Pattern).where(Pattern.poll_id == poll_id))
    if patterns:
        rows: list[dict[str, object]] = [
            {"poll_id": poll_id, "pattern_id": pattern, "choice": choice, "count": count}
            for pattern, choice, count in patterns
        ]
        await session.execute(insert(Pattern), rows)


async def closed_lately(session: AsyncSession, checked: list[UUID], most: int) -> UUID | None:
    """Return a poll with ballots, `most` at most, that closed in the last hour and isn't among `checked`."""
    return (await session.execute(_CLOSED_LATELY, {"checked": checked, "most": most})).scalar()


async def next_poll(session: AsyncSession, last: UUID, most: int) -> UUID | None:
    """Return the poll with ballots, `most` at most, that follows another by its id; None after the last."""
    return (await session.execute(_NEXT, {"last": last, "most": most})).scalar()
