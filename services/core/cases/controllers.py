"""The routes of cases, the same in each service but for the words: reporting, appealing, moderators' queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from litestar.types import Guard

from services.core.cases.schemas import AppealNew, CaseFacts, DecisionNew, ReportNew, ReportView
from services.core.cases.service import AppealCases, Cases
from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.dependencies import in_turn
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.core.people import LogEntry

APPEAL_BYTES = 32_000
"""A text of 2,000 characters, of which JSON may write each in twelve bytes."""

_FOR_MODERATORS = "This is for moderators."
_NO_CASE = "There is no such case; what it was about may be deleted."


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How the cases of a service look in the API. Its plugin gives its `Cases` as the part `cases`.

    Attributes:
        noun: What one thing is called.
        tag: Among which routes these stand.
        path: Where one thing is: `/waves/{wave_id:uuid}`.
        param: What its id is called in that path.
        label: How the names of operations on one thing begin: `WaveReport`.
        case_label: How the names of operations on cases begin: `WaveCaseList`.
        texts: What statuses mean among the service's routes.
        report: What a report says; and so the others.
        report_doc: What becomes of a report.
        report_conflict: Why something can't be reported right now.
        queue_doc: What waits for moderators.
        decide_doc: What decisions do.
        writes: Guards of a decision.
        reports: Guards of reports and appeals.
    """

    noun: str
    tag: str
    path: str
    param: str
    label: str
    case_label: str
    texts: Mapping[int, str]
    report: type[ReportNew]
    report_view: type[ReportView]
    view: type[CaseFacts]
    decision: type[DecisionNew]
    report_doc: str
    report_conflict: str = ""
    queue_doc: str
    decide_doc: str
    writes: Sequence[Guard]
    reports: Sequence[Guard]


def _about(wire: Wire) -> dict[str, Provide]:
    """Return what takes the id out of the path, by the name that it has there."""

    async def about(**given: UUID) -> UUID:
        return given[wire.param]

    return {"about": in_turn(about, {wire.param: FromPath[UUID]}, "subject")}


