"""Reports of messages, and what moderators decide about them.

Moderators read no conversation. A report brings them the one message that its reporter reads, as it was then: what its
sender makes of it afterwards changes nothing in the case.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.cases.schemas import DecisionNew
from services.core.cases.service import Cases, Kind, Matter
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import conflict, not_found
from services.messaging.models import Case
from services.messaging.repository.attachments import AttachmentRepository
from services.messaging.repository.messages import MessageRepository
from services.messaging.repository.reports import CaseRepository, ModerationLog, ReportRepository
from services.messaging.schemas import MessageCase, MessageLogEntry, MessageReportView
from services.messaging.service.attaching import Attaching, view_of
from services.messaging.settings import MessagingSettings

_KIND = Kind(
    "message",
    "message-",
    CaseRepository,
    ReportRepository,
    MessageCase,
    MessageReportView,
    ModerationLog,
    MessageLogEntry,
)


class Reporting(Cases[Case, None, MessageCase]):
    """Reports of messages, and moderators' decisions."""

    def __init__(self, kit: Kit[MessagingSettings], people: People, attaching: Attaching) -> None:
        super().__init__(kit, people, _KIND)
        self._attaching = attaching

    async def reported(self, session: AsyncSession, subject: Subject, about: UUID) -> Matter:
        """Return a message that somebody reads, with what its case keeps of it."""
        message = await MessageRepository(session).hold(subject.id, about)
        if message is None:
            raise not_found("message")
        self.refuse_own(subject, message.sender)
        if message.deleted:
            raise conflict("message-gone", "This message is deleted.")
        said = {"text": message.text, "sender": message.sender, "sent_at": message.sent_at}
        return Matter(about, said={**said, "conversation": message.conversation})

    async def shown(self, subject: Subject, cases: Sequence[Case]) -> Mapping[UUID, Mapping[str, Any]]:
        """Return the messages and what goes with them; nothing else of their conversations."""
        async with self._db.reading() as session:
            attached = await AttachmentRepository(session).of([case.about for case in cases])
        people = await self._people.of(case.sender for case in cases)
        return {
            case.about: {
                "message": case.about,
                "sender": people[case.sender],
                "attachments": [view_of(each) for each in attached.get(case.about, ())],
            }
            for case in cases
        }

    async def held(self, session: AsyncSession, subject: Subject, about: UUID) -> None:
        """Hold nothing: the message stays as it is."""

    async def carry_out(
        self, session: AsyncSession, subject: Subject, held: None, case: Case, decision: DecisionNew
    ) -> None:
        """Keep why; what goes with a deleted message, nobody has to see any more."""
        await CaseRepository(session).change(case.id, reason=decision.reason)
        message = await MessageRepository(session).get_one_or_none(id=case.about)
        if message is None or message.deleted:
            await self._attaching.drop(session, case.about)
