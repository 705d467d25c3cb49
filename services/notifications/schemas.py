"""What Notifications takes and gives over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.people import PersonView
from services.notifications.kinds import Kind

SubjectType = Literal["account", "wave", "poll", "comment"]

NamedKind = Annotated[
    Kind, Meta(description="What happened. Skip kinds that you don't know: there will be more.", examples=["reaction"])
]


class SubjectView(Struct, frozen=True):
    """What a notification is about."""

    type: Annotated[SubjectType, Meta(description="`account`: your own.")]
    id: UUID
    text: Annotated[
        str,
        Meta(
            description="A poll's title; the beginning of what a Wave or a comment says, 200 characters at most.",
            examples=["Where do we meet in March?"],
        ),
    ]
    poll: Annotated[UUID | None, Meta(description="The poll that a comment is on.")]
    poll_title: Annotated[str, Meta(description="That poll's title.")]


class NotificationView(Struct, frozen=True, kw_only=True):
    """All that happened of one kind to one subject."""

    id: UUID
    kind: NamedKind
    position: Annotated[
        UUID,
        Meta(description="Its place in the list, which changes when something new happens. Positions sort as text."),
    ]
    at: Annotated[datetime, Meta(description="When something new happened last.")]
    read: bool
    subject: SubjectView
    people: Annotated[list[PersonView], Meta(description="The last who did it, three at most.")]
    people_count: Annotated[int, Meta(description="How many did it; 100 stands for 100 or more.", examples=[12])]


class Unread(Struct, frozen=True):
    """What a badge shows."""

    count: Annotated[int, Meta(description="Unread notifications; 100 stands for 100 or more.", examples=[3])]


class ReadUpTo(Struct, frozen=True, forbid_unknown_fields=True):
    """Which notifications were read."""

    up_to: Annotated[
        UUID, Meta(description="The `position` of the first that was seen: it, and all after it in the list.")
    ]


class KindPreference(Struct, frozen=True):
    """By which channels I am told of a kind."""

    kind: NamedKind
    in_app: Annotated[bool, Meta(description="In the list and its number of unread ones.")]


class Preferences(Struct, frozen=True):
    """By which channels I am told of what. A kind of which all are off isn't told by any, nor in a digest."""

    kinds: list[KindPreference]


class ChannelsEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    in_app: bool | None = None


class Watching(Struct, frozen=True):
    """Whether I watch a poll."""

    watching: bool


class WatchedPoll(Struct, frozen=True):
    """A poll that I watch."""

    id: UUID
    title: Annotated[str, Meta(examples=["Where do we meet in March?"])]
