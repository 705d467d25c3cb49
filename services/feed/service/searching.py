"""Searching polls, Waves, people and tags by words."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.pagination import decode_cursor, page_of
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.service import NoSettings
from services.core.tags import tag_of
from services.feed.repository.lists import Lists
from services.feed.repository.names import NameRepository, SpellingRepository
from services.feed.repository.topics import TopicRepository
from services.feed.schemas import FoundEntries, FoundPeople, FoundTag, FoundTags, Kind
from services.feed.service.views import views
from services.feed.words import asked, folded, is_one_typo, query_of, spellings

_SHORTEST_STEM = 3
_MOST_MEANT = 5
"""Words that one with a typing error may stand for."""

_SWEPT_AT_ONCE = 1_000

_ENTRIES: dict[Kind, str] = {"poll": "found-polls", "wave": "found-waves"}
_PEOPLE = "found-people"
_TAGS = "found-tags"


class Searching:
    """Finds what has all the words that somebody looks for, each as the beginning of a word.

    Where nothing has them, words that nobody has used are taken for those that they are one typing error away from.
    Later pages go on as the first one began: their cursor tells.
    """

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people
        self._swept = ""

    async def sweep(self) -> None:
        """Forget some words that nothing has any more, going on where the last sweep ended.

        Otherwise who changes their name again and again would fill the table.
        """
        async with self._db.transaction() as session:
            repository = SpellingRepository(session)
            unused, last = await repository.unused(self._swept, _SWEPT_AT_ONCE)
            if unused:
                await repository.forget({word: spellings(word) for word in unused})
        self._swept = last or ""

    async def entries(
        self, kind: Kind, viewer: Subject | None, text: str, stemmer: str | None, cursor: str | None, limit: int
    ) -> FoundEntries:
        """Return a page of polls or Waves that anybody may find, the newest first.

        Args:
            kind: Which of them.
            viewer: Who looks.
            text: What they look for.
            stemmer: Of their language.
            cursor: Of the page before.
            limit: How many at most.

        Raises:
            Problem: 400 for another list's cursor.
        """
        words, account = asked(text), viewer.id if viewer is not None else None
        corrected, after = decode_cursor(cursor, tuple[bool, UUID], _ENTRIES[kind]) or (False, None)
        async with self._db.reading() as session:
            found = Lists(session).found
            query = await _corrected(session, words) if corrected else await _query(session, words, stemmer)
            rows = await found(kind, after, limit, account, query) if query else []
            if not rows and after is None:
                query = await _corrected(session, words)
                rows = await found(kind, None, limit, account, query) if query else []
                corrected = bool(rows)
        page = page_of(rows, limit, lambda row: (corrected, row.ordinal), _ENTRIES[kind])
        return FoundEntries(items=await views(self._people, page.items), next=page.next, corrected=corrected)

    async def people(self, viewer: Subject | None, text: str, cursor: str | None, limit: int) -> FoundPeople:
        """Return a page of people with such a handle or name, those whose handle it is first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        words, account = asked(text), viewer.id if viewer is not None else None
        handle = folded(text).strip().removeprefix("@")
        corrected, after = decode_cursor(cursor, tuple[bool, tuple[int, str, UUID]], _PEOPLE) or (False, None)
        async with self._db.reading() as session:
            found = NameRepository(session).found
            query = await _corrected(session, words) if corrected else query_of([word] for word in words)
            rows = await found(after, limit, account, query, handle) if query else []
            if not rows and after is None:
                query = await _corrected(session, words)
                rows = await found(None, limit, account, query, handle) if query else []
                corrected = bool(rows)
        page = page_of(rows, limit, lambda row: (corrected, (row.nearness, row.handle, row.account)), _PEOPLE)
        known = await self._people.of(row.account for row in page.items)
        return FoundPeople(items=[known[row.account] for row in page.items], next=page.next, corrected=corrected)

    async def tags(self, viewer: Subject | None, text: str, cursor: str | None, limit: int) -> FoundTags:
        """Return a page of tags that something has which the viewer comes across, the one that was typed first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        words, account = asked(text), viewer.id if viewer is not None else None
        typed = tag_of(text.strip()) or folded(text).strip()
        corrected, after = decode_cursor(cursor, tuple[bool, tuple[int, str]], _TAGS) or (False, None)
        async with self._db.reading() as session:
            found = TopicRepository(session).found
            query = await _corrected(session, words) if corrected else query_of([word] for word in words)
            rows = await found(after, limit, account, query, typed) if query else []
            if not rows and after is None:
                query = await _corrected(session, words)
                rows = await found(None, limit, account, query, typed) if query else []
                corrected = bool(rows)
        page = page_of(rows, limit, lambda row: (corrected, (row.nearness, row.tag)), _TAGS)
        return FoundTags(items=[FoundTag(row.tag) for row in page.items], next=page.next, corrected=corrected)


async def _query(session: AsyncSession, words: Sequence[str], stemmer: str | None) -> str:
    stems = await SpellingRepository(session).stems(words, stemmer) if stemmer else {}
    return query_of(
        sorted({word, *(folded(stem) for stem in stems.get(word, ()) if len(stem) >= _SHORTEST_STEM)}) for word in words
    )


async def _corrected(session: AsyncSession, words: Sequence[str]) -> str:
    """Return a query with words that are in use in place of those that aren't; empty if there are none."""
    written = {spelling for word in words for spelling in spellings(word)}
    candidates = await SpellingRepository(session).sharing(sorted(written)) if written else []
    meant = {
        word: [word] if word in candidates else [other for other in candidates if is_one_typo(word, other)]
        for word in words
    }
    if not any(some and some != [word] for word, some in meant.items()):
        return ""
    return query_of(some[:_MOST_MEANT] or [word] for word, some in meant.items())
