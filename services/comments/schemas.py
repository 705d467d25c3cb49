"""What goes over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.cases import schemas as cases
from services.core.cases.schemas import MAX_REASON
from services.core.filters import LONGEST
from services.core.marked import Part
from services.core.people import LogEntry, PersonView
from services.core.refusals import list_limits, text_limits

MAX_TEXT = 5_000
MAX_MENTIONS = 20
MAX_DEPTH = 32
MOST_ASKED = 100
BEST_REPLIES = 3

Order = Literal["newest", "oldest", "supported"]
State = Literal["shown", "deleted", "hidden", "withheld"]


class CommentNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody says."""

    text: Annotated[str, text_limits(MAX_TEXT, 1)]
    parent: Annotated[UUID | None, Meta(description="The comment that this one answers; null for the top.")] = None


class CommentEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says instead."""

    text: Annotated[str, text_limits(MAX_TEXT, 1)]


class CommentView(Struct, frozen=True, kw_only=True):
    """A comment as the one who asks sees it.

    A comment that is `deleted`, `hidden` or `withheld` is listed only where answers hang on it, without its text; a
    hidden one still shows its text to its author and to those who may restore it.
    """

    id: UUID
    thread: Annotated[UUID, Meta(description="The poll that is commented on.")]
    parent: Annotated[UUID | None, Meta(description="The comment that this one answers.")]
    depth: Annotated[int, Meta(description="1 at the top of the thread.")]
    author: Annotated[PersonView | None, Meta(description="Null where the comment can't be read.")]
    text: Annotated[str | None, Meta(description="Null where the comment can't be read.")]
    parts: Annotated[
        list[Part], Meta(description="The text in pieces, to be shown one after the other; none without a text.")
    ]
    state: Annotated[
        State, Meta(description="`withheld`: you and its author are apart, because one of you blocks the other.")
    ]
    created_at: datetime
    edited_at: datetime | None
    support: Annotated[int, Meta(description="How many people support it.")]
    supported: Annotated[bool, Meta(description="You do.")]
    replies: Annotated[int, Meta(description="How many direct answers are listed.")]
    pinned: bool


class ListedComment(Struct, frozen=True):
    """A comment in a list, and the most supported answers to it."""

    comment: CommentView
    best_replies: Annotated[list[CommentView], Meta(description=f"{BEST_REPLIES} at most.")]


class CommentInContext(Struct, frozen=True):
    """A comment, and those above it."""

    comment: CommentView
    above: Annotated[list[CommentView], Meta(description="What it answers, the top of the thread first.")]


class ThreadView(Struct, frozen=True, kw_only=True):
    """All that is said about a poll."""

    id: Annotated[UUID, Meta(description="The poll that is commented on.")]
    kind: Literal["poll"]
    comments: Annotated[int, Meta(description="How many can be read.")]
    locked: Annotated[bool, Meta(description="Only its owner and moderators add to it.")]
    pinned: Annotated[CommentView | None, Meta(description="It stands first.")]
    may_comment: Annotated[bool, Meta(description="You may add to it.")]
    may_moderate: Annotated[bool, Meta(description="You may lock it, pin and hide comments.")]
    following: Annotated[bool, Meta(description="You are told of new comments.")]


class ThreadCount(Struct, frozen=True):
    """How much is said about a poll."""

    id: UUID
    comments: int
    locked: bool


class FollowedThread(Struct, frozen=True):
    """A thread that I follow."""

    id: Annotated[UUID, Meta(description="The poll that is commented on.")]
    title: Annotated[str, Meta(description="The poll's.", examples=["Where do we meet in March?"])]


class ThreadsAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Which threads are meant."""

    ids: Annotated[list[UUID], list_limits(MOST_ASKED)]


class Hiding(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a comment is hidden."""

    reason: Annotated[str, text_limits(MAX_REASON, 1, description="For the log.")]


class ReportNew(cases.ReportNew, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody thinks that a comment shouldn't be there."""


class ReportView(cases.ReportView, frozen=True, kw_only=True):
    """A report, for moderators."""


class Appeal(cases.AppealNew, frozen=True, forbid_unknown_fields=True):
    """Why the author of a hidden comment thinks that it should be shown again."""


class CaseView(cases.AppealFacts, frozen=True, kw_only=True):
    """What moderators have to decide."""

    comment: CommentView


class FilterNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Words to look out for."""

    words: Annotated[
        str,
        text_limits(
            LONGEST,
            1,
            description="Whole words, in this order. Case, accents and letters that look alike make no difference; a "
            "star at the end stands for whatever the last word goes on with.",
            examples=["buy followers*"],
        ),
    ]


class FilterView(Struct, frozen=True):
    """Words whose comments wait for a moderator."""

    id: UUID
    words: str
    created_at: datetime


class Limiting(Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody is limited."""

    reason: Annotated[str, text_limits(MAX_REASON, 1, description="For moderators; nobody else reads it.")]


class LimitView(Struct, frozen=True, kw_only=True):
    """Somebody whose comments and Waves are seen by themselves and moderators alone."""

    person: PersonView
    reason: str
    at: datetime


class ModerationLogEntry(LogEntry, frozen=True, kw_only=True):
    """What a moderator did. Of what was done in a thread, `details` has the `thread`."""

    comment: Annotated[UUID | None, Meta(description="What was decided about, hidden or shown.")]


class Decision(cases.HidingDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides."""


class ThreadLogEntry(LogEntry, frozen=True, kw_only=True):
    """What was done to a thread."""

    thread: UUID
