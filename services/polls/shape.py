"""From a row to what goes over the wire, and to the events that tell of it."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.core.people import PersonView
from services.core.tags import tags_in
from services.polls import method_schemas
from services.polls.events import LARGE_BYTES, NoteFact, OptionFact, PollChanged
from services.polls.methods import (
    Effective,
    Eligibility,
    Listing,
    Method,
    Strength,
    Visibility,
    effective,
    given_of,
)
from services.polls.models import Poll
from services.polls.schemas import CardOption, OptionView, PollCard, PollView, RulesView
from services.polls.status import status_of


def parameters(poll: Poll) -> Effective:
    """Return the method's parameters that hold for a poll."""
    return effective(Method(poll.method), len(poll.options), given_of(poll))


def view(poll: Poll, now: datetime, owner: PersonView, public_url: str) -> PollView:
    """Return a poll as it is shown at a moment."""
    return msgspec.convert(
        {
            **{name: getattr(poll, name, None) for name in PollView.__struct_fields__},
            "method": method_schemas.view(poll.method, given_of(poll)),
            "status": status_of(poll, now),
            "owner": owner,
            "link": link(public_url, poll.code),
            "options": [msgspec.convert(option, OptionView) for option in poll.options],
            "rules": msgspec.convert(poll, RulesView, from_attributes=True),
        },
        PollView,
    )


class CardOptions(NamedTuple):
    """A poll's first options, and how many there are."""

    first: list[CardOption]
    number: int


NO_OPTIONS = CardOptions([], 0)
"""Of a poll that was deleted while the list was read."""


def card_options(row: Any) -> CardOptions:
    """Return a row of `PollRepository.card_options` as cards show it."""
    return CardOptions([CardOption(*pair) for pair in zip(row.ids, row.labels, strict=True)], row.number)


def card(row: Any, options: CardOptions, owner: PersonView, public_url: str) -> PollCard:
    """Return a row of a list as it is shown; `row.now` is the moment."""
    values = {name: getattr(row, name) for name in PollCard.__struct_fields__ if hasattr(row, name)}
    return msgspec.convert(
        {
            **values,
            "status": status_of(row, row.now),
            "method": method_schemas.view(row.method, given_of(row)),
            "owner": owner,
            "link": link(public_url, row.code),
            "options": options.first,
            "option_count": options.number,
            "rules": msgspec.convert(row, RulesView, from_attributes=True),
        },
        PollCard,
    )


def link(public_url: str, code: str) -> str:
    """Return a poll's link, for sharing."""
    return f"{public_url.rstrip('/')}/p/{code}"


def changed(poll: Poll) -> PollChanged:
    """Return a published poll's whole state, as other services need it."""
    if poll.published_at is None or poll.opens_at is None:
        raise ValueError("a published poll has a time of publication and one to open")
    return PollChanged(
        poll=poll.id,
        version=poll.version,
        owner=poll.owner,
        code=poll.code,
        title=poll.title,
        hashtags=tags_in(poll.title, poll.description),
        notes=msgspec.convert(poll.notes, list[NoteFact]),
        listing=Listing(poll.listing),
        question_version=poll.question_version,
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
        published_at=poll.published_at,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        closed_at=poll.closed_at,
        archived_at=poll.archived_at,
        deleted=poll.deleted_at is not None,
    )


def told(poll: Poll) -> PollChanged:
    """Return the event that tells of a published poll: all of it, but for options and notes that are too large."""
    event = changed(poll)
    is_large = len(msgspec.json.encode((event.options, event.notes))) > LARGE_BYTES
    return msgspec.structs.replace(event, options=None, notes=None) if is_large else event


_LASTING = b',"id":'
"""Where the poll's own part of an encoded `PollView` begins: no text holds a quotation mark without a backslash."""


def lasting(body: bytes) -> bytes:
    """Return an encoded poll less what changes without it, for the cache: its status and its owner's name."""
    return body[body.index(_LASTING) :]


def with_passing(rest: bytes, status: str, owner: PersonView) -> bytes:
    """Return what `lasting` has left, with the status and the owner of this moment before it."""
    return b'{"status":%b,"owner":%b%b' % (msgspec.json.encode(status), msgspec.json.encode(owner), rest)
