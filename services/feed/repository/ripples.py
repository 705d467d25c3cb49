"""What people share on without words, and which of that stands in whose home feed.

A Ripple brings a Wave up for those who follow whoever shares it on, unless it was in their feed in the week before, by
itself or by somebody else's Ripple, or they have written it or share it on themselves. That follows from what is known
alone, in whatever order it came: a Ripple that is taken back makes room for the next one.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    any_,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from services.core import circles
from services.core.data.repository import Repository, keep_newest
from services.core.personal import AT_ONCE
from services.feed.models import Entry, Follow, Ripple, TagFollow, Tagged
from services.feed.repository.apart import gone, hidden, lessened, private, unwanted
from services.feed.repository.parts import AFTER, FOR_ALL, IS_POLL, OF_ENTRIES, ROWS, SHOWN, VIEWER

MOST_COUNTED = 1_000
"""Of the Ripples of a Wave the newest are counted: how many there are in all must not slow a feed."""

_FEW = 50
"""So many Ripples of a Wave are looked at one by one."""

_APART: Any = literal_column("interval '7 days'")
_SAME_MOMENT: Any = literal_column("interval '1 millisecond'")
_COLUMNS = (
    *OF_ENTRIES,
    Ripple.ordinal,
    Ripple.id.label("thing"),
    Ripple.account.label("rippler"),
    Ripple.created_at.label("rippled_at"),
)


class RippleRepository(Repository[Ripple]):
    """What people share on without words."""

    model_type = Ripple

    async def keep(self, ripples: Sequence[Mapping[str, Any]]) -> None:
        """Keep what events tell of Ripples, unless what is known is as new."""
        await keep_newest(self.session, Ripple, ripples, "id")

    async def erase(self, account: UUID) -> bool:
        """Drop what an account shares on; say whether there may be more."""
        some = select(Ripple.id).where(Ripple.account == account).limit(AT_ONCE)
        return bool(await self.delete_where(Ripple.id.in_(some)))


def for_me() -> ColumnElement[bool]:
    """Say whether an entry stands in a viewer's home by itself: whose it is, or for its tags."""
    followed = and_(TagFollow.tag == Tagged.tag, TagFollow.account == VIEWER, TagFollow.followed)
    tag = select(Tagged.tag).join(TagFollow, followed).where(Tagged.entry == Entry.id).exists()
    follows = circles.follows(Follow, VIEWER, Entry.author)
    return or_(Entry.author == VIEWER, follows, and_(FOR_ALL, or_(IS_POLL, ~private(Entry.author)), tag))


def circle() -> CTE:
    """Select whom a viewer follows and hears of, once a statement, and whether they want to see `less` of them."""
    heard = (~unwanted(VIEWER, Follow.followee), ~gone(Follow.followee))
    follows = select(Follow.followee, lessened(VIEWER, Follow.followee).label("less"))
    return follows.where(Follow.follower == VIEWER, Follow.accepted, *heard).cte("circle")


