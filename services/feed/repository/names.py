"""What people are found by, and the spellings of words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, any_, bindparam, case, cast, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from services.core.data.repository import Repository, add_missing, keep_newest
from services.feed.models import Name, Spelling
from services.feed.repository.apart import blocked
from services.feed.repository.lexemes import LEXEMES

_MOST_CANDIDATES = 200

# A dictionary that this Postgres doesn't have gives nothing.
_STEMS = text(
    "SELECT words.word, ts_lexize(pg_ts_dict.oid::regdictionary, words.word) AS stems"
    " FROM pg_ts_dict, unnest(CAST(:words AS text[])) AS words (word) WHERE dictname = :stemmer"
)

_BY_INDEX = text("SET LOCAL enable_seqscan = off")
# A word's own row is the one where it stands without any letter left out.
_USE = text(
    "SELECT word, EXISTS (SELECT FROM entry WHERE words @@ quoted) OR EXISTS (SELECT FROM name WHERE words @@ quoted)"
    " OR EXISTS (SELECT FROM topic WHERE words @@ quoted) AS used"
    " FROM (SELECT word, CAST(quote_literal(word) AS tsquery) AS quoted FROM spelling"
    " WHERE written = word AND written > :after ORDER BY written LIMIT :limit) AS next"
)


class NameRepository(Repository[Name]):
    """What people are found by, by account."""

    model_type = Name

    async def keep(self, names: Sequence[Mapping[str, Any]]) -> None:
        """Keep what people are called, unless what is known is as new.

        Args:
            names: By column; `lexemes` are the words of handle and name.
        """
        await keep_newest(self.session, Name, names, "account", computed={"words": LEXEMES})

    async def found(
        self, after: tuple[int, str, UUID] | None, limit: int, viewer: UUID | None, query: str, handle: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return `nearness`, `handle`, `account` of people whose names have the words; one more than wanted.

        Whose handle it is stands first, then whose handle begins so, then the others, by their handles.

        Args:
            after: The three of the last one seen.
            limit: How many are wanted.
            viewer: Who looks; nobody sees somebody who blocks them.
            query: Of words.
            handle: What was typed, as a handle.
        """
        nearness = case((Name.handle == handle, 0), (func.starts_with(Name.handle, handle), 1), else_=2)
        place = (nearness, Name.handle, Name.account)
        statement = select(nearness.label("nearness"), Name.handle, Name.account)
        statement = statement.where(Name.words.op("@@")(cast(query, TSQUERY)))
        if viewer is not None:
            statement = statement.where(~blocked(viewer, Name.account))
        if after is not None:
            statement = statement.where(tuple_(*place) > after)
        return (await self.session.execute(statement.order_by(*place).limit(limit + 1))).all()


class SpellingRepository(Repository[Spelling]):
    """Words that are in use, by their spellings."""

    model_type = Spelling

    async def learn(self, spellings: Mapping[str, Iterable[str]]) -> None:
        """Keep words with their spellings; in one order, so that two who learn the same don't wait for each other."""
        rows = sorted((written, word) for word, some in spellings.items() for written in some)
        await add_missing(self.session, Spelling, [{"written": written, "word": word} for written, word in rows])

    async def unused(self, after: str, limit: int) -> tuple[list[str], str | None]:
        """Return those of the next words that nothing has any more, and the last of these words; None at their end."""
        # For a word that many things have, reading all of these until one has it would cost less than the index; but
        # for each word that few have, fifty times as much.
        await self.session.execute(_BY_INDEX)
        rows = (await self.session.execute(_USE, {"after": after, "limit": limit})).all()
        return [row.word for row in rows if not row.used], rows[-1].word if len(rows) == limit else None

    async def forget(self, spellings: Mapping[str, Iterable[str]]) -> None:
        """Drop words with their spellings."""
        rows = sorted((written, word) for word, some in spellings.items() for written in some)
        await self.delete_where(tuple_(Spelling.written, Spelling.word).in_(rows))

    async def sharing(self, spellings: Sequence[str]) -> list[str]:
        """Return words that have one of some spellings."""
        shared = Spelling.written == any_(bindparam("spellings", list(spellings), ARRAY(Text)))
        statement = select(Spelling.word).where(shared).distinct().order_by(Spelling.word).limit(_MOST_CANDIDATES)
        return list((await self.session.scalars(statement)).all())

    async def stems(self, words: Sequence[str], stemmer: str) -> dict[str, list[str]]:
        """Return the stems of words in a language; nothing if this Postgres doesn't know it."""
        rows = await self.session.execute(_STEMS, {"words": list(words), "stemmer": stemmer})
        return {row.word: row.stems or [] for row in rows}
