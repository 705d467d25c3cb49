"""Reports of messages, and moderators' queue of them."""

from services.core.cases.controllers import Wire, case_controller, log_controller, report_controller
from services.messaging.controllers.rules import REPORTS, TEXTS, WRITES
from services.messaging.schemas import MessageCase, MessageDecision, MessageLogEntry, MessageReport, MessageReportView

_WIRE = Wire(
    noun="message",
    tag="Messages",
    path="/messages/{message_id:uuid}",
    param="message_id",
    label="Message",
    case_label="MessageCase",
    texts=TEXTS,
    report=MessageReport,
    report_view=MessageReportView,
    view=MessageCase,
    decision=MessageDecision,
    report_doc="Show moderators this one message, as it is now. Its sender doesn't learn of it.",
    report_conflict="`message-gone`: it is deleted.",
    queue_doc="Return reported messages, those that have waited longest first.",
    decide_doc="Say whether a report was right. The message itself stays.",
    writes=WRITES,
    reports=REPORTS,
)

CONTROLLERS = [
    report_controller(_WIRE),
    case_controller(_WIRE),
    log_controller(
        _WIRE,
        MessageLogEntry,
        "MessageModerationLog",
        "See what moderators did with messages",
        "Return what was decided about reported messages, and nothing that they say.",
    ),
]
