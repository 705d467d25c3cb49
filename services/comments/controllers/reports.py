"""Reports of comments, appeals, and moderators' queue."""

from services.comments.controllers.rules import REPORTS, TEXTS, WRITES
from services.comments.schemas import Appeal, CaseView, Decision, ModerationLogEntry, ReportNew, ReportView
from services.core.cases.controllers import (
    Wire,
    appeal_controller,
    case_controller,
    log_controller,
    report_controller,
)

_WIRE = Wire(
    noun="comment",
    tag="Moderation",
    path="/{comment_id:uuid}",
    param="comment_id",
    label="Comment",
    case_label="Case",
    texts=TEXTS,
    report=ReportNew,
    report_view=ReportView,
    view=CaseView,
    decision=Decision,
    report_doc="Tell moderators that a comment shouldn't be there; its author doesn't learn of it.",
    queue_doc="Return comments with filtered words, reported ones and appeals, those that have waited longest first.",
    decide_doc="Hide the comment, show it again, or leave it as it is.",
    writes=WRITES,
    reports=REPORTS,
)

CONTROLLERS = [
    report_controller(_WIRE),
    appeal_controller(_WIRE, Appeal),
    case_controller(_WIRE),
    log_controller(
        _WIRE,
        ModerationLogEntry,
        "ModerationLog",
        "See what moderators did",
        "Return what they did to filters and limits, to comments, and to threads of others.",
    ),
]
