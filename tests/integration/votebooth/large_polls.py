"""Polls with many options and many ballots that differ, made in the database: to cast them would take minutes."""

from typing import Any
from uuid import UUID

import httpx

from .booth_world import Headers, a_poll

OPTIONS = 500

_SCORES = """string_agg('"' || o || '":' || ((n >> (o % 12)) & 1) * 2 + o % 3 + 1, ',')"""
_RANKS = """string_agg('[' || o || ']', ',' ORDER BY (o * 7919 + n * 104729) % 1009, o)"""

_BALLOTS = f"""
    INSERT INTO votebooth.ballots (poll_id, voter_key, choice, receipt)
    SELECT $1, substr(sha256(convert_to(n::text, 'UTF8')), 1, 16),
           convert_to('{{"' || $2 || '":' || marks || '}}', 'UTF8'), substr(sha256(convert_to('r' || n, 'UTF8')), 1, 16)
    FROM generate_series(1, $3::int) n CROSS JOIN LATERAL (
        SELECT CASE $2 WHEN 'scores' THEN '{{' || {_SCORES} || '}}' ELSE '[' || {_RANKS} || ']' END
        FROM generate_series(1, $4::int) o
    ) marked(marks)
"""
_PATTERNS = """
    INSERT INTO votebooth.patterns (poll_id, pattern_id, choice, count)
    SELECT poll_id, substr(sha256(choice), 1, 16), choice, count(*) FROM votebooth.ballots
    WHERE poll_id = $1 GROUP BY poll_id, choice
"""
_SUMS = {
    "scores": """
        UPDATE votebooth.counters SET ballots = $2, seq = seq + 1, sums = (
            SELECT array_agg(s ORDER BY o) FROM (
                SELECT key::int AS o, sum(value::int) AS s FROM votebooth.ballots b,
                       jsonb_each_text(convert_from(b.choice, 'UTF8')::jsonb -> 'scores')
                WHERE b.poll_id = $1 GROUP BY 1
            ) summed
        ) WHERE poll_id = $1
    """,
    "ranking": """
        UPDATE votebooth.counters SET ballots = $2, seq = seq + 1, sums = (
            SELECT array_agg(s ORDER BY o) FROM (
                SELECT o, count(b.first) AS s FROM generate_series(1, $3::int) o LEFT JOIN (
                    SELECT (convert_from(choice, 'UTF8')::jsonb -> 'ranking' -> 0 ->> 0)::int AS first
                    FROM votebooth.ballots WHERE poll_id = $1
                ) b ON b.first = o GROUP BY o
            ) summed
        ) WHERE poll_id = $1
    """,
}


async def a_large_poll(
    client: httpx.AsyncClient, votewave: Any, owner: Headers, method: str, ballots: int, options: int = OPTIONS
) -> str:
    """Publish a poll and give it ballots that all differ, its counters and patterns with them."""
    poll = await a_poll(client, owner, method, options=tuple(f"Option {number}" for number in range(options)))
    field = "scores" if method in {"score", "star"} else "ranking"
    await client.get(f"/v1/votebooth/polls/{poll}/salt")  # so that VoteBooth knows it
    await votewave.sql(_BALLOTS, UUID(poll), field, ballots, options)
    if method != "score":
        await votewave.sql(_PATTERNS, UUID(poll))
    numbers = [ballots] if field == "scores" else [ballots, options]
    await votewave.sql(_SUMS[field], UUID(poll), *numbers)
    return poll
