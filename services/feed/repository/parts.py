"""What the statements of lists are made of.

They take `viewer`, `after` (the ordinal of the last entry seen), `rows` (how many), and give what `COLUMNS` are.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Integer, Uuid, bindparam, cast, literal_column, null, or_

from services.feed.models import Audience, Entry
from services.feed.repository.apart import gone, hidden, private, unwanted

BEFORE_ALL = UUID(int=2**128 - 1)
"""What comes before the first entry."""

OF_ENTRIES = (Entry.id, Entry.kind, Entry.author, Entry.text, Entry.created_at)

_NOBODYS: Any = cast(null(), Uuid())
_NEVER: Any = cast(null(), DateTime(timezone=True))
COLUMNS = (
    *OF_ENTRIES,
    Entry.ordinal,
    Entry.id.label("thing"),
    _NOBODYS.label("rippler"),
    _NEVER.label("rippled_at"),
)
"""An entry, its place, and what has this place: the entry itself, or the Ripple of somebody that brings it up."""

VIEWER: Any = bindparam("viewer", type_=Uuid())
AFTER: Any = bindparam("after", type_=Uuid())
ROWS: Any = bindparam("rows", type_=Integer())

# Said in the statement itself, so that its plan can rely on the indexes with these conditions.
FOR_ALL = Entry.audience == literal_column(f"'{Audience.PUBLIC}'")
IS_POLL = Entry.kind == literal_column("'poll'")  # of those that are for all, a private account's are as well
SHOWN = Entry.audience != literal_column(f"'{Audience.NOBODY}'")


def wanted() -> tuple[ColumnElement[bool], ...]:
    """Say whether a viewer comes across what is for all."""
    open_to_all = or_(IS_POLL, ~private(Entry.author))
    return open_to_all, ~gone(Entry.author), ~unwanted(VIEWER, Entry.author), ~hidden(VIEWER, Entry.id)
