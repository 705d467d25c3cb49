"""Conditions on who sees whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_

from services.core import circles
from services.feed.models import Block, Hidden, Less, Mute, Person


def blocked(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks somebody, or is blocked by them."""
    return circles.apart(Block, viewer, account)


def unwanted(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks or mutes somebody, or is blocked by them."""
    return or_(blocked(viewer, account), circles.mutes(Mute, viewer, account))


def gone(account: Any) -> ColumnElement[bool]:
    """Say whether an account is deleted."""
    return exists().where(Person.id == account, Person.deleted)


def private(account: Any) -> ColumnElement[bool]:
    """Say whether an account is private."""
    return exists().where(Person.id == account, Person.private)


def hidden(viewer: UUID, thing: Any) -> ColumnElement[bool]:
    """Say whether the viewer has hidden something."""
    return exists().where(Hidden.account == viewer, Hidden.thing == thing)


def lessened(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer wants to see less of somebody."""
    return exists().where(Less.account == viewer, Less.other == account)