def report_controller(wire: Wire) -> type[Controller]:
    """Return the route by which something is reported."""
    New: Any = wire.report  # noqa: N806  (a type, for the signature below)
    conflict = problems({}, _409=wire.report_conflict) if wire.report_conflict else {}
    own = f"`own-{wire.noun.lower()}`: it is your own. `report-refused`: the note is too long."

    class ReportController(Controller):
        """Reports."""

        path = wire.path
        tags = (wire.tag,)
        dependencies = _about(wire)

        @put(
            "/report",
            operation_id=f"{wire.label}Report",
            summary=f"Report a {wire.noun}",
            description=f"{wire.report_doc} Your last report holds.",
            status_code=204,
            guards=wire.reports,
            responses={**problems(wire.texts, 400, 401, 403, 404, 413, 429, _422=own), **conflict},
        )
        async def report(
            self,
            cases: NamedDependency[Cases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            about: NamedDependency[UUID],
            data: JSONBody[New],  # pyright: ignore[reportInvalidTypeForm]
        ) -> None:
            """Put something before moderators."""
            await cases.report(subject, about, data)

    ReportController.__doc__ = f"Reports of {wire.noun}s."
    return ReportController


def appeal_controller(wire: Wire, new: type[AppealNew]) -> type[Controller]:
    """Return the route by which the author of something hidden appeals."""
    New: Any = new  # noqa: N806  (a type, for the signature below)

    class AppealController(Controller):
        """Appeals."""

        path = wire.path
        tags = (wire.tag,)
        dependencies = _about(wire)

        @put(
            "/appeal",
            operation_id=f"{wire.label}Appeal",
            summary=f"Ask for a hidden {wire.noun} to be shown again",
            description=f"Put a {wire.noun} of yours that was hidden before moderators, once for each time that it is "
            "hidden.",
            status_code=204,
            guards=wire.reports,
            request_max_body_size=APPEAL_BYTES,
            responses=problems(
                wire.texts,
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
            cases: NamedDependency[AppealCases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            about: NamedDependency[UUID],
            data: JSONBody[New],  # pyright: ignore[reportInvalidTypeForm]
        ) -> None:
            """Put something hidden before moderators."""
            await cases.appeal(subject, about, data.text)

    AppealController.__doc__ = f"Appeals of those whose {wire.noun}s were hidden."
    return AppealController


def case_controller(wire: Wire) -> type[Controller]:
    """Return the routes of moderators' queue."""
    View: Any = wire.view  # noqa: N806  (types, for the signatures below)
    Told: Any = wire.report_view  # noqa: N806
    Decided: Any = wire.decision  # noqa: N806

    class CaseController(Controller):
        """What moderators have to decide."""

        path = "/cases"
        tags = (wire.tag,)

        @get(
            "/",
            operation_id=f"{wire.case_label}List",
            summary=f"List the {wire.noun}s that wait to be decided",
            description=wire.queue_doc,
            guards=[ANY_TOKEN],
            responses=problems(wire.texts, 400, 401, _403=_FOR_MODERATORS),
        )
        async def waiting(
            self,
            cases: NamedDependency[Cases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            cursor: Cursor = None,
            limit: Limit = 20,
        ) -> Page[View]:  # pyright: ignore[reportInvalidTypeForm]
            """Return what waits."""
            page: Page[Any] = await cases.cases(subject, cursor, limit)
            return page

        @get(
            "/{case_id:uuid}/reports",
            operation_id=f"{wire.case_label}Reports",
            summary=f"List the reports of a {wire.noun}",
            description=f"Return who has reported the {wire.noun} and why, the first report first.",
            guards=[ANY_TOKEN],
            responses=problems(wire.texts, 400, 401, _403=_FOR_MODERATORS, _404=_NO_CASE),
        )
        async def reports(
            self,
            cases: NamedDependency[Cases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            case_id: FromPath[UUID],
            cursor: Cursor = None,
            limit: Limit = 20,
        ) -> Page[Told]:  # pyright: ignore[reportInvalidTypeForm]
            """Return who has reported it and why."""
            page: Page[Any] = await cases.reports(subject, case_id, cursor, limit)
            return page

        @put(
            "/{case_id:uuid}/decision",
            operation_id=f"{wire.case_label}Decide",
            summary=f"Decide about a {wire.noun}",
            description=f"{wire.decide_doc} The same decision again does nothing.",
            status_code=204,
            guards=wire.writes,
            responses=problems(
                wire.texts,
                400,
                401,
                413,
                429,
                _403=_FOR_MODERATORS,
                _404=_NO_CASE,
                _409="`case-decided`: another moderator has decided otherwise.",
                _422="`report-refused`: the reason is too long or says nothing.",
            ),
        )
        async def decide(
            self,
            cases: NamedDependency[Cases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            case_id: FromPath[UUID],
            data: JSONBody[Decided],  # pyright: ignore[reportInvalidTypeForm]
        ) -> None:
            """Close a case."""
            await cases.decide(subject, case_id, data)

    CaseController.__doc__ = f"What moderators have to decide about {wire.noun}s."
    return CaseController


def log_controller(wire: Wire, entry: type[LogEntry], operation_id: str, summary: str, about: str) -> type[Controller]:
    """Return the route of what moderators did.

    Args:
        wire: How cases look.
        entry: One act.
        operation_id: The route's.
        summary: What it is for.
        about: What it returns.
    """
    Entry: Any = entry  # noqa: N806  (a type, for the signature below)

    class LogController(Controller):
        """What moderators did."""

        tags = (wire.tag,)

        @get(
            "/moderation-log",
            operation_id=operation_id,
            summary=summary,
            description=f"{about} The latest comes first, and nobody can change the log.",
            guards=[ANY_TOKEN],
            responses=problems(wire.texts, 400, 401, _403=_FOR_MODERATORS),
        )
        async def log(
            self,
            cases: NamedDependency[Cases[Any, Any, Any]],
            subject: NamedDependency[Subject],
            cursor: Cursor = None,
            limit: Limit = 20,
        ) -> Page[Entry]:  # pyright: ignore[reportInvalidTypeForm]
            """Return what they did."""
            page: Page[Any] = await cases.log(subject, cursor, limit)
            return page

    LogController.__doc__ = f"What moderators did with {wire.noun}s."
    return LogController
