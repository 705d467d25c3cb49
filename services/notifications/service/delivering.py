"""How and when somebody gets mail."""

from services.core.data.models import utc_now
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.refusals import Refusals
from services.core.zones import is_zone
from services.notifications.delivery import Delivery, due_at
from services.notifications.models import Mailbox
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.schemas import DeliveryView, QuietHours
from services.notifications.settings import NotificationsSettings

_DAY_MINUTES = 1_440


class Delivering:
    """What people choose for their mails."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._db = kit.db

    async def mine(self, subject: Subject) -> DeliveryView:
        """Return what the subject has chosen."""
        subject.require_user()
        async with self._db.reading() as session:
            row = await MailboxRepository(session).of(subject.id)
        return DeliveryView() if row is None else _view(row)

    async def put(self, subject: Subject, chosen: DeliveryView) -> DeliveryView:
        """Keep what the subject chooses; a mail that waits leaves when it says.

        Raises:
            Problem: 422.
        """
        subject.require_user()
        found = Refusals("delivery-refused")
        if not is_zone(chosen.time_zone):
            found.add("time_zone", "This is no time zone of the IANA database, such as `Europe/Riga`.")
        quiet = chosen.quiet_hours
        begin, end = (None, None) if quiet is None else (_minutes(quiet.begin), _minutes(quiet.end))
        if quiet is not None:
            for name, minutes in (("begin", begin), ("end", end)):
                if minutes is None:
                    found.add(f"quiet_hours.{name}", "This is no time of day, such as `22:00`.")
            if begin is not None and begin == end:
                found.add("quiet_hours.end", "Quiet hours end at another time than they begin.")
        found.check()
        values = {
            "email": chosen.email,
            "digest": chosen.digest,
            "zone": chosen.time_zone,
            "quiet_from": begin,
            "quiet_to": end,
        }
        delivery = Delivery(chosen.digest, chosen.time_zone, begin, end)
        async with self._db.transaction() as session:
            mailboxes = MailboxRepository(session)
            await mailboxes.put(subject.id, values)
            await mailboxes.plan(subject.id, due_at(utc_now(), delivery) if chosen.email else None)
        return await self.mine(subject)


def _minutes(shown: str) -> int | None:
    """Return the minutes from midnight to a time of day; None if it is none."""
    hour, colon, minute = shown.partition(":")
    if not colon or not (len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if minutes < _DAY_MINUTES and int(minute) < 60 else None


def _view(row: Mailbox) -> DeliveryView:
    quiet = None
    if row.quiet_from is not None and row.quiet_to is not None:
        quiet = QuietHours(*(f"{each // 60:02}:{each % 60:02}" for each in (row.quiet_from, row.quiet_to)))
    return DeliveryView(row.email, row.digest, row.zone, quiet)  # type: ignore[arg-type]  # the table's constraint says so
