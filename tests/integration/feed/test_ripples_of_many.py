"""What a Wave costs that very many share on, in the home feeds of those who follow some of them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.core.ids import new_id
from services.feed.repository import lists
from services.feed.repository.parts import BEFORE_ALL
from services.feed.service import Feed
from sqlalchemy import Executable
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement
from tests.conftest import VoteWave

_FILL = """
WITH sharing AS (
    SELECT gen_random_uuid() AS account, number, now() - interval '2 days' + number * interval '1 second' AS at
    FROM generate_series(1, $2::int) AS number
), followed AS (
    INSERT INTO feed.follow (follower, followee, accepted, version)
    SELECT $3, account, true, 1 FROM sharing WHERE number > $2::int - $4::int
)
INSERT INTO feed.ripple (id, version, ordinal, account, original, shown, created_at)
SELECT gen_random_uuid(), 1,
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800000' || lpad(to_hex(number), 10, '0'))
        ::uuid,
    account, $1, true, at FROM sharing
"""


class Explained(Executable, ClauseElement):
    """What Postgres does for a statement, as it does it."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explained)  # type: ignore[no-untyped-call,untyped-decorator]  # SQLAlchemy has no types for it
def _explained(element: Explained, compiler: Any, **more: Any) -> str:
    return "EXPLAIN (ANALYZE, FORMAT JSON) " + str(compiler.process(element.statement, **more))


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


async def rows_read(feed: Feed, viewer: UUID, first: UUID) -> int:
    """Return how many rows of Ripples and follows a page of a home takes from the tables and their indexes."""
    async with feed.kit.db.reading() as session:
        values = {"after": BEFORE_ALL, "viewer": viewer, "rows": 21}
        [[answer]] = (await session.execute(Explained(lists.HOME.statement), values)).all()
        at_home = (await session.execute(lists.HOME.statement, values)).all()
    read = 0
    for node in nodes_of(answer[0]["Plan"]):
        if node.get("Relation Name") in {"ripple", "follow"} or "ripple" in str(node.get("Index Name")):
            each = node["Actual Rows"] + sum(
                node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck")
            )
            read += round(each * node["Actual Loops"])
    assert [row.rippler for row in at_home] == [first], (
        "the first whom the viewer follows brings it up, and nobody else"
    )
    return read


async def test_a_wave_that_many_share_on_costs_its_readers_little(feed: Feed, votewave: VoteWave) -> None:
    # Beside it are those that two share on, as few do of most: by these the planner reckons. Were it one, it would take
    # the index by Wave and the one by account and Wave for equally good, and now and then read all of this one.
    other = new_id()
    await votewave.sql(
        "INSERT INTO feed.ripple (id, version, ordinal, account, original, shown, created_at)"
        " SELECT gen_random_uuid(), 1, gen_random_uuid(), $1, original, true, now() - interval '1 day'"
        " FROM (SELECT gen_random_uuid() AS original FROM generate_series(1, 30000)) AS wave, generate_series(1, 2)",
        other,
    )
    read = {}
    for sharing, followed in ((1_000, 100), (20_000, 100), (20_000, 400)):
        wave, viewer = new_id(), new_id()
        await votewave.sql(
            "INSERT INTO feed.entry (id, kind, version, ordinal, author, audience, text, created_at)"
            " VALUES ($1, 'wave', 1, $1, $1, 'public', 'Hear me', now() - interval '20 days')",
            wave,
        )
        await votewave.sql(_FILL, wave, sharing, viewer, followed)
        await votewave.sql("ANALYZE feed.ripple, feed.follow")
        [first] = await votewave.sql(
            "SELECT account FROM feed.ripple WHERE original = $1 ORDER BY ordinal OFFSET $2 LIMIT 1",
            wave,
            sharing - followed,
        )
        read[sharing, followed] = await rows_read(feed, viewer, first["account"])
        await votewave.sql("DELETE FROM feed.ripple WHERE original = $1", wave)
        await votewave.sql("DELETE FROM feed.follow WHERE follower = $1", viewer)
        await votewave.sql("DELETE FROM feed.entry WHERE id = $1", wave)
    await votewave.sql("DELETE FROM feed.ripple WHERE account = $1", other)
    assert read[20_000, 100] < 1.2 * read[1_000, 100], "it doesn't grow with how many share it on"
    assert read[20_000, 400] < 5 * read[20_000, 100], "nor with the square of how many of them one follows"
    assert read[20_000, 400] < 50_000
