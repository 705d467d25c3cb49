"""The SQL of export: equal ballots and how often each was cast, page by page.

A page is a statement of its own, so a slow download holds no connection. The poll is over; nothing moves
between pages.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.results import patterns as pattern_pages

_EMPTY_RANKING = b'{"ranking":[]}'

_GROUPS = {
    anonymous: text(
        f"""
        SELECT choice AS mark, choice, count(*) AS count FROM {table}
        WHERE poll_id = :poll AND choice > :after
        GROUP BY choice ORDER BY choice LIMIT :limit
        """  # noqa: S608  (constants)
    )
    for anonymous, table in ((False, "ballots"), (True, "anonymous_ballots"))
}

_SHAPE = text(
    """
    SELECT count(*) FILTER (WHERE choice <> :empty) AS patterns, coalesce(sum(count), 0)::bigint AS ballots,
           coalesce(sum(count) FILTER (WHERE choice = :empty), 0)::bigint AS empty,
           coalesce(max(jsonb_array_length(convert_from(choice, 'UTF8')::jsonb -> 'ranking')), 0) AS ranks
    FROM patterns WHERE poll_id = :poll
    """
)


async def page(
    session: AsyncSession, poll_id: UUID, after: bytes, limit: int, *, patterns: bool, anonymous: bool
) -> list[Any]:
    """Return distinct choices, each with its count and the mark to go on after.

    Args:
        session: Where to read.
        poll_id: The poll, which is over.
        after: The mark of the last one seen, b"" at first.
        limit: How many at most.
        patterns: Whether the poll's method counts patterns; otherwise the ballots are grouped.
        anonymous: Whether the poll is.
    """
    statement = pattern_pages.PAGE if patterns else _GROUPS[anonymous]
    return list((await session.execute(statement, {"poll": poll_id, "after": after, "limit": limit})).all())


class Shape(Struct, frozen=True):
    """What the head of a file tells of a poll's patterns.

    Attributes:
        patterns: Distinct ballots that rank something.
        ballots: Ballots that are counted in patterns.
        empty: Of these, ballots that rank nothing.
        ranks: Ranks of the longest one.
    """

    patterns: int
    ballots: int
    empty: int
    ranks: int


async def shape(session: AsyncSession, poll_id: UUID) -> Shape:
    """Return what the head of a file tells of a poll's patterns."""
    row = (await session.execute(_SHAPE, {"poll": poll_id, "empty": _EMPTY_RANKING})).one()
    return Shape(row.patterns, row.ballots, row.empty, row.ranks)
