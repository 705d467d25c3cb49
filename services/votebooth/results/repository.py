"""The SQL of results. Each read is one statement, so that all of it is of one moment."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Uuid, bindparam, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.votebooth.models import AnonymousBallot, Ballot, Poll

# Glued together in the database: one value instead of a row a pattern, decoded outside of the event loop.
_PATTERNS = r"""
    (SELECT '\x5b'::bytea
            || coalesce(string_agg('\x5b'::bytea || choice || convert_to(',' || count || ']', 'UTF8'), '\x2c'), '')
            || '\x5d'::bytea
     FROM patterns WHERE patterns.poll_id = c.poll_id)
"""

# The end is judged by the clock after the snapshot was taken, so "over" may be said of counts that miss a
# ballot whose commit is under way; who needs them to be final takes `LOCK` first.
_STATE = text(
    """
    SELECT p.definition, c.version, c.seq, c.ballots, c.abstentions, c.sums,
           clock_timestamp() AS now,
           c.opens_at <= clock_timestamp() AS opened,
           coalesce(c.ends_at <= clock_timestamp(), false) AS over,
           c.opens_at, c.ends_at,
           r.seq AS released_seq, r.ballots AS released_ballots,
           r.abstentions AS released_abstentions, r.sums AS released_sums
    FROM polls p JOIN counters c USING (poll_id) LEFT JOIN releases r USING (poll_id)
    WHERE p.poll_id = :poll AND NOT p.deleted
    """
)

_LOCK = text("SELECT 1 FROM counters WHERE poll_id = :poll FOR SHARE")

_COUNTS = text(
    f"""
    SELECT c.version, c.seq, c.ballots, c.abstentions, c.sums, {_PATTERNS} AS patterns
    FROM counters c WHERE c.poll_id = :poll
    """  # noqa: S608  (joined from constants)
)

_RELEASED = text("SELECT seq, ballots, abstentions, sums, patterns FROM releases WHERE poll_id = :poll")

_RELEASE = r"""
    INSERT INTO releases AS r (poll_id, seq, ballots, abstentions, sums, patterns)
    SELECT c.poll_id, c.seq, c.ballots, c.abstentions, c.sums, {patterns}
    FROM counters c WHERE c.poll_id = :poll AND c.ballots >= :least
    ON CONFLICT (poll_id) DO UPDATE
    SET seq = excluded.seq, ballots = excluded.ballots, abstentions = excluded.abstentions,
        sums = excluded.sums, patterns = excluded.patterns, released_at = clock_timestamp()
    WHERE excluded.seq > r.seq AND abs(excluded.ballots - r.ballots) >= :step
"""
_RELEASE_SUMS = text(_RELEASE.format(patterns="NULL"))
_RELEASE_PATTERNS = text(_RELEASE.format(patterns=_PATTERNS))

_HEADS = text("SELECT poll_id, seq, version FROM counters WHERE poll_id = ANY(:polls)").bindparams(
    bindparam("polls", type_=ARRAY(Uuid()))
)

_KEY_BYTES = 16
"""Of a voter's key; what follows says whose of a network's guests the ballot is."""

_VOTED = {
    anonymous: text(
        f"SELECT voter_key || coalesce(caster, '') AS voter_key FROM {table} "  # noqa: S608  (constants)
        "WHERE poll_id = :poll AND voter_key = ANY(:keys)"
    ).bindparams(bindparam("keys", type_=ARRAY(BYTEA)))
    for anonymous, table in ((False, "ballots"), (True, "participations"))
}

_DIGEST = text("SELECT receipts_digest FROM counters WHERE poll_id = :poll AND version = :version")

_KEEP_DIGEST = text(
    """
    UPDATE counters SET receipts_digest = :digest
    WHERE poll_id = :poll AND version = :version AND ends_at <= clock_timestamp()
    """
)


async def state(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's definition, counts, last release and where it stands; None if it isn't known."""
    return (await session.execute(_STATE, {"poll": poll_id})).mappings().first()


async def lock(session: AsyncSession, poll_id: UUID) -> None:
    """Wait for the ballots whose commit is under way, and keep others out until the transaction ends."""
    await session.execute(_LOCK, {"poll": poll_id})


async def counts(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's counts and patterns of one moment."""
    return (await session.execute(_COUNTS, {"poll": poll_id})).mappings().first()


async def released(session: AsyncSession, poll_id: UUID) -> RowMapping | None:
    """Return a poll's last release with its patterns."""
    return (await session.execute(_RELEASED, {"poll": poll_id})).mappings().first()


async def release(session: AsyncSession, poll_id: UUID, least: int, step: int, *, patterns: bool) -> None:
    """Freeze the counts of this moment as the poll's release, unless too little has changed.

    Args:
        session: A transaction.
        poll_id: The poll.
        least: Ballots that the first release wants.
        step: Ballots by which later ones have to differ from the one before.
        patterns: Whether the method needs them.
    """
    statement = _RELEASE_PATTERNS if patterns else _RELEASE_SUMS
    await session.execute(statement, {"poll": poll_id, "least": least, "step": step})


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


async def receipts_digest(session: AsyncSession, poll_id: UUID, version: int) -> bytes | None:
    """Return the digest of a poll's receipts that was kept after its end."""
    kept = (await session.execute(_DIGEST, {"poll": poll_id, "version": version})).scalar_one_or_none()
    return None if kept is None else bytes(kept)


async def keep_receipts_digest(session: AsyncSession, poll_id: UUID, version: int, digest: bytes) -> None:
    """Keep the digest of the receipts of a poll that is over, unless its rules have changed meanwhile."""
    await session.execute(_KEEP_DIGEST, {"poll": poll_id, "version": version, "digest": digest})


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
