"""What goes over the wire, whatever a case is about. Services say what is more in structs of their own."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.core.people import PersonView
from services.core.refusals import text_limits

MAX_REASON = 500
MAX_APPEAL = 2_000

Reason = Literal["spam", "abuse", "illegal", "off_topic", "other"]
Outcome = Literal["hidden", "dismissed", "restored"]


class ReportNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody thinks that something shouldn't be there."""

    reason: Reason
    note: Annotated[str, text_limits(MAX_REASON, description="For moderators; nobody else reads it.")] = ""


class ReportView(Struct, frozen=True, kw_only=True):
    """A report, for moderators."""

    reporter: PersonView
    reason: Reason
    note: str
    at: datetime


class AppealNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the author of something hidden thinks that it should be shown again."""

    text: Annotated[str, text_limits(MAX_APPEAL, 1)]


class CaseFacts(Struct, frozen=True, kw_only=True):
    """What moderators have to decide."""

    id: UUID
    reports: Annotated[int, Meta(description="How many people have reported it.")]
    reasons: Annotated[dict[str, int], Meta(description="How often each reason was given.")]
    opened_at: datetime


class AppealFacts(CaseFacts, frozen=True, kw_only=True):
    """The same, of what moderators can hide."""

    appeal: Annotated[str | None, Meta(description="What its author says against its being hidden.")]
    matched: Annotated[str | None, Meta(description="The filter's words for which it waits to be shown.")]


class DecisionNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides."""

    outcome: str
    reason: Annotated[str, text_limits(MAX_REASON, 1, description="It is kept with what was decided.")]


class HidingDecision(DecisionNew, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides about something that can be hidden."""

    outcome: Annotated[
        Outcome,
        Meta(description="`hidden`: it isn't shown. `dismissed`: it stays as it is. `restored`: it is shown again."),
    ]
