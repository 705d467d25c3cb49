"""Who sees what: conditions of statements, so that no page is shortened afterwards."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, not_, or_
from sqlalchemy.orm import aliased

from services.core import circles
from services.core.data.repository import is_there
from services.expressions.models import Block, Case, Follow, Limit, Mention, Mute, Person, Wave


def are_apart(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether one of two blocks the other."""
    return circles.apart(Block, viewer, account)


def mutes(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether somebody mutes somebody."""
    return circles.mutes(Mute, viewer, account)


def is_gone(account: Any) -> ColumnElement[bool]:
    """Say whether an account is deleted."""
    return is_there(Person.id == account, Person.deleted)


def is_limited(account: Any) -> ColumnElement[bool]:
    """Say whether an account is limited."""
    return is_there(Limit.account == account, Limit.limited)


def follows(viewer: UUID, account: Any) -> ColumnElement[bool]:
    """Say whether somebody follows somebody."""
    return circles.follows(Follow, viewer, account)


def for_all(wave: Any) -> ColumnElement[bool]:
    """Say whether a Wave is for everybody."""
    is_private = is_there(Person.id == wave.author, Person.private)
    return and_(wave.visibility == "public", wave.hidden_as.is_(None), ~is_private)


def _moderated(wave: Any) -> ColumnElement[bool]:
    """Say whether moderators may see a Wave as such, whomever it is for.

    It waits to be decided or is hidden; or its author is limited and it isn't for those alone whom it names.
    """
    waits = exists().where(Case.about == wave.id, Case.decided_at.is_(None))
    limited = and_(wave.visibility != "mentioned", is_limited(wave.author))
    return and_(or_(waits, wave.hidden_as.is_not(None), limited), not_(is_gone(wave.author)))


def may_see(viewer: UUID | None, wave: Any, *, moderates: bool = False) -> ColumnElement[bool]:
    """Say whether somebody may see what a Wave itself says; None stands for anybody without an account."""
    if viewer is None:
        return and_(for_all(wave), not_(is_gone(wave.author)), not_(is_limited(wave.author)))
    named = exists().where(Mention.wave == wave.id, Mention.account == viewer)
    follower = and_(wave.visibility != "mentioned", follows(viewer, wave.author))
    others = and_(
        or_(for_all(wave), follower, named),
        wave.hidden_as.is_(None),
        not_(are_apart(viewer, wave.author)),
        not_(is_gone(wave.author)),
        not_(is_limited(wave.author)),
    )
    return or_(wave.author == viewer, others, *([_moderated(wave)] if moderates else []))


def may_find(viewer: UUID | None, *, moderates: bool = False) -> ColumnElement[bool]:
    """Say whether somebody may see a Wave: of a bare Ripple, also what it shares on."""
    original = aliased(Wave)
    shares = exists().where(original.id == Wave.ripple_of, may_see(viewer, original, moderates=moderates))
    return and_(may_see(viewer, Wave, moderates=moderates), or_(~Wave.bare, shares))
