"""Reports of comments, appeals, and moderators' queue."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.comments.controllers.rules import REPORTS, TEXTS, WRITES
from services.comments.schemas import Appeal, CaseView, Decision, ReportNew, ReportView
from services.comments.service import Comments
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject

APPEAL_BYTES = 32_000
"""A text of 2,000 characters, of which JSON may write each in twelve bytes."""

_FOR_MODERATORS = "This is for moderators."


class ReportController(Controller):
    """Reports of comments, and appeals."""

    tags = ("Moderation",)

    @put(
        "/{comment_id:uuid}/report",
        operation_id="CommentReport",
        summary="Report a comment",
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
            _422="`own-comment`: it is your own. `report-refused`: the note is too long.",
        ),
    )
    async def report(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        comment_id: FromPath[UUID],
        data: JSONBody[ReportNew],
    ) -> None:
        """Tell moderators that a comment shouldn't be there; its author doesn't learn of it. Your last report holds."""
        await comments.reporting.report(subject, comment_id, data)

    @put(
        "/{comment_id:uuid}/appeal",
        operation_id="CommentAppeal",
        summary="Ask for a hidden comment to be shown again",
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
            422,
            429,
            types={409: "appealed"},
            _409="`not-hidden`: it isn't hidden. `appealed`: you have appealed already.",
        ),
    )
    async def appeal(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        comment_id: FromPath[UUID],
        data: JSONBody[Appeal],
    ) -> None:
        """Put a comment of yours that was hidden before moderators, once for each time that it is hidden."""
        await comments.reporting.appeal(subject, comment_id, data.text)


class CaseController(Controller):
    """What moderators have to decide."""

    path = "/cases"
    tags = ("Moderation",)

    @get(
        "/",
        operation_id="CaseList",
        summary="List what waits to be decided",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def waiting(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[CaseView]:
        """Return reported comments and appeals, those that have waited longest first."""
        return await comments.reporting.cases(subject, cursor, limit)

    @get(
        "/{case_id:uuid}/reports",
        operation_id="CaseReports",
        summary="List the reports of a case",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 404, _403=_FOR_MODERATORS),
    )
    async def reports(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ReportView]:
        """Return who has reported the comment and why, the first report first."""
        return await comments.reporting.reports(subject, case_id, cursor, limit)

    @put(
        "/{case_id:uuid}/decision",
        operation_id="CaseDecide",
        summary="Decide a case",
        status_code=204,
        guards=WRITES,
        responses=problems(
            TEXTS,
            400,
            401,
            404,
            413,
            422,
            429,
            _403=_FOR_MODERATORS,
            _409="`case-decided`: another moderator has decided otherwise.",
        ),
    )
    async def decide(
        self,
        comments: NamedDependency[Comments],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        data: JSONBody[Decision],
    ) -> None:
        """Hide the comment, show it again, or leave it as it is. The same decision again does nothing."""
        await comments.reporting.decide(subject, case_id, data)
