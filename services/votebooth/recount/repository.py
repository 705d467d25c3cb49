"""The SQL of recounts."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Uuid, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.models import AnonymousBallot, Ballot, Counter, Participation, Pattern, Poll
from services.votebooth.poll.choices import ABSTENTION, PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged
from services.votebooth.recount.adding import Sums

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


# An abstention is in no pattern.
_EQUAL = {
    anonymous: f"""
        SELECT choice, count(*) AS count FROM {table}
        WHERE poll_id = :poll AND :patterns AND choice <> :abstention GROUP BY choice
    """  # noqa: S608  (constants)
    for anonymous, table in ((False, "ballots"), (True, "anonymous_ballots"))
}

_WRONG_PATTERNS = {
    anonymous: text(
        f"""
        SELECT count(*) FROM ({equal}) b
        FULL JOIN (SELECT choice, count FROM patterns WHERE poll_id = :poll) p USING (choice)
        WHERE b.count IS DISTINCT FROM p.count
        """  # noqa: S608  (constants)
    )
    for anonymous, equal in _EQUAL.items()
}

# In the order of the keys, as the vote path takes its locks.
_PATTERNS_ANEW = {
    anonymous: text(
        f"""
        INSERT INTO patterns (poll_id, pattern_id, choice, count)
        SELECT :poll, substr(sha256(choice), 1, 16), choice, count FROM ({equal}) b ORDER BY 2
        """  # noqa: S608  (constants)
    )
    for anonymous, equal in _EQUAL.items()
}

# Between two statements, others' work may have its turn.
_PATIENCE = (
    text("SET LOCAL statement_timeout = '10min'"),
    text("SET LOCAL idle_in_transaction_session_timeout = '10min'"),
)


class Stored(Struct, frozen=True):
    """What a recount compares beside ballots and patterns, of one moment: the counters' row, and sums of other tables.

    Attributes:
        definition: As it is stored.
        poll: The same, decoded.
        participants: Rows that say somebody took part (anonymous).
        kept_digest: Of the receipts, as the seed of ties was made of it; None before the end.
        receipts_digest: Of the receipts that are stored.
    """

    definition: bytes
    poll: PollChanged
    ballots: int
    abstentions: int
    sums: list[int]
    participants: int
    kept_digest: bytes | None
    receipts_digest: bytes


async def stored(session: AsyncSession, poll_id: UUID) -> Stored | None:
    """Read a poll's counters, and let the session see the ballots of the same moment; None if there is no such poll."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return await _stored(session, poll_id)


async def locked(session: AsyncSession, poll_id: UUID) -> Stored | None:
    """Read the same as `stored` does, and let nobody vote in the poll until the transaction ends."""
    await session.execute(select(Counter.poll_id).where(Counter.poll_id == poll_id).with_for_update(key_share=True))
    return await _stored(session, poll_id)


async def _stored(session: AsyncSession, poll_id: UUID) -> Stored | None:
    for statement in _PATIENCE:
        await session.execute(statement)
    head = (
        await session.execute(
            select(
                Poll.definition,
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
    participants = await session.execute(
        select(func.count()).select_from(Participation).where(Participation.poll_id == poll_id)
    )
    poll = msgspec.json.decode(head.definition, type=PollChanged)
    digest = await session.execute(_RECEIPTS_DIGEST[poll.anonymous], {"poll": poll_id})
    return Stored(
        head.definition,
        poll,
        head.ballots,
        head.abstentions,
        head.sums,
        participants.scalar_one(),
        head.receipts_digest,
        digest.scalar_one(),
    )


async def choices(session: AsyncSession, stored: Stored, some: int) -> AsyncIterator[list[tuple[bytes, int]]]:
    """Yield a poll's stored choices and how many ballots have each, `some` at a time."""
    table = AnonymousBallot if stored.poll.anonymous else Ballot
    equal = select(table.choice, func.count()).where(table.poll_id == stored.poll.poll).group_by(table.choice)
    found = await session.stream(equal, execution_options={"yield_per": some})
    async for part in found.partitions():
        yield [(choice, count) for choice, count in part]


async def wrong_patterns(session: AsyncSession, stored: Stored) -> int:
    """Return how many patterns aren't what the ballots say."""
    found = await session.execute(_WRONG_PATTERNS[stored.poll.anonymous], _of(stored))
    return int(found.scalar_one())


async def write(session: AsyncSession, stored: Stored, sums: Sums) -> None:
    """Replace a poll's counters, which the caller has locked, and its patterns by those of its ballots.

    Args:
        session: A transaction.
        stored: What the ballots were compared with.
        sums: What they add up to.
    """
    counted = {
        "seq": Counter.seq + 1,
        "ballots": sums.ballots,
        "abstentions": sums.abstentions,
        "sums": sums.listed(),
    }
    poll_id = stored.poll.poll
    await session.execute(update(Counter).where(Counter.poll_id == poll_id).values(counted))
    await session.execute(delete(Pattern).where(Pattern.poll_id == poll_id))
    await session.execute(_PATTERNS_ANEW[stored.poll.anonymous], _of(stored))


def _of(stored: Stored) -> dict[str, object]:
    """Return what the statements on equal ballots ask for: where sums decide, none is a pattern."""
    return {"poll": stored.poll.poll, "patterns": stored.poll.method in PATTERN_METHODS, "abstention": ABSTENTION}


async def closed_lately(session: AsyncSession, checked: list[UUID], most: int) -> UUID | None:
    """Return a poll with ballots, `most` at most, that closed in the last hour and isn't among `checked`."""
    return (await session.execute(_CLOSED_LATELY, {"checked": checked, "most": most})).scalar()


async def next_poll(session: AsyncSession, last: UUID, most: int) -> UUID | None:
    """Return the poll with ballots, `most` at most, that follows another by its id; None after the last."""
    return (await session.execute(_NEXT, {"last": last, "most": most})).scalar()
