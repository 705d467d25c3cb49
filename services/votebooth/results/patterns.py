"""The SQL of patterns that are read in pieces: those of a large poll are more than a process has memory for."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

_COUNTED = {
    released: text(f"SELECT seq, ballots, abstentions, sums FROM {table} WHERE poll_id = :poll")  # noqa: S608  (constants)
    for released, table in ((False, "counters"), (True, "releases"))
}

_BYTES = {
    False: text("SELECT coalesce(sum(octet_length(choice)), 0) FROM patterns WHERE poll_id = :poll"),
    True: text("SELECT coalesce(octet_length(patterns), 0) FROM releases WHERE poll_id = :poll"),
}

# By the pattern's hash: as good as shuffled, and the primary key's own order.
PAGE = text(
    """
    SELECT pattern_id AS mark, choice, count FROM patterns
    WHERE poll_id = :poll AND pattern_id > :after ORDER BY pattern_id LIMIT :limit
    """
)

_SLICE = text("SELECT substr(patterns, :first, :most) FROM releases WHERE poll_id = :poll")
_SLICE_BYTES = 4_000_000


async def size(session: AsyncSession, poll_id: UUID, *, released: bool) -> int:
    """Return how many bytes a poll's patterns take, as they are now or were last released."""
    return int((await session.execute(_BYTES[released], {"poll": poll_id})).scalar() or 0)


async def counts(session: AsyncSession, poll_id: UUID, *, released: bool) -> RowMapping | None:
    """Return a poll's counts, or those of its last release, and let the session see patterns of the same moment."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return (await session.execute(_COUNTED[released], {"poll": poll_id})).mappings().first()


async def pieces(session: AsyncSession, poll_id: UUID, some: int) -> AsyncIterator[bytes]:
    """Yield a poll's patterns as JSON `[[choice, count], …]`, `some` patterns at a time."""
    after, before, more = b"", b"[", True
    while more:
        rows = (await session.execute(PAGE, {"poll": poll_id, "after": after, "limit": some})).all()
        if rows:
            yield before + b",".join(b"[%b,%d]" % (choice, count) for _, choice, count in rows)
            after, before = rows[-1].mark, b","
        more = len(rows) == some
    yield b"]" if after else b"[]"


async def released_pieces(session: AsyncSession, poll_id: UUID) -> AsyncIterator[bytes]:
    """Yield the same of a poll's last release, four megabytes at a time."""
    first, more = 1, True
    while more:
        found = await session.execute(_SLICE, {"poll": poll_id, "first": first, "most": _SLICE_BYTES})
        piece = bytes(found.scalar() or b"")
        yield piece
        more = len(piece) == _SLICE_BYTES
        first += _SLICE_BYTES
