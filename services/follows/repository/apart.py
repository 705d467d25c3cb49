"""Conditions on who has to do with whom."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from services.core.data.repository import is_there
from services.follows.models import Block


def blocks(account: Any, other: Any) -> ColumnElement[bool]:
    """Say whether an account blocks another one."""
    return is_there(Block.account == account, Block.other == other)


def apart(viewer: Any, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks somebody, or the other way round."""
    return or_(blocks(viewer, account), blocks(account, viewer))
