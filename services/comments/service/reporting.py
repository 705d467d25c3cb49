"""Reports and appeals, and what moderators decide about them: one queue, the oldest first."""

from typing import Any
from uuid import UUID

from services.comments import schemas
from services.comments.models import Case, Comment
from services.comments.repository import CaseRepository, CommentRepository, ReportRepository, lists
from services.comments.schemas import CaseView, Decision, ReportNew, ReportView
from services.comments.service.keeping import open_case
from services.comments.service.reading import Reading
from services.comments.service.steps import locked, record, set_state
from services.comments.service.threads import may_read, refuse_apart, state_for
from services.comments.settings import CommentsSettings
from services.core.data.pagination import Page
from services.core.identity.subject import Role, Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, not_found, refused
from services.core.refusals import Refusals
from services.core.text import clean_text


class Reporting:
    """Reports of comments, appeals of their authors, and moderators' decisions."""

    def __init__(self, kit: Kit[CommentsSettings], people: People, reading: Reading) -> None:
        self._db = kit.db
        self._people = people
        self._reading = reading

    async def report(self, subject: Subject, comment_id: UUID, new: ReportNew) -> None:
        """Tell moderators of a comment; again, it says the last reason. Its author isn't told.

        What moderators have left as it is isn't put before them again, unless it was edited since.

        Raises:
            Problem: 403 for guests, 404 for what can't be read, 422 for one's own or a bad note.
        """
        subject.require_user()
        note = _checked("note", new.note, schemas.MAX_REASON, required=False)
        async with self._db.transaction() as session:
            thread, comment = await locked(session, subject, comment_id)
            if not may_read(thread, comment, subject):
                raise not_found("comment")
            if comment.author == subject.id:
                raise refused("own-comment", "You can't report a comment of your own. Delete it.")
            await refuse_apart(session, subject, comment.author)
            report = {"comment": comment_id, "reporter": subject.id, "reason": new.reason, "note": note}
            if not await ReportRepository(session).keep(report):
                return
            now = await CommentRepository(session).clock()
            case = await CaseRepository(session).lock_of(comment_id)
            await open_case(session, case, comment, now, again=_edited_since(case, comment), reports=1)

    async def appeal(self, subject: Subject, comment_id: UUID, text: str) -> None:
        """Ask moderators to show a hidden comment of one's own again; once for each time that it is hidden.

        Raises:
            Problem: 403 for guests, 404 for what isn't there or is somebody else's, 409 for what isn't hidden or was
                decided already, 422.
        """
        subject.require_user()
        text = _checked("text", text, schemas.MAX_APPEAL)
        async with self._db.transaction() as session:
            _, comment = await locked(session, subject, comment_id)
            if comment.author != subject.id:
                raise not_found("comment")
            if state_for(comment, subject) != "hidden":
                raise conflict("not-hidden", "This comment isn't hidden.")
            case = await CaseRepository(session).lock_of(comment_id)
            if case is not None and case.appeal is not None:
                raise conflict("appealed", "You have appealed already. A moderator decides, or has decided.")
            now = await CommentRepository(session).clock()
            case_id = await open_case(session, case, comment, now, again=True, reports=0)
            await CaseRepository(session).change(case_id, appeal=text)

    async def cases(self, subject: Subject, cursor: str | None, limit: int) -> Page[CaseView]:
        """Return a page of what waits to be decided, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        async with self._db.reading() as session:
            page = await CaseRepository(session).waiting(lists.WAITING.page(cursor, limit))
            about = [case.comment for case in page.items]
            reasons = await ReportRepository(session).reasons(about)
            comments = await CommentRepository(session).of(about)
        views = {view.id: view for view in await self._reading.views(subject, comments)}
        items = [
            CaseView(
                id=case.id,
                comment=views[case.comment],
                reports=case.reports,
                reasons=reasons.get(case.comment, {}),
                appeal=case.appeal,
                matched=case.matched,
                opened_at=case.opened_at,
            )
            for case in page.items
        ]
        return Page(items, page.next)

    async def reports(self, subject: Subject, case_id: UUID, cursor: str | None, limit: int) -> Page[ReportView]:
        """Return a page of the reports of a case, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators, 404.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        async with self._db.reading() as session:
            comment = await CaseRepository(session).comment_of(case_id)
            if comment is None:
                raise not_found("case")
            page = await ReportRepository(session).of(lists.REPORTS.page(cursor, limit), comment)
        people = await self._people.of(report.reporter for report in page.items)
        return Page(
            [
                ReportView(reporter=people[row.reporter], reason=row.reason, note=row.note, at=row.at)  # type: ignore[arg-type]  # the column has no other reasons
                for row in page.items
            ],
            page.next,
        )

    async def decide(self, subject: Subject, case_id: UUID, decision: Decision) -> None:
        """Close a case; the same decision again does nothing.

        Raises:
            Problem: 403 for all but moderators, 404, 409 where another decision was made, 422.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        reason = _checked("reason", decision.reason, schemas.MAX_REASON)
        async with self._db.transaction() as session:
            cases = CaseRepository(session)
            about = await cases.comment_of(case_id)
            if about is None:
                raise not_found("case")
            thread, comment = await locked(session, subject, about)
            case = await cases.lock(case_id)
            if case is None or (case.decided_at is not None and case.outcome != decision.outcome):
                raise conflict("case-decided", "Another moderator has decided this case.")
            if case.decided_at is not None:
                return
            if decision.outcome == "hidden" and comment.state == "shown":
                await set_state(session, thread, comment, "hidden", hidden_as="moderator")
            elif decision.outcome == "hidden" and comment.hidden_as == "filter":
                await CommentRepository(session).change(about, hidden_as="moderator")
            elif decision.outcome == "restored" and comment.state == "hidden":
                await set_state(session, thread, comment, "shown", hidden_as=None)
            now = await CommentRepository(session).clock()
            values: dict[str, Any] = {"appeal": None} if decision.outcome == "restored" else {}
            await cases.change(case_id, outcome=decision.outcome, decided_at=now, decided_by=subject.id, **values)
            await record(session, f"case.{decision.outcome}", subject, thread, comment, reason=reason)


def _edited_since(case: Case | None, comment: Comment) -> bool:
    """Say whether a comment isn't any more what moderators have decided about."""
    if case is None or case.decided_at is None or comment.edited_at is None:
        return False
    return comment.edited_at > case.decided_at


def _checked(field: str, text: str, longest: int, *, required: bool = True) -> str:
    found = Refusals("report-refused")
    cleaned = found.text(field, clean_text, text, longest, required=required)
    found.check()
    return cleaned
