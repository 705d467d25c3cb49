"""The SQL of results. Each read is one statement, so that all of it is of one moment."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Result, RowMapping, Uuid, bindparam, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.votebooth.models import AnonymousBallot, Ballot, ListedReceipt, Poll
from services.votebooth.results.releases import MOST_LISTED

_POLLS = bindparam("polls", type_=ARRAY(Uuid()))

# Glued together in the database: one value instead of a row a pattern, decoded outside of the event loop.
_PATTERNS = r"""
    (SELECT '\x5b'::bytea
            || coalesce(string_agg('\x5b'::bytea || choice || convert_to(',' || count || ']', 'UTF8'), '\x2c'), '')
            || '\x5d'::bytea
     FROM patterns WHERE patterns.poll_id = c.poll_id)
"""

# The end is judged by the clock after the snapshot was taken, so "over" may be said of counts that miss a
# ballot whose commit is under way; who needs them to be final takes `LOCK` first.
_STATES = """
    SELECT {definition} c.poll_id, c.version, c.seq, c.ballots, c.abstentions, c.sums,
           clock_timestamp() AS now,
           c.opens_at <= clock_timestamp() AS opened,
           coalesce(c.ends_at <= clock_timestamp(), false) AS over,
           c.opens_at, c.ends_at, c.salt_nonce, c.salt,
           r.seq AS released_seq, r.ballots AS released_ballots,
           r.abstentions AS released_abstentions, r.sums AS released_sums
    FROM polls p JOIN counters c USING (poll_id) LEFT JOIN releases r USING (poll_id)
    WHERE p.poll_id = {which} AND NOT p.deleted
"""
_STATE = text(_STATES.format(definition="p.definition,", which=":poll"))
_STATE_OF_MANY = text(_STATES.format(definition="", which="ANY(:polls)")).bindparams(_POLLS)

_LOCK = text("SELECT 1 FROM counters WHERE poll_id = :poll FOR SHARE")
# In the order in which whoever writes ballots locks them.
_LOCK_MANY = text("SELECT 1 FROM counters WHERE poll_id = ANY(:polls) ORDER BY poll_id FOR SHARE").bindparams(_POLLS)

_COUNTS = text(
    f"""
    SELECT c.version, c.seq, c.ballots, c.abstentions, c.sums, {_PATTERNS} AS patterns
    FROM counters c WHERE c.poll_id = :poll
    """  # noqa: S608  (joined from constants)
)

_RELEASED = text("SELECT seq, ballots, abstentions, sums, patterns FROM releases WHERE poll_id = :poll")

# Whoever releases at the same time waits, so that each sees the list that the one before has left.
_ONE_RELEASE = text("SELECT pg_advisory_xact_lock(hashtextextended('votewave release ' || :poll, 0))")

# Each is one statement, so that counts, patterns and receipts are of one moment.
_RELEASE = r"""
    INSERT INTO releases AS r (poll_id, seq, ballots, abstentions, sums, patterns)
    SELECT c.poll_id, c.seq, c.ballots, c.abstentions, c.sums, {patterns}
    FROM counters c WHERE c.poll_id = :poll AND c.ballots BETWEEN :least AND :most
    ON CONFLICT (poll_id) DO UPDATE
    SET seq = excluded.seq, ballots = excluded.ballots, abstentions = excluded.abstentions,
        sums = excluded.sums, patterns = excluded.patterns, released_at = clock_timestamp()
    WHERE excluded.seq > r.seq AND abs(excluded.ballots - r.ballots) >= :step
    RETURNING r.poll_id
"""
_RELEASE_LISTED = r"""
    WITH released AS ({release}), gone AS (
        DELETE FROM listed_receipts l USING released
        WHERE l.poll_id = released.poll_id
          AND NOT EXISTS (SELECT FROM {ballots} b WHERE b.poll_id = l.poll_id AND b.{receipt} = l.receipt)
    )
    INSERT INTO listed_receipts (poll_id, receipt)
    SELECT b.poll_id, b.{receipt} FROM {ballots} b JOIN released USING (poll_id)
    WHERE NOT EXISTS (SELECT FROM listed_receipts l WHERE l.poll_id = b.poll_id AND l.receipt = b.{receipt})
    ORDER BY b.{receipt}
