"""Lists of entries. Each statement is put together and compiled once: that takes longer than its execution."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.orm import aliased

from services.core import circles
from services.core.data.compiled import Compiled
from services.core.data.database import Database
from services.core.data.repository import AnySession
from services.core.ids import NOBODY
from services.feed.models import Audience, Entry, Follow, TagFollow, Tagged
from services.feed.repository.apart import gone, hidden, lessened, private, unwanted
from services.feed.repository.parts import (
    AFTER,
    BEFORE_ALL,
    COLUMNS,
    FOR_ALL,
    IS_POLL,
    ROWS,
    SHOWN,
    VIEWER,
    wanted,
)
from services.feed.repository.ripples import by_ripples, circle, for_me, others, some_ripples


def _newer_of_the_day() -> ColumnElement[bool]:
    """Say whether an entry's author has published another one after it on the same day, by UTC."""
    other = aliased(Entry)
    day = func.date_trunc("day", Entry.created_at, "UTC")
    end = day + literal_column("interval '1 day'")
    shown = other.audience != literal_column(f"'{Audience.NOBODY}'")
    later = and_(other.author == Entry.author, other.ordinal > Entry.ordinal, other.created_at < end, shown)
    # Without those that the viewer has hidden: or hiding the last of a day would hide the day.
    return exists().where(later, ~hidden(VIEWER, other.id))


