"""Keyset pagination with opaque cursors (https://use-the-index-luke.com/no-offset).

A page is found by the sort key of the last row seen, so it costs the same at any depth and neither repeats
nor skips a row when others are added. The cursor is that key, encoded; clients pass it back untouched.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

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


IdCursor = UUID
"""Sort key of lists ordered by their UUIDv7 alone, newest first."""