"""
_RECEIPTS = {
    False: {"ballots": "ballots", "receipt": "receipt"},
    True: {"ballots": "anonymous_ballots", "receipt": "ballot_id"},
}

_RELEASES = {patterns: _RELEASE.format(patterns=_PATTERNS if patterns else "NULL") for patterns in (False, True)}
_UNLISTED_RELEASES = {patterns: text(release) for patterns, release in _RELEASES.items()}
_LISTED_RELEASES = {
    (patterns, anonymous): text(_RELEASE_LISTED.format(release=release, **_RECEIPTS[anonymous]))
    for patterns, release in _RELEASES.items()
    for anonymous in (False, True)
}

_END_STEPS = tuple(
    text(f"DELETE FROM {table} WHERE poll_id = ANY(:polls)").bindparams(_POLLS)  # noqa: S608  (constants)
    for table in ("releases", "listed_receipts")
)

_HEADS = text("SELECT poll_id, seq, version FROM counters WHERE poll_id = ANY(:polls)").bindparams(_POLLS)

_ANY_NUMBER = 2**63 - 1

_KEY_BYTES = 16
"""Of a voter's key; what follows says whose of a network's guests the ballot is."""

_VOTED = {
    anonymous: text(
        f"SELECT voter_key || coalesce(caster, '') AS voter_key FROM {table} "  # noqa: S608  (constants)
        "WHERE poll_id = :poll AND voter_key = ANY(:keys)"
    ).bindparams(bindparam("keys", type_=ARRAY(BYTEA)))
    for anonymous, table in ((False, "ballots"), (True, "participations"))
}

_SEED_PARTS = text(
    "SELECT receipts_digest, salt FROM counters "
    "WHERE poll_id = :poll AND version = :version AND receipts_digest IS NOT NULL"
)

_KEEP_SEED_PARTS = text(
    """
    UPDATE counters SET receipts_digest = :digest, salt = coalesce(salt, :salt)
    WHERE poll_id = :poll AND version = :version AND ends_at <= clock_timestamp()
    RETURNING receipts_digest, salt
    """
)

# A salt that was kept has been shown: the poll was taken to be over.
_RENEW_SALT = text(
    """
    UPDATE counters SET salt_nonce = gen_random_uuid(), salt = NULL
    WHERE poll_id = :poll AND (salt_nonce IS NULL OR salt IS NOT NULL)
      AND (ends_at IS NULL OR ends_at > clock_timestamp())
    """
)


async def state(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's definition, counts, last release and where it stands; None if it isn't known."""
    return (await session.execute(_STATE, {"poll": poll_id})).mappings().first()


