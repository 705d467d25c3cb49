"""What a room is: a head, and questions; and how the entries of its log change it. Pure.

Each entry holds the whole new value of one part. So a room is the last value of each, whoever looks sees the same as
its log tells them (`seen_by`), and an entry that is applied twice does no harm.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

Emoji = Literal["clap", "heart", "laugh", "party", "think", "up"]
"""👏 ❤️ 😂 🎉 🤔 👍. A fixed set, so that a step of the hall's reactions is six numbers at most."""

QuestionState = Literal["waiting", "shown", "hidden"]


class RoomRole(StrEnum):
    """What somebody is in a room."""

    HOST = "host"
    AUDIENCE = "audience"
    SCREEN = "screen"


class Asker(Struct, frozen=True):
    """Who asked, under the name that they had then."""

    name: str
    guest: bool


class RoomSettings(Struct, frozen=True, tag="settings", kw_only=True):
    """How the room is run."""

    title: str
    moderated: Annotated[bool, Meta(description="Questions wait until a host approves them.")]
    asking: Annotated[bool, Meta(description="Whether questions are taken.")]
    reacting: Annotated[bool, Meta(description="Whether reactions are taken.")]


class RoomHosts(Struct, frozen=True, tag="hosts"):
    """Who runs the room."""

    owner: UUID
    others: tuple[UUID, ...] = ()


class AgendaPoll(Struct, frozen=True):
    """A poll that is to come. `by` is the host who put it there."""

    poll: UUID
    by: UUID


class RoomAgenda(Struct, frozen=True, tag="agenda"):
    """The polls, in their order. Hosts alone see it."""

    items: tuple[AgendaPoll, ...] = ()


class RoomStage(Struct, frozen=True, tag="stage", kw_only=True):
    """The poll that everybody looks at."""

    poll: Annotated[UUID | None, Meta(description="Null while there is none.")] = None
    version: Annotated[
        int, Meta(description="Grows when the hosts open or close the poll here: read it again.", ge=0)
    ] = 0
    results_shown: Annotated[
        bool, Meta(description="Whether screens show its results, as far as the poll's own rules allow.")
    ] = False


class RoomTimer(Struct, frozen=True, tag="timer"):
    """A countdown, by the server's clock."""

    seconds: Annotated[int, Meta(description="How long it was set to run; 0 without one.")] = 0
    ends_at: Annotated[datetime | None, Meta(description="Null without one.")] = None


class AskedQuestion(Struct, frozen=True, tag="question", kw_only=True):
    """A question from the audience."""

    id: UUID
    text: str
    by: Annotated[Asker | None, Meta(description="Null where the audience isn't to know; hosts see it.")]
    anonymous: bool
    state: QuestionState
    answered: bool = False
    pinned: bool = False
    votes: int = 0
    asked_at: datetime


class QuestionGone(Struct, frozen=True, tag="question_gone"):
    """A question isn't there any more, or not for the one who looks."""

    id: UUID


class QuestionVotes(Struct, frozen=True, tag="votes"):
    """How many want a question answered."""

    question: UUID
    votes: int


class RoomReactions(Struct, frozen=True, tag="reactions"):
    """How often the hall reacted in one step of time, the latest that is over."""

    until: datetime | None = None
    counts: dict[Emoji, int] = {}


class RoomAudience(Struct, frozen=True, tag="audience"):
    """Who is here: about how many, in steps, and whether anybody runs the room.

    That hosts are away is said in this part and in none of its own: an instance of an earlier release, which reads the
    same log, refuses parts that it doesn't know, and passes over a field.
    """

    about: int = 0
    hosts_away_since: Annotated[
        datetime | None,
        Meta(description="When the room lost its last host. Null while one is here, and before the first has come."),
    ] = None


class RoomEnded(Struct, frozen=True, tag="ended"):
    """The room is over."""

    at: datetime


