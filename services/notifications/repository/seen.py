"""Conditions on what a viewer may see: `VIEWER`, or where many are asked of at once, a column of SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Uuid, all_, and_, any_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from services.core import circles
from services.core.data.repository import is_there
from services.notifications.kinds import ABOUT_ME, CAUSED, UNASKED, WRITTEN, Channel
from services.notifications.models import Block, Follow, Happening, Mute, Notification, Person, Preference, Thing

VIEWER: Any = bindparam("viewer", type_=Uuid())


def _apart(viewer: Any, account: Any) -> ColumnElement[bool]:
    return circles.apart(Block, viewer, account)


def _follows(viewer: Any, account: Any) -> ColumnElement[bool]:
    return circles.follows(Follow, viewer, account)


def _gone(account: Any) -> ColumnElement[bool]:
    return is_there(Person.id == account, Person.deleted)


def _wanted_actor(viewer: Any, account: Any) -> ColumnElement[bool]:
    """Say whether the viewer wants to hear of somebody, who is still there."""
    return and_(~_apart(viewer, account), ~circles.mutes(Mute, viewer, account), ~_gone(account))


def _wave(viewer: Any, wave: Any) -> ColumnElement[bool]:
    """Say whether the viewer sees a Wave of somebody else's, without being named in it."""
    for_all = and_(wave.audience == "public", ~is_there(Person.id == wave.owner, Person.private))
    return and_(
        wave.type == "wave", ~wave.gone, or_(for_all, and_(wave.audience != "mentioned", _follows(viewer, wave.owner)))
    )


def poll(thing: Any, viewer: Any = VIEWER) -> ColumnElement[bool]:
    """Say whether the viewer may see a poll."""
    for_them = or_(thing.audience != "followers", thing.owner == viewer, _follows(viewer, thing.owner))
    return and_(thing.type == "poll", ~thing.gone, for_them, ~_apart(viewer, thing.owner))


def _subject(viewer: Any) -> ColumnElement[bool]:
    """Say whether the viewer may see what a notification is about, where that isn't their own account."""
    thing, on = aliased(Thing), aliased(Thing)
    named = and_(Notification.kind == "mention", any_(thing.names) == viewer)
    wave = and_(thing.type == "wave", ~thing.gone, or_(thing.owner == viewer, named))
    as_told = thing.audience == case((Notification.kind == "moderation", "hidden"), else_="shown")
    as_named = or_(Notification.kind != "mention", any_(thing.names) == viewer)
    comment = and_(thing.type == "comment", as_told, as_named, exists().where(on.id == thing.of, poll(on, viewer)))
    # That something closes soon isn't told once it is over, however late a digest leaves.
    in_time = or_(Notification.kind != "poll_closing", thing.closes_at > func.now())
    return exists().where(thing.id == Notification.subject, or_(wave, and_(poll(thing, viewer), in_time), comment))


def happening(viewer: Any = VIEWER) -> ColumnElement[bool]:
    """Say whether the viewer may see a happening: who did it, and the Ripple or comment that it is."""
    cause = aliased(Thing)
    # Whom a comment names is told of that, and not twice.
    comment = and_(cause.type == "comment", cause.audience == "shown", all_(cause.names) != viewer)
    is_seen = or_(comment, _wave(viewer, cause))
    return and_(
        Happening.notification == Notification.id,
        Happening.present,
        _wanted_actor(viewer, Happening.actor),
        or_(Notification.kind.not_in(CAUSED), exists().where(cause.id == Happening.cause, is_seen)),
    )


def wanted(channel: Channel, account: Any, kind: Any) -> ColumnElement[bool]:
    """Say whether somebody wants to be told of a kind by a channel."""
    chosen = select(Preference.wanted).where(
        Preference.account == account, Preference.kind == kind, Preference.channel == channel
    )
    return func.coalesce(chosen.scalar_subquery(), kind.in_(UNASKED[channel]))


def notification(channel: Channel) -> ColumnElement[bool]:
    """Say whether the viewer is told of a notification by a channel."""
    return and_(Notification.recipient == VIEWER, told(channel, VIEWER))


def told(channel: Channel, viewer: Any) -> ColumnElement[bool]:
    """Say whether a notification's recipient, who is the viewer, is told of it by a channel."""
    return and_(
        wanted(channel, viewer, Notification.kind),
        or_(Notification.kind.in_(ABOUT_ME | WRITTEN), _subject(viewer)),
        exists().where(happening(viewer)),
    )