def _newest(author: Any, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select what an author has published and the viewer hasn't hidden, the newest first.

    Of those of whom the viewer wants to see less, it is the last of each day.
    """
    shown = or_(~lessened(VIEWER, Entry.author), ~_newer_of_the_day())
    by = and_(Entry.author == author, SHOWN, Entry.ordinal < AFTER, ~hidden(VIEWER, Entry.id), shown)
    return select(*columns).where(by).order_by(Entry.ordinal.desc())


def _home() -> Select[*tuple[Any, ...]]:
    """Select what a viewer, and those whom they follow, have published or share on, and what has tags that they follow.

    With how many `others` share on what somebody brings up.
    """
    followed = circle()
    page = _newest_at_home(followed).subquery("page")
    return select(page, others(page, followed)).order_by(page.c.ordinal.desc())


def _newest_at_home(followed: CTE) -> Select[*tuple[Any, ...]]:
    """Select what is newest at somebody's home.

    What has a tag or is shared on is looked for as far back only as the page of what people have published goes.
    """
    people = _by_people(followed).cte("people")
    last = select(people.c.ordinal).order_by(people.c.ordinal.desc()).offset(ROWS - 1).limit(1).scalar_subquery()
    since = func.coalesce(last, cast(NOBODY, Uuid()))
    tags, ripples = _by_tags(since).subquery("tags"), by_ripples(followed, since).subquery("ripples")
    home = select(people).union(select(tags), select(ripples)).subquery("home")
    return select(home).order_by(home.c.ordinal.desc()).limit(ROWS)


def _by_people(followed: CTE) -> Select[*tuple[Any, ...]]:
    """Select what a viewer, and those whom they follow, have published.

    A page of so many entries has no more authors, and they are those whose newest one is the newest. So it costs one
    look into the index for each who is followed, at any depth, and nothing grows with what they have ever published.
    """
    mine = select(cast(VIEWER, Uuid()))
    authors = select(followed.c.followee.label("author")).union_all(mine).subquery("authors")
    last = _newest(authors.c.author, Entry.ordinal).limit(1).lateral("last")
    latest = select(authors.c.author).join_from(authors, last, true()).order_by(last.c.ordinal.desc())
    lately = latest.limit(ROWS).subquery("lately")
    entry = _newest(lately.c.author, *COLUMNS).limit(ROWS).lateral("newest")
    return select(entry).select_from(lately).join(entry, true()).order_by(entry.c.ordinal.desc()).limit(ROWS)


def _by_tags(since: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Select what is for all and has tags that a viewer follows, each once: of each tag the newest.

    Args:
        since: Nothing before this ordinal is looked at.
    """
    shown = or_(~lessened(VIEWER, Entry.author), ~_newer_of_the_day())
    entry = _tagged(TagFollow.tag).where(Tagged.ordinal >= since, shown).limit(ROWS).lateral("entry")
    followed = select(entry).select_from(TagFollow).join(entry, true())
    mine = followed.where(TagFollow.account == VIEWER, TagFollow.followed).distinct().subquery("mine")
    return select(mine).order_by(mine.c.ordinal.desc()).limit(ROWS)


def _tagged(tag: Any) -> Select[*tuple[Any, ...]]:
    """Select what is for all and has a tag, the newest first."""
    by = [Tagged.tag == tag, Tagged.ordinal < AFTER, FOR_ALL, *wanted()]
    return select(*COLUMNS).join(Tagged, Tagged.entry == Entry.id).where(*by).order_by(Tagged.ordinal.desc())


def _explore() -> Select[*tuple[Any, ...]]:
    """Select what anybody has published for all."""
    statement = select(*COLUMNS).where(FOR_ALL, Entry.ordinal < AFTER, *wanted())
    return statement.order_by(Entry.ordinal.desc()).limit(ROWS)


def _found(*of_kind: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select what is of a kind and for all, and has the words of `query`.

    Matches are found by themselves, or Postgres may go through all entries in their order, looking for words that none
    has.
    """
    has_words = Entry.words.op("@@")(cast(bindparam("query", type_=Text()), TSQUERY))
    matching = select(*COLUMNS).where(FOR_ALL, *of_kind, has_words, Entry.ordinal < AFTER)
    matches = matching.cte("matches").prefix_with("MATERIALIZED")
    wanted = (~gone(matches.c.author), ~unwanted(VIEWER, matches.c.author))
    return select(matches).where(*wanted).order_by(matches.c.ordinal.desc()).limit(ROWS)


HOME, EXPLORE = Compiled(_home()), Compiled(_explore())
FOUND = {"poll": Compiled(_found(IS_POLL)), "wave": Compiled(_found(~IS_POLL, ~private(Entry.author)))}
"""By kind."""

TAGGED = Compiled(_tagged(bindparam("tag", type_=Text())).limit(ROWS))


def _some() -> Select[*tuple[Any, ...]]:
    """Select those of the entries and Ripples `things` that a viewer may still come across at home, as `_home` does."""
    things = bindparam("things", type_=ARRAY(Uuid()))
    seen = or_(Entry.author == VIEWER, and_(~gone(Entry.author), ~unwanted(VIEWER, Entry.author)))
    entries = select(*COLUMNS).where(Entry.id == any_(things), SHOWN, for_me(), seen, ~hidden(VIEWER, Entry.id))
    page = entries.union_all(some_ripples(things)).subquery("page")
    return select(page, others(page, circle()))


def _known() -> Select[*tuple[Any, ...]]:
    """Select those of the entries `things` that a viewer may come across in some feed, hidden ones as well."""
    things = bindparam("things", type_=ARRAY(Uuid()))
    open_to_all = and_(FOR_ALL, or_(IS_POLL, ~private(Entry.author)))
    theirs = and_(or_(open_to_all, circles.follows(Follow, VIEWER, Entry.author)), ~gone(Entry.author))
    seen = or_(Entry.author == VIEWER, and_(theirs, ~unwanted(VIEWER, Entry.author)))
    return select(*COLUMNS).where(Entry.id == any_(things), SHOWN, seen)


def _ranked() -> Select[*tuple[Any, ...]]:
    """Select the newest at home, with what their rank takes: whether they are `followed`, and `less` is wanted."""
    home = _newest_at_home(circle()).subquery("candidates")
    follows = circles.follows(Follow, VIEWER, home.c.author)
    followed = or_(home.c.author == VIEWER, home.c.rippler.is_not(None), follows).label("followed")
    less = lessened(VIEWER, home.c.author).label("less")
    by = func.coalesce(home.c.rippler, home.c.author).label("by")
    at = func.coalesce(home.c.rippled_at, home.c.created_at).label("at")
    columns = (home.c.thing, home.c.ordinal, by, at, followed, less)
    return select(*columns).order_by(home.c.ordinal.desc())


SOME, KNOWN, CANDIDATES = Compiled(_some()), Compiled(_known()), Compiled(_ranked())


class Lists:
    """Reads lists of entries.

    Args:
        where: The session of a transaction or for reading, or the database, for reading.
    """

    def __init__(self, where: AnySession | Database) -> None:
        self._where = where

    async def home(self, after: UUID | None, limit: int, viewer: UUID) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what a viewer, and those whom they follow, have published, the newest first; one more than wanted.

        Args:
            after: The ordinal of the last one seen.
            limit: How many are wanted.
            viewer: Whose feed it is.
        """
        return await self._rows(HOME, after, limit, viewer)

    async def candidates(self, viewer: UUID, most: int) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the newest at somebody's home, with what their rank takes; one more, if there is more."""
        return await self._rows(CANDIDATES, None, most, viewer)

    async def some(self, viewer: UUID, things: Sequence[UUID]) -> dict[UUID, Row[*tuple[Any, ...]]]:
        """Return those of some entries and Ripples that a viewer may still come across at home."""
        rows = await SOME.rows(self._where, {"viewer": viewer, "things": list(things)})
        return {row.thing: row for row in rows}

    async def known(self, viewer: UUID, things: Sequence[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return those of some entries that a viewer may come across in some feed, hidden ones as well."""
        return await KNOWN.rows(self._where, {"viewer": viewer, "things": list(things)})

    async def explore(self, after: UUID | None, limit: int, viewer: UUID | None) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what anybody has published for all, the newest first; one more than wanted."""
        return await self._rows(EXPLORE, after, limit, viewer)

    async def tagged(
        self, after: UUID | None, limit: int, viewer: UUID | None, tag: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what is for all and has a tag, the newest first; one more than wanted."""
        return await self._rows(TAGGED, after, limit, viewer, tag=tag)

    async def found(
        self, kind: str, after: UUID | None, limit: int, viewer: UUID | None, query: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what is of a kind, for all, and has the words of a query, the newest first; one more than wanted."""
        return await self._rows(FOUND[kind], after, limit, viewer, query=query)

    async def _rows(
        self, statement: Compiled, after: UUID | None, limit: int, viewer: UUID | None, **more: str
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        where = {"after": after or BEFORE_ALL, "viewer": viewer or NOBODY}
        return await statement.rows(self._where, {**where, "rows": limit + 1, **more})
