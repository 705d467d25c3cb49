"""Conditions on who sees whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from services.core import circles
from services.core.data.repository import is_there
from services.feed.models import Block, Hidden, Less, Mute, Person


def blocked(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks somebody, or is blocked by them."""
    return circles.apart(Block, viewer, account)


def unwanted(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer blocks or mutes somebody, or is blocked by them."""
    return or_(blocked(viewer, account), circles.mutes(Mute, viewer, account))


def gone(account: Any) -> ColumnElement[bool]:
    """Say whether an account is deleted."""
    return is_there(Person.id == account, Person.deleted)


def private(account: Any) -> ColumnElement[bool]:
    """Say whether an account is private."""
    return is_there(Person.id == account, Person.private)


def hidden(viewer: UUID, thing: Any) -> ColumnElement[bool]:
    """Say whether the viewer has hidden something."""
    return is_there(Hidden.account == viewer, Hidden.thing == thing)


def lessened(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer wants to see less of somebody."""
    return is_there(Less.account == viewer, Less.other == account)
