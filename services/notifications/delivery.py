"""When mail and messages to devices leave: never in quiet hours.

After a moment in which what they tell of may be read in the app; mail also once a day.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

Digest = Literal["none", "daily"]

DELAY = timedelta(minutes=1)
"""How long a mail waits: what is read meanwhile isn't told, and what comes meanwhile is in the same mail."""

PUSH_DELAY = timedelta(seconds=10)
"""How long a message to a device waits: what is read in the app as it comes isn't told."""

DIGEST_AT = time(8)
"""When the mail of a day leaves, in the reader's time zone."""

_DAY = timedelta(days=1)


class Delivery(Struct, frozen=True):
    """What somebody has chosen.

    Attributes:
        zone: Their time zone's name in the IANA database.
        quiet_from: When their quiet hours begin, in minutes after midnight; None without quiet hours.
        quiet_to: When they end.
    """

    digest: Digest = "none"
    zone: str = "UTC"
    quiet_from: int | None = None
    quiet_to: int | None = None


def due_at(now: datetime, delivery: Delivery, delay: timedelta = DELAY) -> datetime:
    """Return when what happens now is told, by mail unless another delay is given."""
    if delivery.digest == "daily":
        return after_quiet(_next(now, DIGEST_AT, ZoneInfo(delivery.zone)), delivery)
    return after_quiet(now + delay, delivery)


def after_quiet(moment: datetime, delivery: Delivery) -> datetime:
    """Return a moment, or the end of the quiet hours in which it lies."""
    if delivery.quiet_from is None or delivery.quiet_to is None:
        return moment
    zone = ZoneInfo(delivery.zone)
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    # Counted from their beginning, so that they may go past midnight.
    if (minute - delivery.quiet_from) % 1440 >= (delivery.quiet_to - delivery.quiet_from) % 1440:
        return moment
    return _next(moment, time(*divmod(delivery.quiet_to, 60)), zone)


def _next(moment: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the next moment at which clocks in a zone show a time."""
    day = moment.astimezone(zone).date()
    # Clocks may skip the time or show it twice on one of these days.
    shown = (datetime.combine(day + number * _DAY, at, zone).astimezone(UTC) for number in range(3))
    return next(each for each in shown if each > moment)
