"""What Follows gives over the wire; nothing it takes has a body."""

from datetime import datetime
from typing import Annotated, Literal

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