async def states(session: AsyncSession, polls: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """Return the same of many polls less their definitions, by poll; those that aren't known are left out."""
    rows = (await session.execute(_STATE_OF_MANY, {"polls": list(polls)})).mappings()
    return {row["poll_id"]: row for row in rows}


async def lock(session: AsyncSession, poll_id: UUID) -> None:
    """Wait for the ballots whose commit is under way, and keep others out until the transaction ends."""
    await session.execute(_LOCK, {"poll": poll_id})


async def lock_many(session: AsyncSession, polls: Sequence[UUID]) -> None:
    """Do the same for many polls."""
    await session.execute(_LOCK_MANY, {"polls": list(polls)})


async def counts(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's counts and patterns of one moment."""
    return (await session.execute(_COUNTS, {"poll": poll_id})).mappings().first()


async def released(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's last release with its patterns."""
    return (await session.execute(_RELEASED, {"poll": poll_id})).mappings().first()


async def release(
    session: AsyncSession, poll_id: UUID, least: int, step: int, *, patterns: bool, anonymous: bool
) -> None:
    """Freeze the counts of this moment, and the list of receipts, as the poll's release, unless too little has changed.

    Args:
        session: A transaction.
        poll_id: The poll.
        least: Ballots that the first release wants.
        step: Ballots by which later ones have to differ from the one before.
        patterns: Whether the method needs them.
        anonymous: Whether the poll is.
    """
    await session.execute(_ONE_RELEASE, {"poll": str(poll_id)})
    arguments = {"poll": poll_id, "step": step}
    await session.execute(_LISTED_RELEASES[patterns, anonymous], {**arguments, "least": least, "most": MOST_LISTED})
    await session.execute(
        _UNLISTED_RELEASES[patterns], {**arguments, "least": max(least, MOST_LISTED + 1), "most": _ANY_NUMBER}
    )


async def end_steps(session: AsyncSession, *polls: UUID) -> None:
    """Forget the last release of polls that are over: which step a ballot came with is nobody's business any more."""
    for statement in _END_STEPS:
        await session.execute(statement, {"polls": list(polls)})


async def heads(session: AsyncSession, polls: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return the sequence number and version of each poll."""
    rows = await session.execute(_HEADS, {"polls": polls})
    return {row.poll_id: (row.seq, row.version) for row in rows}


async def voted(session: AsyncSession, poll_id: UUID, keys: Iterable[bytes], *, anonymous: bool) -> set[bytes]:
    """Return those of the voter keys that have a counted ballot."""
    wanted = set(keys)
    arguments = {"poll": poll_id, "keys": [key[:_KEY_BYTES] for key in wanted]}
    rows: Any = await session.execute(_VOTED[anonymous], arguments)
    return wanted & {bytes(row.voter_key) for row in rows}


async def seed_parts(session: AsyncSession, poll_id: UUID, version: int) -> tuple[bytes, bytes | None] | None:
    """Return what was kept after a poll's end: the digest of its receipts and its salt; None if nothing was."""
    return _parts(await session.execute(_SEED_PARTS, {"poll": poll_id, "version": version}))


async def keep_seed_parts(
    session: AsyncSession, poll_id: UUID, version: int, digest: bytes, salt: bytes | None
) -> tuple[bytes, bytes | None] | None:
    """Keep what the seed of a poll that is over is made of; return what is kept, None if its rules have changed.

    A salt that is there already stays.
    """
    arguments = {"poll": poll_id, "version": version, "digest": digest, "salt": salt}
    return _parts(await session.execute(_KEEP_SEED_PARTS, arguments))


def _parts(found: Result[Any]) -> tuple[bytes, bytes | None] | None:
    row = found.first()
    return None if row is None else (bytes(row.receipts_digest), None if row.salt is None else bytes(row.salt))


async def renew_salt(session: AsyncSession, poll_id: UUID) -> None:
    """Give a poll that isn't over a salt if it has none, and another one if its salt has been shown."""
    await session.execute(_RENEW_SALT, {"poll": poll_id})


def _is_kept(poll_id: UUID) -> ColumnElement[bool]:
    """Say that a poll isn't deleted: rules in memory may not say so yet."""
    return ~exists().where(Poll.poll_id == poll_id, Poll.deleted)


def _receipt_column(*, anonymous: bool, listed: bool = False) -> InstrumentedAttribute[bytes]:
    if listed:
        return ListedReceipt.receipt
    return AnonymousBallot.ballot_id if anonymous else Ballot.receipt


async def receipts(
    session: AsyncSession, poll_id: UUID, after: bytes, most: int, *, anonymous: bool, listed: bool = False
) -> Sequence[bytes]:
    """Return the receipts of counted ballots that sort after another.

    Args:
        session: Where to read.
        poll_id: The poll.
        after: The receipt; b"" at first.
        most: How many at most.
        anonymous: Whether the poll is.
        listed: As of the last release, not of this moment.
    """
    column = _receipt_column(anonymous=anonymous, listed=listed)
    found = select(column).where(column.class_.poll_id == poll_id, column > after, _is_kept(poll_id))
    return (await session.scalars(found.order_by(column).limit(most))).all()


async def has_receipt(
    session: AsyncSession, poll_id: UUID, receipt: bytes, *, anonymous: bool, listed: bool = False
) -> bool:
    """Say whether a counted ballot has this receipt; `listed`: or had, as of the last release."""
    column = _receipt_column(anonymous=anonymous, listed=listed)
    statement = select(column).where(column.class_.poll_id == poll_id, column == receipt, _is_kept(poll_id))
    return (await session.execute(statement)).first() is not None
