"""The statements of lists of notifications. Each is put together once: that takes longer than its execution.

They take `viewer` and `rows` (how many).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from services.notifications.kinds import Channel
from services.notifications.models import Happening, Notification, Thing
from services.notifications.repository import seen

BEFORE_ALL = UUID(int=2**128 - 1)
"""What comes before the first notification."""

MOST_PEOPLE = 100
"""How many people are counted in a notification."""

_LOOKED_THROUGH = 2_000
"""How many happenings are looked at for it: one who has commented very often hides others behind them."""

_NAMED_OF = 20
"""The last happenings, of whose actors some are named."""

_RECIPIENT: Any = literal_column("notification.recipient", Uuid())
"""Whom a row is for, in conditions on it however deep: a column of the model would bring its table along there."""

_ROWS: Any = bindparam("rows", type_=Integer())


def _shown(channel: Channel) -> Select[*tuple[Any, ...]]:
    """Select what a viewer is told of by a channel, with its subject, the last actors and how many there are."""
    actors = select(Happening.actor).where(seen.happening()).correlate(Notification)
    latest = actors.order_by(Happening.at.desc()).limit(_NAMED_OF)
    some = actors.order_by(Happening.actor).limit(_LOOKED_THROUGH).subquery()
    people = select(some.c.actor).distinct().limit(MOST_PEOPLE).subquery()
    on = aliased(Thing)
    columns = (
        *(Notification.id, Notification.kind, Notification.subject, Notification.ordinal, Notification.read),
        *(Thing.type, Thing.of, Thing.text, on.text.label("text_of")),
        func.array(latest.scalar_subquery()).label("actors"),
        select(func.count()).select_from(people).scalar_subquery().label("people"),
    )
    statement = select(*columns).select_from(Notification)
    statement = statement.outerjoin(Thing, Thing.id == Notification.subject).outerjoin(on, on.id == Thing.of)
    return statement.where(seen.notification(channel)).order_by(Notification.ordinal.desc()).limit(_ROWS)


def _listed() -> Select[*tuple[Any, ...]]:
    return _shown("in_app").where(Notification.ordinal < bindparam("after", type_=Uuid()))


def _to_tell(channel: Channel) -> Select[*tuple[Any, ...]]:
    return _shown(channel).where(Notification.ordinal > bindparam("told", type_=Uuid()), ~Notification.read)


def _unread() -> Select[*tuple[Any, ...]]:
    """Select how many a viewer hasn't read, `rows` at most."""
    some = select(Notification.id).where(seen.notification("in_app"), ~Notification.read).limit(_ROWS)
    return select(func.count()).select_from(some.subquery())


def _all_unread() -> Select[*tuple[Any, ...]]:
    """Select the same for each of some `viewers`, as `viewer` and `unread`."""
    viewers = func.unnest(bindparam("viewers", type_=ARRAY(Uuid()))).table_valued(column("viewer", Uuid()))
    viewers = viewers.render_derived("viewers")
    theirs = (Notification.recipient == viewers.c.viewer, ~Notification.read)
    unread = select(Notification.id).where(*theirs, seen.told("in_app", _RECIPIENT)).limit(_ROWS)
    some = unread.correlate(viewers).subquery()
    count = select(func.count()).select_from(some).scalar_subquery()
    return select(viewers.c.viewer, count.label("unread"))


LISTED, UNREAD, ALL_UNREAD = _listed(), _unread(), _all_unread()

TO_TELL: Mapping[Channel, Select[*tuple[Any, ...]]] = MappingProxyType(
    {"email": _to_tell("email"), "push": _to_tell("push")}
)
"""What isn't read and wasn't told by a channel yet. They take `told`, too."""
