"""Reports of Waves, appeals, and moderators' queue of them."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

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

APPEAL_BYTES = 32_000
"""A text of 2,000 characters, of which JSON may write each in twelve bytes."""

_FOR_MODERATORS = "This is for moderators."


class WaveReportController(Controller):
    """Reports of Waves, and appeals."""

    path = "/waves/{wave_id:uuid}"
    tags = ("Moderation",)

    @put(
        "/report",
        operation_id="WaveReport",
        summary="Report a Wave",
        status_code=204,
        guards=REPORTS,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            429,
            _422="`own-wave`: it is your own. `report-refused`: the note is too long.",
        ),
    )
    async def report(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        wave_id: FromPath[UUID],
        data: JSONBody[WaveReport],
    ) -> None:
        """Tell moderators that a Wave shouldn't be there; its author doesn't learn of it. Your last report holds."""
        await expressions.moderating.report(subject, wave_id, data)

    @put(
        "/appeal",
        operation_id="WaveAppeal",
        summary="Ask for a hidden Wave to be shown again",
        status_code=204,
        guards=REPORTS,
        request_max_body_size=APPEAL_BYTES,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            429,
            types={409: "appealed"},
            _409="`not-hidden`: it isn't hidden. `appealed`: you have appealed already.",
            _422="`report-refused`: the text is too long or says nothing.",
        ),
    )
    async def appeal(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        wave_id: FromPath[UUID],
        data: JSONBody[WaveAppeal],
    ) -> None:
        """Put a Wave of yours that was hidden before moderators, once for each time that it is hidden."""
        await expressions.moderating.appeal(subject, wave_id, data.text)


class WaveCaseController(Controller):
    """What moderators have to decide about Waves."""

    tags = ("Moderation",)

    @get(
        "/cases",
        operation_id="WaveCaseList",
        summary="List the Waves that wait to be decided",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def waiting(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[WaveCase]:
        """Return Waves with filtered words, reported ones and appeals, those that have waited longest first."""
        return await expressions.moderating.cases(subject, cursor, limit)

    @get(
        "/cases/{case_id:uuid}/reports",
        operation_id="WaveCaseReports",
        summary="List the reports of a Wave",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS, _404="There is no such case."),
    )
    async def reports(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[WaveReportView]:
        """Return who has reported the Wave and why, the first report first."""
        return await expressions.moderating.reports(subject, case_id, cursor, limit)

    @put(
        "/cases/{case_id:uuid}/decision",
        operation_id="WaveCaseDecide",
        summary="Decide what becomes of a Wave",
        status_code=204,
        guards=WRITES,
        responses=problems(
            TEXTS,
            400,
            401,
            413,
            429,
            _403=_FOR_MODERATORS,
            _404="There is no such case; its Wave may be deleted.",
            _409="`case-decided`: another moderator has decided otherwise.",
            _422="`report-refused`: the reason is too long or says nothing.",
        ),
    )
    async def decide(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        data: JSONBody[WaveDecision],
    ) -> None:
        """Hide the Wave, show it again, or leave it as it is. The same decision again does nothing."""
        await expressions.moderating.decide(subject, case_id, data)

    @get(
        "/moderation-log",
        operation_id="WaveModerationLog",
        summary="See what moderators did with Waves",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
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