class RoomSame(Struct, frozen=True, tag="same"):
    """What the room is stays as it is: the act is of something beside it."""


RoomPart = (
    RoomSettings
    | RoomHosts
    | RoomAgenda
    | RoomStage
    | RoomTimer
    | AskedQuestion
    | QuestionGone
    | QuestionVotes
    | RoomReactions
    | RoomAudience
    | RoomEnded
    | RoomSame
)


class RoomHead(Struct, frozen=True, kw_only=True):
    """A room without its questions."""

    settings: RoomSettings
    hosts: RoomHosts
    agenda: RoomAgenda = RoomAgenda()
    stage: RoomStage = RoomStage()
    timer: RoomTimer = RoomTimer()
    reactions: RoomReactions = RoomReactions()
    audience: RoomAudience = RoomAudience()
    ended: RoomEnded | None = None


_NAMES: dict[type, str] = {
    RoomSettings: "settings",
    RoomHosts: "hosts",
    RoomAgenda: "agenda",
    RoomStage: "stage",
    RoomTimer: "timer",
    RoomReactions: "reactions",
    RoomAudience: "audience",
    RoomEnded: "ended",
}


def with_part(head: RoomHead, part: RoomPart) -> RoomHead:
    """Return a head with a part's new value; those of questions change nothing in it."""
    name = _NAMES.get(type(part))
    return head if name is None else replace(head, **{name: part})


def with_question(questions: Mapping[UUID, AskedQuestion], part: RoomPart) -> dict[UUID, AskedQuestion]:
    """Return questions with a part's new value."""
    after = dict(questions)
    match part:
        case AskedQuestion():
            after[part.id] = part
        case QuestionGone():
            after.pop(part.id, None)
        case QuestionVotes() if part.question in after:
            after[part.question] = replace(after[part.question], votes=part.votes)
        case _:
            pass
    return after


def replay(parts: Iterable[RoomPart]) -> tuple[RoomHead, dict[UUID, AskedQuestion]]:
    """Return what a log, from its first entry on, makes of a room.

    Raises:
        ValueError: It doesn't begin with the settings and the hosts.
    """
    first: dict[str, RoomPart] = {}
    head: RoomHead | None = None
    questions: dict[UUID, AskedQuestion] = {}
    for part in parts:
        if head is None:
            first[_NAMES.get(type(part), "")] = part
            settings, hosts = first.get("settings"), first.get("hosts")
            if isinstance(settings, RoomSettings) and isinstance(hosts, RoomHosts):
                head = RoomHead(settings=settings, hosts=hosts)
            continue
        head, questions = with_part(head, part), with_question(questions, part)
    if head is None:
        raise ValueError("a room's log begins with its settings and its hosts")
    return head, questions


def seen_by(role: RoomRole, part: RoomPart) -> RoomPart | None:
    """Return a part as somebody sees it; None where it isn't for them.

    Hosts see all. The audience and screens don't see what is to come, questions that wait or are hidden, nor who asks
    without a name.
    """
    if role is RoomRole.HOST:
        return part
    match part:
        case RoomAgenda() | RoomSame():
            return None
        case AskedQuestion() if part.state != "shown":
            return QuestionGone(part.id)
        case AskedQuestion() if part.anonymous:
            return replace(part, by=None)
        case _:
            return part


def in_order(questions: Iterable[AskedQuestion]) -> list[AskedQuestion]:
    """Return questions as they are listed: pinned ones, then those with the most votes, then the earliest."""
    return sorted(questions, key=lambda each: (not each.pinned, -each.votes, each.asked_at, each.id))


def about(here: int) -> int:
    """Return an audience's size as it is shown, in steps: that one comes or goes moves nothing, or tells little.

    Below 5 it is 0: in a room of three, who came as a vote came would be known.
    """
    step = 5 if here < 50 else 10 if here < 200 else 50 if here < 1_000 else 100
    return here - here % step
