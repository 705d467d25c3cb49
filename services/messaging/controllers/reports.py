"""Reports of messages, and moderators' queue of them."""

from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.messaging.controllers.rules import REPORTS, TEXTS, WRITES
from services.messaging.schemas import MessageCase, MessageDecision, MessageReport, MessageReportView
from services.messaging.service import Messaging

_FOR_MODERATORS = "This is for moderators."


class MessageReportController(Controller):
    """Reports of messages."""

    tags = ("Messages",)

    @put(
        "/messages/{message_id:uuid}/report",
        operation_id="MessageReport",
        summary="Report a message",
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
            _409="`message-gone`: it is deleted.",
            _422="`own-message`: it is your own. `report-refused`: the note is too long.",
        ),
    )
    async def report(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
        data: JSONBody[MessageReport],
    ) -> None:
        """Show moderators this one message, as it is now. Its sender doesn't learn of it. Your last report holds."""
        await messaging.reporting.report(subject, message_id, data)


class MessageCaseController(Controller):
    """What moderators have to decide about messages."""

    path = "/cases"
    tags = ("Messages",)

    @get(
        "/",
        operation_id="MessageCaseList",
        summary="List reported messages",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, _403=_FOR_MODERATORS),
    )
    async def waiting(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[MessageCase]:
        """Return reported messages, those that have waited longest first."""
        return await messaging.reporting.cases(subject, cursor, limit)

    @get(
        "/{case_id:uuid}/reports",
        operation_id="MessageCaseReports",
        summary="List the reports of a message",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 404, _403=_FOR_MODERATORS),
    )
    async def reports(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[MessageReportView]:
        """Return who has reported the message and why, the first report first."""
        return await messaging.reporting.reports(subject, case_id, cursor, limit)

    @put(
        "/{case_id:uuid}/decision",
        operation_id="MessageCaseDecide",
        summary="Decide about a reported message",
        status_code=204,
        guards=WRITES,
        responses=problems(
            TEXTS,
            400,
            401,
            404,
            413,
            429,
            _403=_FOR_MODERATORS,
            _409="`case-decided`: another moderator has decided otherwise.",
            _422="`report-refused`: the reason is missing or too long.",
        ),
    )
    async def decide(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        case_id: FromPath[UUID],
        data: JSONBody[MessageDecision],
    ) -> None:
        """Say whether a report was right. The message itself stays. The same decision again does nothing."""
        await messaging.reporting.decide(subject, case_id, data)
