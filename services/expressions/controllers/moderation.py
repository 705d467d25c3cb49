"""Reports of Waves, appeals, and moderators' queue of them."""

from litestar import Controller, get
from litestar.di import NamedDependency

from services.core.cases.controllers import Wire, appeal_controller, case_controller, report_controller
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.expressions.controllers.rules import REPORTS, TEXTS, WRITES
from services.expressions.schemas import (
    WaveAppeal,
    WaveCase,
    WaveDecision,
    WaveLogEntry,
    WaveReport,
    WaveReportView,
)
from services.expressions.service import Expressions

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


class WaveLogController(Controller):
    """What moderators did with Waves."""

    tags = ("Moderation",)

    @get(
        "/moderation-log",
        operation_id="WaveModerationLog",
        summary="See what moderators did with Waves",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403="This is for moderators."),
    )
    async def log(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[WaveLogEntry]:
        """Return what they have decided, the latest first. Nobody can change the log."""
        return await expressions.moderating.log(subject, cursor, limit)


CONTROLLERS = [
    report_controller(_WIRE),
    appeal_controller(_WIRE, WaveAppeal),
    case_controller(_WIRE),
    WaveLogController,
]
