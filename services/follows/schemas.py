"""What Follows takes and gives over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.people import PersonView

State = Literal["none", "requested", "accepted"]


class ConnectionView(Struct, frozen=True):
    """Somebody in a list, and since when."""

    person: PersonView
    at: datetime


class RelationView(Struct, frozen=True, kw_only=True):
    """Somebody, and how they and I stand to each other."""

    person: PersonView
    private: Annotated[bool, Meta(description="Who wants to follow has to ask.")]
    followers: Annotated[int | None, Meta(description="Null for somebody whom I block.")]
    following: Annotated[int | None, Meta(description="Null for somebody whom I block.")]
    i_follow: State
    follows_me: State
    blocked: Annotated[bool, Meta(description="I block them.")]
    muted: Annotated[bool, Meta(description="I mute them.")]


class CountsView(Struct, frozen=True):
    """My own counts."""

    followers: int
    following: int
    requests: Annotated[int, Meta(description="Waiting for my answer.")]
    requests_sent: Annotated[int, Meta(description="Waiting for others' answers.")]
    blocks: int
    mutes: int
    tags: Annotated[int, Meta(description="Followed by me.")] = 0


class RelationsWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom I ask about."""

    people: Annotated[list[UUID], Meta(min_length=1, max_length=100)]


class RelationsView(Struct, frozen=True):
    """How some people and I stand to each other."""

    items: list[RelationView]


class SuggestionView(Struct, frozen=True):
    """Somebody whom I may want to follow."""

    person: PersonView
    common: Annotated[int, Meta(description="How many of those whom I follow, and have followed last, follow them.")]


class SuggestionsView(Struct, frozen=True):
    """People whom I may want to follow, the best first."""

    items: list[SuggestionView]


class TagView(Struct, frozen=True):
    """A tag that I follow, and since when."""

    tag: Annotated[str, Meta(description="As tags are compared, without `#`.", examples=["ökonomie"])]
    at: datetime


class TagRelationView(Struct, frozen=True):
    """A tag, and whether I follow it."""

    tag: Annotated[str, Meta(description="As tags are compared, without `#`.", examples=["ökonomie"])]
    followers: int
    followed: Annotated[bool, Meta(description="I follow it.")]
