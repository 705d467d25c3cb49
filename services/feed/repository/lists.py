"""The statements of lists of entries. Each is put together once: that takes longer than its execution.

They take `viewer`, `after` (the ordinal of the last entry seen), `rows` (how many), and give an entry's columns.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
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
from services.feed.models import Audience, Entry, Follow, TagFollow, Tagged
from services.feed.repository.apart import gone, hidden, lessened, private, unwanted

NOBODY = UUID(int=0)
"""The viewer where nobody has said who they are: they follow, block and mute nobody."""

BEFORE_ALL = UUID(int=2**128 - 1)
"""What comes before the first entry."""

_COLUMNS = (Entry.id, Entry.kind, Entry.ordinal, Entry.author, Entry.text, Entry.created_at)
_VIEWER: Any = bindparam("viewer", type_=Uuid())
_AFTER: Any = bindparam("after", type_=Uuid())
_ROWS: Any = bindparam("rows", type_=Integer())

# Said in the statement itself, so that its plan can rely on the indexes with these conditions.
_FOR_ALL = Entry.audience == literal_column(f"'{Audience.PUBLIC}'")
_IS_POLL = Entry.kind == literal_column("'poll'")  # of those that are for all, a private account's are as well
_SHOWN = Entry.audience != literal_column(f"'{Audience.NOBODY}'")


def _wanted() -> tuple[ColumnElement[bool], ...]:
    """Say whether a viewer comes across what is for all."""
    open_to_all = or_(_IS_POLL, ~private(Entry.author))
    return open_to_all, ~gone(Entry.author), ~unwanted(_VIEWER, Entry.author), ~hidden(_VIEWER, Entry.id)


def _newer_of_the_day() -> ColumnElement[bool]:
    """Say whether an entry's author has published another one after it on the same day, by UTC."""
    other = aliased(Entry)
    day = func.date_trunc("day", Entry.created_at, "UTC")
    end = day + literal_column("interval '1 day'")
    shown = other.audience != literal_column(f"'{Audience.NOBODY}'")
    later = and_(other.author == Entry.author, other.ordinal > Entry.ordinal, other.created_at < end, shown)
    # Without those that the viewer has hidden: or hiding the last of a day would hide the day.
    return exists().where(later, ~hidden(_VIEWER, other.id))


def _newest(author: Any, *columns: Any) -> Select[Any]:
    """Select what an author has published and the viewer hasn't hidden, the newest first.

    Of those of whom the viewer wants to see less, it is the last of each day.
    """
    shown = or_(~lessened(_VIEWER, Entry.author), ~_newer_of_the_day())
    by = and_(Entry.author == author, _SHOWN, Entry.ordinal < _AFTER, ~hidden(_VIEWER, Entry.id), shown)
    return select(*columns).where(by).order_by(Entry.ordinal.desc())


def _home() -> Select[Any]:
    """Select what a viewer, and those whom they follow, have published, and what has tags that they follow.

    What has a tag is looked for as far back only as the page of what people have published goes.
    """
    people = _by_people().cte("people")
    last = select(people.c.ordinal).order_by(people.c.ordinal.desc()).offset(_ROWS - 1).limit(1).scalar_subquery()
    tags = _by_tags(func.coalesce(last, cast(NOBODY, Uuid()))).subquery("tags")
    both = select(people).union(select(tags)).subquery("home")
    return select(both).order_by(both.c.ordinal.desc()).limit(_ROWS)


def _by_people() -> Select[Any]:
    """Select what a viewer, and those whom they follow, have published.

    A page of so many entries has no more authors, and they are those whose newest one is the newest. So it costs one
    look into the index for each who is followed, at any depth, and nothing grows with what they have ever published.
    """
    wanted = (~unwanted(_VIEWER, Follow.followee), ~gone(Follow.followee))
    followed = select(Follow.followee.label("author")).where(Follow.follower == _VIEWER, Follow.accepted, *wanted)
    authors = followed.union_all(select(cast(_VIEWER, Uuid()))).subquery("authors")
    last = _newest(authors.c.author, Entry.ordinal).limit(1).lateral("last")
    latest = select(authors.c.author).join_from(authors, last, true()).order_by(last.c.ordinal.desc())
    lately = latest.limit(_ROWS).subquery("lately")
    entry = _newest(lately.c.author, *_COLUMNS).limit(_ROWS).lateral("newest")
    return select(entry).select_from(lately).join(entry, true()).order_by(entry.c.ordinal.desc()).limit(_ROWS)


