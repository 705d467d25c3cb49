"""A network of people who follow each other and publish polls, written into Feed's tables at once."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from services.core.ids import new_id
from services.feed.ordinals import ordinal_of
from services.feed.words import spellings

_WORDS = 20_000
_SYLLABLES = [first + vowel for first in "bcdfghklmnprstvz" for vowel in "aeiou"]

# Some have very many followers, and some follow very many: a power law on either side.
_EDGES = """
INSERT INTO feed.follow (follower, followee, accepted, version)
SELECT follower.id, followee.id, true, 1
FROM (SELECT floor(power(random(), 1.5) * $2)::int AS one, floor(power(random(), 3) * $2)::int AS other
      FROM generate_series(1, $1)) AS pair
JOIN account AS follower ON follower.number = pair.one
JOIN account AS followee ON followee.number = pair.other
WHERE one <> other ON CONFLICT DO NOTHING
"""
_FOLLOWERS = """
INSERT INTO feed.follow (follower, followee, accepted, version)
SELECT id, $1, true, 1 FROM account WHERE id <> $1 ORDER BY number LIMIT $2 ON CONFLICT DO NOTHING
"""
_FOLLOWED = """
INSERT INTO feed.follow (follower, followee, accepted, version)
SELECT $1, id, true, 1 FROM account WHERE id <> $1 ORDER BY number DESC LIMIT $2 ON CONFLICT DO NOTHING
"""
_PEOPLE = """
INSERT INTO feed.person (id, version, handle, display_name, deleted)
SELECT id, 1, 'person_' || number, 'Person ' || number, false FROM account
"""
_ENTRIES = """
INSERT INTO feed.entry (id, kind, version, ordinal, author, audience, text, created_at, words)
SELECT id, 'poll', 1, ordinal, author, 'public', text, created_at, array_to_tsvector(string_to_array(text, ' '))
FROM published
"""


class Network:
    """What was made.

    Attributes:
        people: Accounts.
        star: Who has the most followers.
        eager: Who follows as many as one may.
        words: Those of the titles, the most used first.
    """

    def __init__(self, people: int, seed: int = 1) -> None:
        self.dice = random.Random(seed)  # noqa: S311  (the same network each time)
        self.people = [new_id() for _ in range(people)]
        self.star, self.eager = self.people[0], self.people[-1]
        self.words = list(dict.fromkeys(self._word() for _ in range(_WORDS)))

    def any_word(self) -> str:
        """Return a word of some titles; common ones are likelier."""
        return self.words[int(self.dice.random() ** 3 * len(self.words))]

    async def write(
        self, connection: "asyncpg.Connection[asyncpg.Record]", *, edges: int, polls: int, followers: int, followed: int
    ) -> int:
        """Write the network; return how many follows there are.

        Args:
            connection: The administrator's.
            edges: Follows that are drawn; doubled ones count once.
            polls: How many are published.
            followers: Of `star`.
            followed: By `eager`.
        """
        await connection.execute(
            "CREATE TEMP TABLE account (number int PRIMARY KEY, id uuid);"
            "CREATE TEMP TABLE published (id uuid, ordinal uuid, author uuid, text text, created_at timestamptz);"
            "SELECT setseed(0.5)"
        )
        await connection.copy_records_to_table("account", records=list(enumerate(self.people)))
        await connection.copy_records_to_table("published", records=self._polls(polls))
        spelled = sorted((written, word) for word in self.words for written in spellings(word))
        await connection.copy_records_to_table("spelling", schema_name="feed", records=spelled)
        for statement in (_PEOPLE, _ENTRIES):
            await connection.execute(statement, timeout=600)
        await connection.execute(_EDGES, edges, len(self.people), timeout=600)
        await connection.execute(_FOLLOWERS, self.star, followers, timeout=600)
        await connection.execute(_FOLLOWED, self.eager, followed, timeout=600)
        for table in ("entry", "follow", "person", "spelling"):
            await connection.execute(f"VACUUM ANALYZE feed.{table}", timeout=600)
        return int(await connection.fetchval("SELECT count(*) FROM feed.follow"))

    def _polls(self, polls: int) -> Iterator[tuple[UUID, UUID, UUID, str, datetime]]:
        now = datetime.now(UTC)
        for number in range(polls):
            moment, poll = now - timedelta(seconds=30 * (polls - number)), new_id()
            author = self.people[int(self.dice.random() ** 2 * len(self.people))]
            title = " ".join(self.any_word() for _ in range(6))
            yield poll, ordinal_of(poll, moment), author, title, moment

    def _word(self) -> str:
        return "".join(self.dice.choice(_SYLLABLES) for _ in range(self.dice.randint(2, 4)))
