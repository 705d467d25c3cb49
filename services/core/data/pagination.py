"""Keyset pagination with opaque cursors (https://use-the-index-luke.com/no-offset).

A page is found by the sort key of the last row seen, so it costs the same at any depth and neither repeats
nor skips a row when others are added. The cursor is that key with the list's name, encoded; clients pass it
back untouched.

A list is declared once, beside its queries, and read through a repository:

    NEWEST = Keyset("sessions", Session.id)

    page = await SessionRepository(session).page(NEWEST.page(cursor, limit), Session.account_id == account)
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, TypeVar

import msgspec
from advanced_alchemy.filters import PaginationFilter
from sqlalchemy import Select, tuple_

from services.core.problems import bad_cursor

T = TypeVar("T")
K = TypeVar("K")
U = TypeVar("U")
SelectT = TypeVar("SelectT", bound=Select[*tuple[Any, ...]])

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
LONGEST_CURSOR = 500
"""Characters."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. `next` is the cursor of the following page, null on the last one."""

    items: list[T]
    next: str | None = None


def encode_cursor(key: object, name: str = "") -> str:
    """Return the cursor for a sort key (anything msgspec encodes) of the list with this name."""
    return base64.urlsafe_b64encode(msgspec.json.encode((name, key))).decode().rstrip("=")


def decode_cursor(cursor: str | None, key_type: type[K], name: str = "") -> K | None:
    """Return the sort key inside a cursor, None for the first page.

    Raises:
        Problem: 400 `bad-cursor`, if the cursor isn't one that the list with this name gave out.
    """
    if not cursor:
        return None
    parts: Any = (Literal[name], key_type)
    form: Any = tuple[parts]
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        key: K = msgspec.json.decode(raw, type=form)[1]
    except (binascii.Error, msgspec.MsgspecError, ValueError) as exc:
        raise bad_cursor() from exc
    return key


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], object], name: str = "") -> Page[T]:
    """Cut `limit` + 1 fetched rows to a page; the extra row says whether another page follows."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next=encode_cursor(key(items[-1]), name) if more and items else None)


def map_page(page: Page[T], shape: Callable[[T], U]) -> Page[U]:
    """Return the same page with each item shaped for the wire."""
    return Page(items=[shape(item) for item in page.items], next=page.next)


class Keyset:
    """The order of a list, the latest first.

    Args:
        name: The list; a cursor that another list gave out is refused.
        columns: Mapped columns that together are unique and never null. An index has to begin with them, after the
            columns that the list is narrowed by.
        ascending: The earliest first instead.
    """

    def __init__(self, name: str, *columns: Any, ascending: bool = False) -> None:
        self.name = name
        self.columns = columns
        self.ascending = ascending
        parts: Any = tuple(column.type.python_type for column in columns)
        self.key_type: Any = tuple[parts]

    def page(self, cursor: str | None, limit: int) -> "PageFilter":
        """Return one page of the list, to be read.

        Args:
            cursor: `next` of the page before; None or empty for the first.
            limit: How many rows at most.

        Raises:
            Problem: 400 `bad-cursor`, if the cursor isn't one that this list gave out.
        """
        return PageFilter(self, decode_cursor(cursor, self.key_type, self.name), limit)

    @property
    def order(self) -> Sequence[Any]:
        """What rows are ordered by."""
        return [column.asc() if self.ascending else column.desc() for column in self.columns]

    def ordered(self, statement: SelectT) -> SelectT:
        """Return a SELECT in the list's order."""
        return statement.order_by(*self.order)

    def later(self, statement: SelectT, after: Any) -> SelectT:
        """Return a SELECT of what comes after a sort key: its values, or a tuple of parameters."""
        key = tuple_(*self.columns)
        return statement.where(key > after if self.ascending else key < after)


class PageFilter(PaginationFilter):
    """One page of a list, as a filter of Advanced Alchemy's: it fetches a row more than the page has.

    Args:
        keyset: The list's order.
        after: The sort key of the last row seen; None for the first page.
        limit: How many rows the page has at most.
    """

    def __init__(self, keyset: Keyset, after: tuple[Any, ...] | None, limit: int) -> None:
        self.keyset = keyset
        self.after = after
        self.limit = limit

    def append_to_statement(self, statement: Any, model: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return a SELECT with the page's condition, order and limit."""
        if not isinstance(statement, Select):
            raise TypeError("only a SELECT has pages")
        if self.after is not None:
            statement = self.keyset.later(statement, self.after)
        return self.keyset.ordered(statement).limit(self.limit + 1)

    def of(self, rows: Sequence[T]) -> Page[T]:
        """Return the page of the rows that were fetched."""
        names = [column.key for column in self.keyset.columns]
        return page_of(rows, self.limit, lambda row: [getattr(row, name) for name in names], self.keyset.name)
