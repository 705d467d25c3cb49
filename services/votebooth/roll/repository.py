"""The SQL of voting tokens and rolls."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, Interval, LargeBinary, Row, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text("INSERT INTO credentials (poll_id, token_hash) SELECT :poll, unnest(:hashes)").bindparams(
    bindparam("hashes", type_=ARRAY(LargeBinary))
)

_COUNT = text("SELECT count(*) FROM credentials WHERE poll_id = :poll")

_INVITE = text(
    """
    INSERT INTO roll AS r (poll_id, address, due_at)
    SELECT :poll, unnest(:addresses), CASE WHEN :draft THEN 'infinity' ELSE now() END
    ON CONFLICT (poll_id, address)
    DO UPDATE SET state = 'waiting', tries = 0, due_at = excluded.due_at, reminder = false WHERE :resend
    RETURNING 1
    """
).bindparams(bindparam("addresses", type_=ARRAY(Text)))

_BATCH = text("SELECT count FROM token_batches WHERE poll_id = :poll AND request_key = :key")

_ADD_BATCH = text("INSERT INTO token_batches (poll_id, request_key, count) VALUES (:poll, :key, :count)")

_PREPARED = text("SELECT count(*) FROM roll JOIN drafts USING (poll_id) WHERE owner_id = :owner")

# Whoever sends at the same time waits here, so that two requests don't both find room.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('votewave invitations ' || :owner, 0))")

_SENT_SINCE = text(
    """
    SELECT at, (details ->> 'count')::bigint AS number FROM audit_log
    WHERE actor = :owner AND act = 'roll.invited' AND at > clock_timestamp() - :age ORDER BY at
    """
).bindparams(bindparam("age", type_=Interval))

_NOW = text("SELECT clock_timestamp()")

_PROGRESS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'sent'),
           count(*) FILTER (WHERE state = 'failed')
    FROM roll WHERE poll_id = :poll
    """
)

# The voter's key is the first half of the token's hash. Who took part is told in no anonymous poll, and under a
# minimum not before the end: counted together it is the number of ballots.
_PAGE = text(
    """
    SELECT r.address, r.state, r.sent_at,
           CASE WHEN NOT p.anonymous
                 AND (p.minimum <= 1 OR c.ballots >= p.minimum AND c.ends_at <= clock_timestamp())
                THEN b.voter_key IS NOT NULL END AS took_part
    FROM roll r LEFT JOIN polls p USING (poll_id) LEFT JOIN counters c USING (poll_id)  -- a draft has neither
    LEFT JOIN ballots b ON b.poll_id = r.poll_id AND b.voter_key = substr(r.token_hash, 1, 16)
    WHERE r.poll_id = :poll AND r.address > :after ORDER BY r.address LIMIT :most
    """
)

# Claimed by putting the next try off: whoever claims and dies leaves it to be tried again.
_CLAIM = text(
    """
    UPDATE roll SET tries = tries + 1, due_at = now() + interval '2 minutes'
    WHERE (poll_id, address) IN (
        SELECT poll_id, address FROM roll WHERE state = 'waiting' AND due_at <= now()
        ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING poll_id, address, tries, reminder,
        (SELECT owner_id FROM polls WHERE polls.poll_id = roll.poll_id) AS owner
    """
)

_LOCK = text("SELECT version FROM counters WHERE poll_id = :poll FOR NO KEY UPDATE")

_MARK = text("INSERT INTO drafts (poll_id, owner_id) VALUES (:poll, :owner) ON CONFLICT DO NOTHING")

# Neither is a row that a ballot locks, so votes go on.
_HOLD_DRAFT = text("SELECT 1 FROM drafts WHERE poll_id = :poll FOR UPDATE")

_HOLD_PUBLISHED = text("SELECT version FROM polls WHERE poll_id = :poll FOR NO KEY UPDATE")

_TOKEN = text("SELECT token_hash FROM roll WHERE poll_id = :poll AND address = :address FOR UPDATE")

_VOID = text("DELETE FROM credentials WHERE poll_id = :poll AND token_hash = :token")

_SET_TOKEN = text("UPDATE roll SET token_hash = :token WHERE poll_id = :poll AND address = :address")

_SENT = text(
    "UPDATE roll SET state = 'sent', sent_at = now(), reminder = false WHERE poll_id = :poll AND address = :address"
)

# Who is reminded was invited: that mail was taken, whatever becomes of this one.
_FAILED = text(
    "UPDATE roll SET state = CASE WHEN reminder THEN 'sent' ELSE 'failed' END, reminder = false"
    " WHERE poll_id = :poll AND address = :address"
)

_PUT_OFF = text(
    "UPDATE roll SET due_at = now() + make_interval(secs => :seconds) WHERE poll_id = :poll AND address = :address"
)

# Nothing was tried, so it doesn't count as a try.
_HOLD = text(
    "UPDATE roll SET tries = tries - 1, due_at = now() + make_interval(secs => :seconds)"
    " WHERE poll_id = :poll AND address = :address"
)

_TOOK_PART = {
    anonymous: text(f"SELECT 1 FROM {table} WHERE poll_id = :poll AND voter_key = :key")  # noqa: S608  (constants)
    for anonymous, table in ((False, "ballots"), (True, "participations"))
}


class Due(Struct, frozen=True):
    """An invitation that is to be sent.

    Attributes:
        poll_id: The poll.
        owner: Who invites.
        address: Whom.
        tries: Which try this is; the first is 1.
        reminder: It reminds somebody who was invited before.
    """

    poll_id: UUID
    owner: UUID
    address: str
    tries: int
    reminder: bool


