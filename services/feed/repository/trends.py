"""Which tags are lively: reckoned now and then from what was published lately, and read as it was reckoned.

A tag's score is the sum of what its people give it. Each gives once, whatever they publish: by their newest entry with
the tag, 1 at this moment, half of it eight hours later, and so on; nothing after two days. Who uses more than five tags
in that time gives five in all, to each the less. A tag of less than three people isn't lively.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text

from services.core.data.repository import Repository
from services.core.ids import id_at
from services.feed.models import Trend

HALF_LIFE = timedelta(hours=8)
WINDOW = timedelta(days=2)
FEWEST_PEOPLE = 3
MOST_GIVEN = 5
"""How many tags one account gives its whole weight to."""

_MOST = 100
"""Tags that are kept."""

_SOON = timedelta(seconds=30)
"""What is as new needn't be reckoned anew."""

_ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(hashtextextended('votewave trends', 0))")

# Each account and tag by the newest entry; its age follows from `created_at`, of which ordinals are made.
_RECKON = text(
    """
    INSERT INTO trend (tag, score, people)
    SELECT tag, sum(power(0.5::float8, greatest(0, extract(epoch FROM now() - last)) / :half_life)
                    * least(1.0, :most_given / tags::float8)), count(*)
    FROM (
        SELECT tagged.tag, entry.author, max(entry.created_at) AS last,
               count(*) OVER (PARTITION BY entry.author) AS tags
        FROM tagged JOIN entry ON entry.id = tagged.entry
        WHERE tagged.ordinal >= :since AND entry.audience = 'public' AND entry.author <> :nobody
          AND NOT EXISTS (SELECT FROM person WHERE person.id = entry.author
                          AND (person.deleted OR person.private AND entry.kind <> 'poll'))
        GROUP BY tagged.tag, entry.author
    ) AS used
    GROUP BY tag HAVING count(*) >= :fewest_people ORDER BY 2 DESC, tag LIMIT :most
    """
)


class TrendRepository(Repository[Trend]):
    """Lively tags."""

    model_type = Trend

    async def liveliest(self, limit: int) -> Sequence[Row[str, int]]:
        """Return the liveliest tags: `tag`, `people`."""
        statement = select(Trend.tag, Trend.people).order_by(Trend.score.desc(), Trend.tag).limit(limit)
        return (await self.session.execute(statement)).all()

    async def reckon(self) -> bool:
        """Put new scores in the place of the last ones, unless those are new or somebody is at it; say whether."""
        if not (await self.session.execute(_ONE_AT_A_TIME)).scalar_one():
            return False
        new = select(Trend.tag).where(Trend.at > func.now() - _SOON).limit(1)
        if (await self.session.execute(new)).first() is not None:
            return False
        await self.session.execute(delete(Trend))
        since = id_at(datetime.now(UTC) - WINDOW, 0)
        numbers = {"half_life": HALF_LIFE.total_seconds(), "most_given": MOST_GIVEN, "fewest_people": FEWEST_PEOPLE}
        await self.session.execute(_RECKON, {"since": since, "nobody": UUID(int=0), "most": _MOST, **numbers})
        return True
