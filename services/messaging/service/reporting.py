"""Reports of messages, and what moderators decide about them.

Moderators read no conversation. A report brings them the one message that its reporter reads, as it was then: what its
sender makes of it afterwards changes nothing in the case.
"""

from uuid import UUID

from services.core.data.pagination import Page
from services.core.identity.subject import Role, Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, not_found, refused
from services.core.refusals import Refusals
from services.core.text import clean_text
from services.messaging import schemas
from services.messaging.repository.attachments import AttachmentRepository
from services.messaging.repository.messages import MessageRepository
from services.messaging.repository.reports import REPORTS, WAITING, CaseRepository, ReportRepository
from services.messaging.schemas import MessageCase, MessageDecision, MessageReport, MessageReportView
from services.messaging.service.attaching import Attaching, view_of
from services.messaging.settings import MessagingSettings


class Reporting:
    """Reports of messages, and moderators' decisions."""

    def __init__(self, kit: Kit[MessagingSettings], people: People, attaching: Attaching) -> None:
        self._attaching = attaching
        self._db = kit.db
        self._people = people

    async def report(self, subject: Subject, message_id: UUID, new: MessageReport) -> None:
        """Hand a message over to moderators; again, it says the last reason. Its sender isn't told.

        What was decided is decided, unless the message says something else by now.

        Raises:
            Problem: 403 for guests, 404 for what can't be read, 409 if it is deleted, 422 for one's own or a bad note.
        """
        subject.require_user()
        note = _checked("note", new.note, required=False)
        async with self._db.transaction() as session:
            message = await MessageRepository(session).hold(subject.id, message_id)
            if message is None:
                raise not_found("message")
            if message.sender == subject.id:
                raise refused("own-message", "You can't report a message of your own. Delete it.")
            if message.deleted:
                raise conflict("message-gone", "This message is deleted.")
            cases = CaseRepository(session)
            now = await cases.clock()
            said = {"text": message.text, "sender": message.sender, "sent_at": message.sent_at}
            about = {"message": message.id, "conversation": message.conversation}
            case, is_new = await cases.hold({"id": new_id(), "opened_at": now, "reports": 0, **about, **said})
            report = {"message": message.id, "reporter": subject.id, "reason": new.reason, "note": note}
            if await ReportRepository(session).keep(report):
                case.reports += 1
            if not is_new and case.decided_at is not None and case.text != message.text:
                case.text, case.opened_at = message.text, now
                case.decided_at = case.decided_by = case.outcome = None

    async def cases(self, subject: Subject, cursor: str | None, limit: int) -> Page[MessageCase]:
        """Return a page of what waits to be decided, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        async with self._db.reading() as session:
            page = await CaseRepository(session).waiting(WAITING.page(cursor, limit))
            messages = [case.message for case in page.items]
            reasons = await ReportRepository(session).reasons(messages)
            attached = await AttachmentRepository(session).of(messages)
        people = await self._people.of(case.sender for case in page.items)
        items = [
            MessageCase(
                id=case.id,
                message=case.message,
                sender=people[case.sender],
                text=case.text,
                attachments=[view_of(each) for each in attached.get(case.message, ())],
                sent_at=case.sent_at,
                reports=case.reports,
                reasons=reasons.get(case.message, {}),
                opened_at=case.opened_at,
            )
            for case in page.items
        ]
        return Page(items, page.next)

    async def reports(self, subject: Subject, case_id: UUID, cursor: str | None, limit: int) -> Page[MessageReportView]:
        """Return a page of the reports of a case, the oldest first.

        Raises:
            Problem: 400 for another list's cursor, 403 for all but moderators, 404.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        async with self._db.reading() as session:
            case = await CaseRepository(session).get_one_or_none(id=case_id)
            if case is None:
                raise not_found("case")
            page = await ReportRepository(session).of(REPORTS.page(cursor, limit), case.message)
        people = await self._people.of(row.reporter for row in page.items)
        items = [
            MessageReportView(reporter=people[row.reporter], reason=row.reason, note=row.note, at=row.at)  # type: ignore[arg-type]  # the column has no other reasons
            for row in page.items
        ]
        return Page(items, page.next)

    async def decide(self, subject: Subject, case_id: UUID, decision: MessageDecision) -> None:
        """Close a case; the same decision again does nothing.

        Raises:
            Problem: 403 for all but moderators, 404, 409 where another decision was made, 422.
        """
        subject.require_role(Role.MODERATOR, Role.ADMIN)
        reason = _checked("reason", decision.reason)
        async with self._db.transaction() as session:
            cases = CaseRepository(session)
            case = await cases.lock(case_id)
            if case is None:
                raise not_found("case")
            if case.decided_at is not None:
                if case.outcome != decision.outcome:
                    raise conflict("case-decided", "Another moderator has decided this case.")
                return
            case.outcome, case.reason = decision.outcome, reason
            case.decided_at, case.decided_by = await cases.clock(), subject.id
            await session.flush()
            message = await MessageRepository(session).get_one_or_none(id=case.message)
            if message is None or message.deleted:  # nobody has to see it any more
                await self._attaching.drop(session, case.message)


def _checked(field: str, text: str, *, required: bool = True) -> str:
    found = Refusals("report-refused")
    cleaned = found.text(field, clean_text, text, schemas.MAX_REASON, required=required)
    found.check()
    return cleaned