async def count_credentials(session: AsyncSession, poll: UUID) -> int:
    """Return how many voting tokens a poll has."""
    return int((await session.execute(_COUNT, {"poll": poll})).scalar_one())


async def add_credentials(session: AsyncSession, poll_id: UUID, hashes: list[bytes]) -> None:
    """Store voting tokens."""
    await session.execute(_ADD, {"poll": poll_id, "hashes": hashes})


async def batch_of(session: AsyncSession, poll_id: UUID, key: str) -> int | None:
    """Return how many voting tokens an idempotency key has made; None if it hasn't been sent."""
    return (await session.execute(_BATCH, {"poll": poll_id, "key": key})).scalar_one_or_none()


async def add_batch(session: AsyncSession, poll_id: UUID, key: str, count: int) -> None:
    """Note how many voting tokens an idempotency key makes; the poll is held."""
    await session.execute(_ADD_BATCH, {"poll": poll_id, "key": key, "count": count})


async def mark_draft(session: AsyncSession, poll_id: UUID, owner: UUID) -> None:
    """Mark a draft as being prepared, unless it is marked."""
    await session.execute(_MARK, {"poll": poll_id, "owner": owner})


async def hold_poll(session: AsyncSession, poll_id: UUID, version: int | None) -> bool:
    """Keep changes of who may vote out until the transaction ends.

    Args:
        session: The transaction's.
        poll_id: The poll.
        version: The version of its rules that was looked at; None if it was a draft.

    Returns:
        Whether it is that still.
    """
    if version is None:
        return (await session.execute(_HOLD_DRAFT, {"poll": poll_id})).first() is not None
    return (await session.execute(_HOLD_PUBLISHED, {"poll": poll_id})).scalar_one_or_none() == version


async def invite(session: AsyncSession, poll_id: UUID, addresses: list[str], *, resend: bool, draft: bool) -> int:
    """Put addresses on the roll; return how many of them get a mail, which waits while the poll is a draft."""
    values = {"poll": poll_id, "addresses": addresses, "resend": resend, "draft": draft}
    return len((await session.execute(_INVITE, values)).all())


async def prepared(session: AsyncSession, owner: UUID) -> int:
    """Return how many addresses stand on the rolls of somebody's drafts."""
    return int((await session.execute(_PREPARED, {"owner": owner})).scalar_one())


async def sent_since(session: AsyncSession, owner: UUID, age: timedelta) -> tuple[list[tuple[datetime, int]], datetime]:
    """Return when an owner sent how many invitations, the oldest first, and the moment; others of theirs wait."""
    await session.execute(_ONE_AT_A_TIME, {"owner": str(owner)})
    rows = await session.execute(_SENT_SINCE, {"owner": owner, "age": age})
    now: datetime = (await session.execute(_NOW)).scalar_one()
    return [(row.at, row.number) for row in rows], now


async def progress(session: AsyncSession, poll_id: UUID) -> tuple[int, int, int]:
    """Return how many invitations are waiting, sent, and failed."""
    waiting, sent, failed = (await session.execute(_PROGRESS, {"poll": poll_id})).one()
    return waiting, sent, failed


async def page(session: AsyncSession, poll_id: UUID, after: str, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return entries of the roll that sort after an address."""
    return (await session.execute(_PAGE, {"poll": poll_id, "after": after, "most": most})).all()


async def claim(session: AsyncSession, most: int) -> list[Due]:
    """Claim invitations that are due."""
    rows = await session.execute(_CLAIM, {"most": most})
    return [Due(row.poll_id, row.owner, row.address, row.tries, row.reminder) for row in rows]


async def lock_poll(session: AsyncSession, poll_id: UUID) -> int:
    """Keep votes in a poll out until the transaction ends; return the version of its rules."""
    return int((await session.execute(_LOCK, {"poll": poll_id})).scalar_one())


async def token_of(session: AsyncSession, poll_id: UUID, address: str) -> tuple[bool, bytes | None]:
    """Lock an address's entry; return whether there is one, and the hash of the token that was last made for it."""
    row = (await session.execute(_TOKEN, {"poll": poll_id, "address": address})).first()
    return row is not None, row.token_hash if row is not None else None


async def took_part(session: AsyncSession, poll_id: UUID, key: bytes, *, anonymous: bool) -> bool:
    """Say whether a voter has a counted ballot."""
    found = await session.execute(_TOOK_PART[anonymous], {"poll": poll_id, "key": key})
    return found.first() is not None


async def replace_token(session: AsyncSession, poll_id: UUID, address: str, last: bytes | None, new: bytes) -> None:
    """Give an address a token in place of its last one, or the last one again."""
    if last is not None:
        await session.execute(_VOID, {"poll": poll_id, "token": last})
    await add_credentials(session, poll_id, [new])
    await session.execute(_SET_TOKEN, {"poll": poll_id, "address": address, "token": new})


async def mark_sent(session: AsyncSession, poll_id: UUID, address: str) -> None:
    """Note that an invitation's mail was taken."""
    await session.execute(_SENT, {"poll": poll_id, "address": address})


async def mark_failed(session: AsyncSession, poll_id: UUID, address: str) -> None:
    """Give an invitation up."""
    await session.execute(_FAILED, {"poll": poll_id, "address": address})


async def put_off(session: AsyncSession, poll_id: UUID, address: str, seconds: float) -> None:
    """Try an invitation again later."""
    await session.execute(_PUT_OFF, {"poll": poll_id, "address": address, "seconds": seconds})


async def hold(session: AsyncSession, poll_id: UUID, address: str, seconds: float) -> None:
    """Let an invitation wait that wasn't tried."""
    await session.execute(_HOLD, {"poll": poll_id, "address": address, "seconds": seconds})
