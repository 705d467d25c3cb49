"""Rooms over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.forms import Edit
from services.core.refusals import list_limits, number_limits, text_limits
from services.votebooth.rooms.state import (
    AskedQuestion,
    Emoji,
    RoomAgenda,
    RoomAudience,
    RoomEnded,
    RoomHosts,
    RoomPart,
    RoomReactions,
    RoomRole,
    RoomSettings,
    RoomStage,
    RoomTimer,
)

MAX_TITLE = 120
MAX_NAME = 40
MAX_LABEL = 60
MAX_QUESTION = 300
MAX_AGENDA = 100
MAX_SECONDS = 24 * 3600


class RoomNew(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A room to be opened."""

    title: Annotated[str, text_limits(MAX_TITLE, 1)]
    moderated: Annotated[bool, Meta(description="Questions wait until a host approves them.")] = False
    asking: bool = True
    reacting: bool = True


class RoomEdit(Edit, frozen=True, kw_only=True):
    """What to change; what isn't named stays."""

    title: Annotated[str, text_limits(MAX_TITLE, 1)] | UnsetType = UNSET
    moderated: bool | UnsetType = UNSET
    asking: bool | UnsetType = UNSET
    reacting: bool | UnsetType = UNSET


class AgendaWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The polls in their order: published ones, or drafts of one's own."""

    polls: Annotated[list[UUID], list_limits(MAX_AGENDA)]


class PollPin(Struct, frozen=True, forbid_unknown_fields=True):
    """The poll to look at; null for none."""

    poll: UUID | None


class NextWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The poll that is on stage for the one who asks, so that two hosts who press at once move on once."""

    after: UUID | None


class ResultsWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether screens show the results."""

    shown: bool


class TimerWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """How long from now; 0 takes the countdown away."""

    seconds: Annotated[int, number_limits(0, MAX_SECONDS, "From now.")]


class RoomJoining(Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody comes in."""

    name: Annotated[
        str,
        text_limits(MAX_NAME, description="For this room. Guests need one; users go by their own without it."),
    ] = ""


class QuestionNew(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question to the hosts."""

    text: Annotated[str, text_limits(MAX_QUESTION, 1)]
    anonymous: Annotated[bool, Meta(description="The audience isn't told who asks. RoomHosts are.")] = False


class QuestionEdit(Edit, frozen=True, kw_only=True):
    """What a host makes of a question."""

    shown: Annotated[bool, Meta(description="True approves it, or shows it again; false hides it.")] | UnsetType = UNSET
    answered: bool | UnsetType = UNSET
    pinned: Annotated[bool, Meta(description="Above the others.")] | UnsetType = UNSET


class ReactionNew(Struct, frozen=True, forbid_unknown_fields=True):
    """One reaction."""

    emoji: Emoji


class ScreenNew(Struct, frozen=True, forbid_unknown_fields=True):
    """A screen to be let in."""

    label: Annotated[str, text_limits(MAX_LABEL, description="To tell it from others.")] = ""


class RoomScreenView(Struct, frozen=True):
    """A screen that may look."""

    id: UUID
    label: str
    made_at: datetime


class RoomScreens(Struct, frozen=True):
    """The screens that may look."""

    items: list[RoomScreenView]


class RoomScreenToken(Struct, frozen=True):
    """A screen's token, which isn't shown again."""

    token: Annotated[str, Meta(description="Send it as `Room-Token`. In a link it belongs behind `#`.")]
    link: str


class RoomCard(Struct, frozen=True, kw_only=True):
    """One of my rooms."""

    id: UUID
    code: Annotated[str | None, Meta(description="Null once it is released, long after the end.")]
    title: str
    created_at: datetime
    ended_at: datetime | None


class MyPart(Struct, frozen=True):
    """What I have done here."""

    name: str
    questions: list[UUID]
    votes: Annotated[list[UUID], Meta(description="Questions that I voted for.")]


class RoomSnapshot(Struct, frozen=True, kw_only=True):
    """A room as it is for the one who looks, at a position of its log."""

    room: UUID
    seq: Annotated[int, Meta(description="The position: ask for changes after it.", ge=0)]
    now: Annotated[datetime, Meta(description="The server's clock, for countdowns.")]
    code: str | None
    link: Annotated[str | None, Meta(description="Where the audience joins.")]
    role: RoomRole
    settings: RoomSettings
    hosts: RoomHosts
    agenda: Annotated[RoomAgenda | None, Meta(description="Null but for hosts.")]
    stage: RoomStage
    timer: RoomTimer
    questions: Annotated[list[AskedQuestion], Meta(description="Pinned first, then by votes, then by time.")]
    reactions: RoomReactions
    audience: RoomAudience
    ended: RoomEnded | None
    mine: Annotated[MyPart | None, Meta(description="Null for a screen.")]


class RoomChange(Struct, frozen=True):
    """An entry of the room's log."""

    seq: int
    at: datetime
    act: Annotated[str, Meta(examples=["poll.pinned"])]
    actor: Annotated[UUID | None, Meta(description="The host who did it. For hosts; null else.")]
    part: Annotated[RoomPart, Meta(description="Put it in the place of what you have.")]


class RoomChanges(Struct, frozen=True):
    """What came after a position, or everything anew."""

    seq: Annotated[int, Meta(description="Ask for changes after this next.", ge=0)]
    changes: Annotated[list[RoomChange], Meta(description="In their order. Empty with a snapshot.")]
    snapshot: Annotated[
        RoomSnapshot | None, Meta(description="Instead, where more than 300 came, or the position isn't one of these.")
    ]


class RoomLeased(Struct, frozen=True):
    """I count as here until then."""

    until: datetime