def by_ripples(followed: CTE, since: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Select what those whom a viewer follows share on.

    As with what they have published, those whose newest Ripple is the newest are found first.

    Args:
        followed: The viewer's circle.
        since: Nothing before this ordinal is looked at.
    """
    people = _heeded_of(followed).subquery("sharing")
    last = _newest(followed, people.c.followee, since, Ripple.ordinal).limit(1).lateral("last_ripple")
    latest = select(people.c.followee).join_from(people, last, true()).order_by(last.c.ordinal.desc())
    lately = latest.limit(ROWS).subquery("sharing_lately")
    ripple = _newest(followed, lately.c.followee, since, *_COLUMNS).limit(ROWS).lateral("newest_ripple")
    return select(ripple).select_from(lately).join(ripple, true()).order_by(ripple.c.ordinal.desc()).limit(ROWS)


def some_ripples(things: Any) -> Select[*tuple[Any, ...]]:
    """Select those of the Ripples `things` that a viewer may still come across at home."""
    follows = circles.follows(Follow, VIEWER, Ripple.account)
    return _of_others().where(Ripple.id == any_(things), follows, *_heeded(Ripple.account)).with_only_columns(*_COLUMNS)


def _newest(followed: CTE, account: Any, since: ColumnElement[Any], *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select what somebody shares on and the viewer hasn't come across lately, the newest first."""
    by = _of_others().where(Ripple.account == account, Ripple.ordinal < AFTER, Ripple.ordinal >= since)
    fresh = by.where(~_was_shared(followed), ~_was_there())
    return fresh.with_only_columns(*columns).order_by(Ripple.ordinal.desc())


def _of_others() -> Select[*tuple[Any, ...]]:
    """Select Ripples of what others than the viewer have written, and the viewer may see and doesn't share on."""
    mine = aliased(Ripple)
    i_share = exists().where(mine.account == VIEWER, mine.original == Entry.id, mine.shown)
    open_to_me = or_(and_(FOR_ALL, ~private(Entry.author)), circles.follows(Follow, VIEWER, Entry.author))
    wanted = (*_heeded(Entry.author), ~hidden(VIEWER, Entry.id))
    ripples = select(Ripple.id).join(Entry, Entry.id == Ripple.original).where(Ripple.shown, SHOWN)
    return ripples.where(Entry.author != VIEWER, open_to_me, ~i_share, *wanted)


def _was_shared(followed: CTE) -> ColumnElement[bool]:
    """Say whether somebody whom the viewer follows has shared the same Wave on in the week before.

    Of a Wave that few have shared on these are looked at; of any other one, those whom the viewer follows. The planner
    knows how many share a Wave on as a rule, and not which one it is: left to itself, it looks at the fifty thousand of
    one Wave, once for each Ripple of it in the viewer's circle.
    """
    other = aliased(Ripple)
    among_few = select(other.id).where(_earlier(other), _is_heeded(other.account, followed)).exists()

    counted, sharing = aliased(Ripple), aliased(Ripple)
    some = select(counted.id).where(_earlier(counted)).correlate(Ripple).limit(_FEW + 1).subquery("some_earlier")
    number = select(func.count()).select_from(some).scalar_subquery()
    people = _heeded_of(followed).subquery("heeded")
    # The limit keeps the order: first whom the viewer follows, then what each of them shares on.
    # Moments in another form than the index of a Wave's Ripples has, or the planner may go through all of those.
    moment = sharing.created_at + literal_column("interval '0'")
    theirs = select(sharing.id).where(sharing.account == people.c.followee, _earlier(sharing, moment))
    one = theirs.correlate(Ripple, people).limit(1).lateral("one_of_theirs")
    in_circle = select(people.c.followee).join_from(people, one, true()).exists()
    return case((number > _FEW, in_circle), else_=among_few)


def _earlier(other: Any, moment: Any = None) -> ColumnElement[bool]:
    """Say whether another Ripple shares the same Wave on, in the week before.

    Args:
        other: Ripples.
        moment: When it did, unless it is as the column says.
    """
    lately = (other.created_at if moment is None else moment).between(
        Ripple.created_at - _APART, Ripple.created_at + _SAME_MOMENT
    )
    return and_(other.original == Ripple.original, other.shown, other.ordinal < Ripple.ordinal, lately)


def _was_there() -> ColumnElement[bool]:
    """Say whether the Wave was in the viewer's home by itself in the week before."""
    return and_(Entry.created_at > Ripple.created_at - _APART, for_me())


def _heeded(account: Any) -> tuple[ColumnElement[bool], ...]:
    """Say whether what somebody shares on, or others of theirs share on, may come up."""
    return ~unwanted(VIEWER, account), ~gone(account), ~lessened(VIEWER, account)


def _heeded_of(followed: CTE) -> Select[*tuple[Any, ...]]:
    return select(followed.c.followee).where(~followed.c.less).correlate(None)


def _is_heeded(account: Any, followed: CTE) -> ColumnElement[bool]:
    """Say whether what somebody in a viewer's circle shares on comes up.

    Postgres makes a hash of the circle once; as a condition of its own, it would be a look into the follows for each
    Ripple that is held against it.
    """
    return func.coalesce(account.in_(_heeded_of(followed)), false())


def others(page: Any, followed: CTE) -> ColumnElement[int]:
    """Return how many others whom a viewer follows share each Wave of a page on than who is named; 0 where nobody is.

    Args:
        page: A sub-query, with the columns that entries of a feed have.
        followed: The viewer's circle.
    """
    # This leaves nothing out: nobody shares on what isn't there yet. With it the planner expects few Ripples, and reads
    # the index in its order; without it, it may read all that a Wave has, and sort them.
    after = Ripple.created_at >= page.c.created_at - _APART
    newest = select(Ripple.account, Ripple.created_at).where(Ripple.original == page.c.id, Ripple.shown, after)
    some = newest.order_by(Ripple.created_at.desc()).limit(MOST_COUNTED).correlate(page).subquery("some")
    number = select(func.count(some.c.account.distinct())).where(some.c.account != page.c.rippler)
    heeded = number.where(_is_heeded(some.c.account, followed)).correlate(page)
    return case((page.c.rippler.is_not(None), heeded.scalar_subquery()), else_=0).label("others")
