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
from uuid import UUID

import msgspec
from advanced_alchemy.filters import PaginationFilter
from sqlalchemy import Select, tuple_

from services.core.problems import malformed

T = TypeVar("T")
K = TypeVar("K")
U = TypeVar("U")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. `next` is the cursor of the following page, null on the last one."""

    items: list[T]
    next: str | None = None


def encode_cursor(key: object) -> str:
    """Return the cursor for a sort key (anything msgspec encodes)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str | None, key_type: type[K]) -> K | None:
    """Return the sort key inside a cursor, None for the first page.

    Raises:
        Problem: 400, if the cursor isn't one of ours.
    """
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=key_type)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as exc:
        raise malformed("The cursor isn't one that this list gave out. Start without one.") from exc


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], object]) -> Page[T]:
    """Cut `limit` + 1 fetched rows to a page; the extra row says whether another page follows."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next=encode_cursor(key(items[-1])) if more and items else None)


def map_page(page: Page[T], shape: Callable[[T], U]) -> Page[U]:
    """Return the same page with each item shaped for the wire."""
    return Page(items=[shape(item) for item in page.items], next=page.next)


class Keyset:
    """The order of a list, the latest first.

    Args:
        name: The list; a cursor that another list gave out is refused.
        columns: Mapped columns that together are unique and never null. An index has to begin with them, after the
            columns that the list is narrowed by.
    """

    def __init__(self, name: str, *columns: Any) -> None:
        self.name = name
        self.columns = columns
        # What stands in a cursor: the list's name, then the key.
        parts: Any = (Literal[name], *(column.type.python_type for column in columns))
        self.key_type: Any = tuple[parts]

    def page(self, cursor: str | None, limit: int) -> "PageFilter":
        """Return one page of the list, to be read.

        Args:
            cursor: `next` of the page before; None or empty for the first.
            limit: How many rows at most.

        Raises:
            Problem: 400, if the cursor isn't one that this list gave out.
        """
        found = decode_cursor(cursor, self.key_type)
        return PageFilter(self, found[1:] if found is not None else None, limit)


class PageFilter(PaginationFilter):
    """One page of a list, as a filter of Advanced Alchemy's: it fetches a row more than the page has."""

    def __init__(self, keyset: Keyset, after: tuple[Any, ...] | None, limit: int) -> None:
        self._keyset = keyset
        self._after = after
        self._limit = limit

    def append_to_statement(self, statement: Any, model: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return a SELECT with the page's condition, order and limit."""
        if not isinstance(statement, Select):
            raise TypeError("only a SELECT has pages")
        columns = self._keyset.columns
        if self._after is not None:
            statement = statement.where(tuple_(*columns) < self._after)
        return statement.order_by(*(column.desc() for column in columns)).limit(self._limit + 1)

    def of(self, rows: Sequence[T]) -> Page[T]:
        """Return the page of the rows that were fetched."""
        keyset = self._keyset
        return page_of(rows, self._limit, lambda row: (keyset.name, *(getattr(row, c.key) for c in keyset.columns)))


IdCursor = UUID
"""Sort key of lists ordered by their UUIDv7 alone, newest first."""
