"""Reports of Waves, appeals, and moderators' queue of them."""

from services.core.cases.controllers import (
    Wire,
    appeal_controller,
    case_controller,
    log_controller,
    report_controller,
)
from services.expressions.controllers.rules import REPORTS, TEXTS, WRITES
from services.expressions.schemas import (
    WaveAppeal,
    WaveCase,
    WaveDecision,
    WaveLogEntry,
    WaveReport,
    WaveReportView,
)

_WIRE = Wire(
    noun="Wave",
    tag="Moderation",
    path="/waves/{wave_id:uuid}",
    param="wave_id",
    label="Wave",
    case_label="WaveCase",
    texts=TEXTS,
    report=WaveReport,
    report_view=WaveReportView,
    view=WaveCase,
    decision=WaveDecision,
    report_doc="Tell moderators that a Wave shouldn't be there; its author doesn't learn of it.",
    queue_doc="Return Waves with filtered words, reported ones and appeals, those that have waited longest first.",
    decide_doc="Hide the Wave, show it again, or leave it as it is.",
    writes=WRITES,
    reports=REPORTS,
)


CONTROLLERS = [
    report_controller(_WIRE),
    appeal_controller(_WIRE, WaveAppeal),
    case_controller(_WIRE),
    log_controller(
        _WIRE,
        WaveLogEntry,
        "WaveModerationLog",
        "See what moderators did with Waves",
        "Return what was decided about Waves.",
    ),
]
