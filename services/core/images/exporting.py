"""Images in what somebody is given of theirs (`core/personal.py`): the largest size of each that is shown."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, func, literal, select

from services.core.images.tables import State
from services.core.personal import Part


def image_part(table: Any, account: UUID, size: Any) -> Part:
    """Return the list of an account's images, each with its file.

    Args:
        table: The service's, a model with `ImageColumns`.
        account: Whose.
        size: The name of an image's largest size; an SQL expression.
    """
    rows = select(table.id, table.state, table.width, table.height, table.bytes, table.created_at)
    rows = rows.where(table.account == account)
    shown = (table.state == State.USED) & size.is_not(None)
    return Part("images", rows, table.id, case((shown, image_key(table, size))))


def image_key(table: Any, size: Any) -> ColumnElement[str]:
    """Return under which key the storage has one size of an image; `size` is an SQL expression."""
    return file_key("images", table, literal("-"), size, literal(".webp"))


def file_key(folder: str, table: Any, *more: Any) -> ColumnElement[str]:
    """Return under which key of a folder the storage has what belongs to a row; `more` are SQL expressions."""
    plain = func.replace(cast(table.id, Text), "-", "")
    return func.concat(literal(f"{folder}/"), func.left(plain, 2), literal("/"), plain, *more)