def _by_tags(since: ColumnElement[Any]) -> Select[Any]:
    """Select what is for all and has tags that a viewer follows, each once: of each tag the newest.

    Args:
        since: Nothing before this ordinal is looked at.
    """
    shown = or_(~lessened(_VIEWER, Entry.author), ~_newer_of_the_day())
    entry = _tagged(TagFollow.tag).where(Tagged.ordinal >= since, shown).limit(_ROWS).lateral("entry")
    followed = select(entry).select_from(TagFollow).join(entry, true())
    mine = followed.where(TagFollow.account == _VIEWER, TagFollow.followed).distinct().subquery("mine")
    return select(mine).order_by(mine.c.ordinal.desc()).limit(_ROWS)


def _tagged(tag: Any) -> Select[Any]:
    """Select what is for all and has a tag, the newest first."""
    by = [Tagged.tag == tag, Tagged.ordinal < _AFTER, _FOR_ALL, *_wanted()]
    return select(*_COLUMNS).join(Tagged, Tagged.entry == Entry.id).where(*by).order_by(Tagged.ordinal.desc())


def _explore() -> Select[Any]:
    """Select what anybody has published for all."""
    statement = select(*_COLUMNS).where(_FOR_ALL, Entry.ordinal < _AFTER, *_wanted())
    return statement.order_by(Entry.ordinal.desc()).limit(_ROWS)


def _found() -> Select[Any]:
    """Select polls that are for all and have the words of `query`.

    Matches are found by themselves, or Postgres may go through all entries in their order, looking for words that none
    has.
    """
    has_words = Entry.words.op("@@")(cast(bindparam("query", type_=Text()), TSQUERY))
    matching = select(*_COLUMNS).where(_FOR_ALL, _IS_POLL, has_words, Entry.ordinal < _AFTER)
    matches = matching.cte("matches").prefix_with("MATERIALIZED")
    wanted = (~gone(matches.c.author), ~unwanted(_VIEWER, matches.c.author))
    return select(matches).where(*wanted).order_by(matches.c.ordinal.desc()).limit(_ROWS)


HOME, EXPLORE, FOUND = _home(), _explore(), _found()
TAGGED = _tagged(bindparam("tag", type_=Text())).limit(_ROWS)


def _some() -> Select[Any]:
    """Select those of the entries `things` that a viewer may still come across at home."""
    things = bindparam("things", type_=ARRAY(Uuid()))
    own = Entry.author == _VIEWER
    follows = circles.follows(Follow, _VIEWER, Entry.author)
    tag = exists().where(
        Tagged.entry == Entry.id, TagFollow.account == _VIEWER, TagFollow.tag == Tagged.tag, TagFollow.followed
    )
    for_me = or_(own, follows, and_(_FOR_ALL, or_(_IS_POLL, ~private(Entry.author)), tag))
    seen = or_(own, and_(~gone(Entry.author), ~unwanted(_VIEWER, Entry.author)))
    return select(*_COLUMNS).where(Entry.id == any_(things), _SHOWN, for_me, seen, ~hidden(_VIEWER, Entry.id))


def _ranked() -> Select[Any]:
    """Select the newest at home, with what their rank takes: whether they are `followed`, and `less` is wanted."""
    home = _home().subquery("candidates")
    follows = or_(home.c.author == _VIEWER, circles.follows(Follow, _VIEWER, home.c.author)).label("followed")
    less = lessened(_VIEWER, home.c.author).label("less")
    columns = (home.c.id, home.c.ordinal, home.c.author, home.c.created_at, follows, less)
    return select(*columns).order_by(home.c.ordinal.desc())


SOME, CANDIDATES = _some(), _ranked()
