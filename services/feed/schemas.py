"""What Feed gives over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.people import PersonView

Kind = Literal["poll", "wave"]


class RippledView(Struct, frozen=True, kw_only=True):
    """Who brings an entry up by sharing it on."""

    by: Annotated[PersonView, Meta(description="Of those whom I follow, the first who has shared it on.")]
    at: Annotated[datetime, Meta(description="When they have shared it on. The entry stands at this time.")]
    others: Annotated[int, Meta(description="How many others whom I follow share it on.")]


class EntryView(Struct, frozen=True, kw_only=True):
    """Something that somebody has published."""

    kind: Annotated[Kind, Meta(description="What it is. Skip kinds that you don't know: there will be more.")]
    id: Annotated[UUID, Meta(description="The poll's or Wave's id.")]
    author: PersonView
    text: Annotated[str, Meta(description="A poll's title; what a Wave says.", examples=["Where do we meet in March?"])]
    created_at: Annotated[
        datetime, Meta(description="When it was published. Entries are in this order, but those that are `rippled`.")
    ]
    rippled: Annotated[
        RippledView | None,
        Meta(description="At home: it is there because somebody whom I follow shares it on without words."),
    ] = None


_CORRECTED = "Nothing was found as typed; this is what is one typing error away."


class FoundEntries(Struct, frozen=True):
    """A page of what was found."""

    items: list[EntryView]
    next: str | None
    corrected: Annotated[bool, Meta(description=_CORRECTED)]


class FoundPeople(Struct, frozen=True):
    """A page of who was found."""

    items: list[PersonView]
    next: str | None
    corrected: Annotated[bool, Meta(description=_CORRECTED)]


class FoundTag(Struct, frozen=True):
    """A tag."""

    tag: Annotated[str, Meta(description="As tags are compared, without `#`.", examples=["ökonomie"])]


class FoundTags(Struct, frozen=True):
    """A page of tags that were found."""

    items: list[FoundTag]
    next: str | None
    corrected: Annotated[bool, Meta(description=_CORRECTED)]


class TrendView(Struct, frozen=True):
    """A tag that many use these days."""

    tag: Annotated[str, Meta(description="As tags are compared, without `#`.", examples=["ökonomie"])]
    people: Annotated[int, Meta(description="How many people have used it in the last two days.")]


class TrendsView(Struct, frozen=True):
    """What many speak of, the liveliest first."""

    items: list[TrendView]


class HiddenView(Struct, frozen=True):
    """Something that I have hidden, and when."""

    id: UUID
    at: datetime
    entry: Annotated[
        EntryView | None,
        Meta(description="What it is. Null if it is no poll or Wave that I would come across in any feed."),
    ]


class LessView(Struct, frozen=True):
    """Somebody of whom I want to see less, and since when."""

    person: PersonView
    at: datetime
