"""What Expressions takes and gives over the wire. The service checks the limits that are described here."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.cases import schemas as cases
from services.core.marked import Part
from services.core.people import LogEntry, PersonView
from services.core.refusals import list_limits, text_limits
from services.expressions.events import ReactionKind, Visibility
from services.expressions.texts import MAX_BYTES, MAX_CHARACTERS, MAX_TAGS

MAX_BATCH = 100
MAX_IMAGES = 4
MAX_DESCRIPTION = 500

Text = Annotated[
    str,
    text_limits(
        MAX_CHARACTERS,
        description="Plain text with line breaks. Characters are counted as people see them; in UTF-8 it may take "
        f"{MAX_BYTES:,} bytes.",
        examples=["Where do we meet? @ada #riga"],
    ),
]
SeenBy = Annotated[
    Visibility,
    Meta(
        description="`public`, `followers`, or `mentioned`: those alone whom the text names. They see it in any case. "
        "Waves of a private account are for its followers at most."
    ),
]


class WaveImageNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An image to show."""

    image: Annotated[UUID, Meta(description="One of mine that is ready.")]
    description: Annotated[
        str,
        text_limits(
            MAX_DESCRIPTION,
            description="What it shows, for those who don't see it. May be empty.",
            examples=["Three boats in the harbour, all of them red."],
        ),
    ] = ""


class WaveNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to publish."""

    text: Annotated[
        Text, Meta(description="May be empty where there is a poll, or an image that shares nothing on.")
    ] = ""
    visibility: SeenBy = "public"
    images: Annotated[list[WaveImageNew], list_limits(MAX_IMAGES)] = []
    poll: Annotated[UUID | None, Meta(description="A published poll that you may see.")] = None
    ripple_of: Annotated[UUID | None, Meta(description="A Wave to share on with these words.")] = None


class WaveEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """The new text; all else stays."""

    text: Text


class EmojiNew(Struct, frozen=True, forbid_unknown_fields=True):
    """What to react with."""

    emoji: Annotated[str, Meta(description="One emoji.", examples=["🎉"])]


class WavesWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which Waves to look at."""

    waves: Annotated[list[UUID], list_limits(MAX_BATCH, 1)]


class ImageView(Struct, frozen=True, kw_only=True):
    """An image as WebP, by paths that hold for good, in three sizes that keep its shape."""

    id: UUID
    small: Annotated[str, Meta(description="Path of the one that fits into 320 by 640 pixels.")]
    medium: Annotated[str, Meta(description="Path of the one that fits into 960 by 1,920 pixels.")]
    large: Annotated[str, Meta(description="Path of the one that fits into 1,920 by 2,560 pixels.")]
    width: Annotated[int, Meta(description="Of the large one, in pixels.")]
    height: Annotated[int, Meta(description="Of the large one, in pixels.")]


class WaveImageView(ImageView, frozen=True, kw_only=True):
    """An image of a Wave."""

    description: Annotated[str, Meta(description="What it shows; empty if the author doesn't say.")]


State = Literal["shown", "hidden"]


class Counts(Struct, frozen=True):
    """What others did with a Wave."""

    likes: int
    claps: int
    emojis: Annotated[dict[str, int], Meta(description=f"How many reacted with each emoji, of {MAX_TAGS} at most.")]
    ripples: Annotated[int, Meta(description="With words and without.")]


class Mine(Struct, frozen=True):
    """What I did with a Wave."""

    like: bool = False
    clap: bool = False
    emoji: str | None = None
    ripple: Annotated[UUID | None, Meta(description="My Ripple without words.")] = None


class WaveBody(Struct, frozen=True, kw_only=True):
    """A Wave by itself."""

    id: UUID
    author: PersonView
    text: str
    parts: Annotated[list[Part], Meta(description="The text in pieces, to be shown one after the other.")]
    images: list[WaveImageView]
    visibility: SeenBy
    state: Annotated[
        State,
        Meta(
            description="`hidden`: it waits for a moderator, or one has hidden it. Its author and moderators alone "
            "see it."
        ),
    ]
    poll: Annotated[UUID | None, Meta(description="Null also for a poll that isn't for the viewer.")]
    ripple_of: Annotated[UUID | None, Meta(description="The Wave that it shares on.")]
    counts: Counts
    mine: Annotated[Mine | None, Meta(description="Null without a token.")]
    created_at: datetime
    edited_at: Annotated[datetime | None, Meta(description="Null if the text was never changed.")]


class WaveView(WaveBody, frozen=True, kw_only=True):
    """A Wave, with the one that it shares on.

    A Ripple without words has an empty text: show `original`.
    """

    original: Annotated[WaveBody | None, Meta(description="Null as well if it was deleted or you may not see it.")]


class Waves(Struct, frozen=True):
    """Waves, in the order in which they were asked for."""

    items: list[WaveView]


class VersionView(Struct, frozen=True):
    """What a Wave said."""

    text: str
    parts: list[Part]
    at: Annotated[datetime, Meta(description="Since when it said so.")]


class History(Struct, frozen=True):
    """All that a Wave has said, the latest first."""

    items: list[VersionView]


class ReactionView(Struct, frozen=True):
    """Somebody reacts."""

    person: PersonView
    kind: ReactionKind
    emoji: str | None
    at: datetime


class WaveReport(cases.ReportNew, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody thinks that a Wave shouldn't be there."""


class WaveReportView(cases.ReportView, frozen=True, kw_only=True):
    """A report, for moderators."""


class WaveAppeal(cases.AppealNew, frozen=True, forbid_unknown_fields=True):
    """Why the author of a hidden Wave thinks that it should be shown again."""


class WaveCase(cases.AppealFacts, frozen=True, kw_only=True):
    """What moderators have to decide about a Wave."""

    wave: WaveView


class WaveDecision(cases.HidingDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides."""


class WaveLogEntry(LogEntry, frozen=True, kw_only=True):
    """What a moderator did with a Wave."""

    wave: UUID
