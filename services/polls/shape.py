"""From a row to what goes over the wire, and to the events that tell of it."""

from datetime import datetime
from typing import Any

import msgspec

from services.polls import method_schemas
from services.polls.events import LARGE_BYTES, OptionFact, PollChanged
from services.polls.methods import (
    Effective,
    Eligibility,
    Method,
    Strength,
    Visibility,
    effective,
    given_of,
)
from services.polls.models import Poll
from services.polls.schemas import OptionView, PollCard, PollView, RulesView
from services.polls.status import status_of


def parameters(poll: Poll) -> Effective:
    """Return the method's parameters that hold for a poll."""
    return effective(Method(poll.method), len(poll.options), given_of(poll))


def view(poll: Poll, now: datetime, public_url: str) -> PollView:
    """Return a poll as it is shown at a moment."""
    return msgspec.convert(
        {
            **{name: getattr(poll, name, None) for name in PollView.__struct_fields__},
            "method": method_schemas.view(poll.method, given_of(poll)),
            "status": status_of(poll, now),
            "link": f"{public_url.rstrip('/')}/p/{poll.code}",
            "options": [msgspec.convert(option, OptionView) for option in poll.options],
            "rules": msgspec.convert(poll, RulesView, from_attributes=True),
        },
        PollView,
    )


def card(row: Any) -> PollCard:
    """Return a row of a list as it is shown; `row.now` is the moment."""
    names = [name for name in PollCard.__struct_fields__ if name not in {"status", "method"}]
    values = {name: getattr(row, name) for name in names}
    method = method_schemas.view(row.method, given_of(row))
    return msgspec.convert({**values, "method": method, "status": status_of(row, row.now)}, PollCard)


def changed(poll: Poll) -> PollChanged:
    """Return a published poll's whole state, as other services need it."""
    if poll.opens_at is None:
        raise ValueError("a published poll has a time to open")
    return PollChanged(
        poll=poll.id,
        version=poll.version,
        owner=poll.owner,
        title=poll.title,
        method=Method(poll.method),
        options=[OptionFact(option["id"], option["label"]) for option in poll.options],
        **msgspec.structs.asdict(parameters(poll)),
        abstain=poll.abstain,
        change=poll.change,
        withdraw=poll.withdraw,
        anonymous=poll.anonymous,
        results=Visibility(poll.results),
        minimum=poll.minimum,
        eligibility=Eligibility(poll.eligibility),
        strength=Strength(poll.strength),
        quorum=poll.quorum,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        closed_at=poll.closed_at,
        archived_at=poll.archived_at,
        deleted=poll.deleted_at is not None,
    )


def told(poll: Poll) -> PollChanged:
    """Return the event that tells of a published poll: its whole state, but for options that are too large for it."""
    event = changed(poll)
    is_large = len(msgspec.json.encode(event.options)) > LARGE_BYTES
    return msgspec.structs.replace(event, options=None) if is_large else event


_STATUS = b'{"status":'


def without_status(body: bytes) -> bytes:
    """Return an encoded poll less its leading status, for the cache."""
    return body[body.index(b",", len(_STATUS)) :]


def with_status(rest: bytes, status: str) -> bytes:
    """Return what `without_status` has left, with the status of this moment before it."""
    return _STATUS + msgspec.json.encode(status) + rest
