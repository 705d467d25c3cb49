"""Images in what somebody is given of theirs (`core/personal.py`): the largest size of each that is shown."""

from typing import Any
from uuid import UUID

from sqlalchemy import Text, case, cast, func, literal, select

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
    plain = func.replace(cast(table.id, Text), "-", "")
    key = func.concat(
        literal("images/"), func.left(plain, 2), literal("/"), plain, literal("-"), size, literal(".webp")
    )
    shown = (table.state == State.USED) & size.is_not(None)
    return Part("images", rows, table.id, case((shown, key)))
