"""Conditions on who sees whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_

from services.feed.models import Block, Mute, Person


def blocked(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks somebody, or is blocked by them."""
    return or_(
        exists().where(Block.account == viewer, Block.other == account, Block.blocked),
        exists().where(Block.account == account, Block.other == viewer, Block.blocked),
    )


def unwanted(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks or mutes somebody, or is blocked by them."""
    return or_(blocked(viewer, account), exists().where(Mute.account == viewer, Mute.other == account, Mute.muted))


def gone(account: Any) -> ColumnElement[bool]:
    """Say whether an account is deleted."""
    return exists().where(Person.id == account, Person.deleted)


def private(account: Any) -> ColumnElement[bool]:
    """Say whether an account is private."""
    return exists().where(Person.id == account, Person.private)
