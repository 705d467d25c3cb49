"""What Notifications takes and gives over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.people import PersonView
from services.core.refusals import text_limits
from services.notifications.delivery import Digest
from services.notifications.kinds import Kind

MAX_LABEL = 60

SendState = Literal["running", "paused", "done"]
SubjectType = Literal["account", "wave", "poll", "comment", "conversation"]

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
    email: Annotated[bool, Meta(description="By mail, if there is any: see `delivery`.")]
    push: Annotated[bool, Meta(description="By web push, in the browsers that I have added: see `devices`.")]


class Preferences(Struct, frozen=True):
    """By which channels I am told of what. A kind of which all are off isn't told by any, nor in a digest."""

    kinds: list[KindPreference]


class ChannelsEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    in_app: bool | None = None
    email: bool | None = None
    push: bool | None = None


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True):
    """When no mail leaves. They may go past midnight."""

    begin: Annotated[str, Meta(description="Hour and minute.", examples=["22:00"])]
    end: Annotated[str, Meta(examples=["07:30"])]


class DeliveryView(Struct, frozen=True, forbid_unknown_fields=True):
    """How and when I get mail."""

    email: Annotated[bool, Meta(description="Whether I get any.")] = True
    digest: Annotated[
        Digest, Meta(description="`daily`: one mail a day, at eight in the morning. `none`: when something happens.")
    ] = "none"
    time_zone: Annotated[str, Meta(description="Of the IANA database.", examples=["Europe/Riga"])] = "UTC"
    quiet_hours: QuietHours | None = None


class DeviceKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser's `PushSubscription` has as its keys, in base64url."""

    p256dh: Annotated[str, text_limits(100, 1, description="Its public key: 65 bytes.")]
    auth: Annotated[str, text_limits(30, 1, description="Its secret: 16 bytes.")]


class DeviceNew(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A browser that is to be told by web push: `PushSubscription.toJSON()`, and what I want to see it as."""

    endpoint: Annotated[
        str,
        text_limits(
            1_000,
            1,
            description="An `https` URL with a host's name, at port 443.",
            examples=["https://push.example.net/send/7yr"],
        ),
    ]
    keys: DeviceKeys
    label: Annotated[str, text_limits(MAX_LABEL, examples=["Firefox on Android"])] = ""
    replaces: Annotated[
        UUID | None,
        Meta(
            description="The `id` under which this browser was added with a subscription that holds no more: it is "
            "removed, and what it wasn't told of yet is told to this one. One that isn't yours, or isn't there, is no "
            "error."
        ),
    ] = None


class DeviceView(Struct, frozen=True):
    """A browser that is told by web push."""

    id: UUID
    label: Annotated[str, Meta(examples=["Firefox on Android"])]
    host: Annotated[str, Meta(description="Who carries messages to it.", examples=["push.example.net"])]
    made_at: Annotated[datetime, Meta(description="When it was added.")]


class Devices(Struct, frozen=True):
    """The browsers that are told, the latest first; 10 at most."""

    items: list[DeviceView]


class PushKey(Struct, frozen=True):
    """By which key a browser knows us."""

    key: Annotated[
        str,
        Meta(
            description="The `applicationServerKey`, in base64url. It is another one when we change our key: "
            "a browser that was added with another one is to be added anew."
        ),
    ]


class SendView(Struct, frozen=True, kw_only=True):
    """Something that many people are told of, and how far that has come."""

    id: UUID
    kind: NamedKind
    subject: Annotated[UUID, Meta(description="The poll, or the comment.")]
    at: Annotated[datetime, Meta(description="When it happened.")]
    state: SendState
    people: Annotated[int, Meta(description="How many it is for.", examples=[100_000])]
    told: Annotated[int, Meta(description="How many were told so far.", examples=[35_000])]


class Watching(Struct, frozen=True):
    """Whether I watch a poll."""

    watching: bool


class WatchedPoll(Struct, frozen=True):
    """A poll that I watch."""

    id: UUID
    title: Annotated[str, Meta(examples=["Where do we meet in March?"])]
