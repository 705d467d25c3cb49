"""Web push: what somebody hasn't read, told to each of their browsers, all in one message.

A message that may be told twice, because its sender was killed, takes the place of the one before in the browser.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr, parsedate_to_datetime

import msgspec
import structlog

from services.core.data.models import utc_now
from services.core.kit import Kit
from services.core.peers.outside import Answer, Outside, OutsideError
from services.notifications.delivery import PUSH_DELAY, Delivery, after_quiet
from services.notifications.mails import name_of, sentence
from services.notifications.models import Device
from services.notifications.repository.devices import DeviceRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.schemas import NotificationView
from services.notifications.service.devices import signing_keys
from services.notifications.service.reading import Reading
from services.notifications.settings import NotificationsSettings
from services.notifications.webpush import authorization, encrypted

log = structlog.get_logger(__name__)

_AT_ONCE = 50
_MOST = 20
"""Notifications that are looked at for a message: it tells of the latest and how many others there are."""

_LEASE = timedelta(minutes=2)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_TRIES = 30
"""About a week."""

_KEPT_SECONDS = 24 * 3_600
"""How long the service keeps a message for a browser that isn't there. With 0 most would be lost."""

_GONE = frozenset({401, 403, 404, 410})
"""The browser isn't told any more, or knows us by a key that isn't ours (RFC 8030, section 7.3; RFC 8292)."""

_LONGEST_NAME = 60
_TOPIC = "notifications"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser is told. A locked phone shows it, so it holds nothing that anybody wrote but names.

    Attributes:
        title: What it says, in English.
        people: Who did it, as far as they are named.
        count: How many did it; 100 stands for 100 or more.
        type: Of the subject.
        subject: Its id.
        poll: The poll that a comment is on.
        more: How many other notifications are new; 20 stands for 20 or more.
    """

    kind: str
    title: str
    people: list[str]
    count: int
    type: str
    subject: str
    poll: str | None
    more: int
    at: datetime


class Pushing:
    """Sends to devices what is due."""

    def __init__(self, kit: Kit[NotificationsSettings], reading: Reading, outside: Outside) -> None:
        self._kit = kit
        self._reading = reading
        self._outside = outside

    async def work(self) -> None:
        """Send until nothing is due."""
        while True:
            now = utc_now()
            async with self._kit.db.transaction() as session:
                taken = await DeviceRepository(session).claim(now, now + _LEASE, _AT_ONCE)
            sent = (self._send(device, delivery, now) for device, delivery in taken)
            # One that can't be told at all is tried again later, and keeps nobody else from being told.
            failed = [each for each in await asyncio.gather(*sent, return_exceptions=True) if each is not None]
            if failed:
                raise failed[0]
            if len(taken) < _AT_ONCE:
                return

    async def _send(self, device: Device, delivery: Delivery, now: datetime) -> None:
        if (moment := after_quiet(now, delivery)) > now:  # it was due before, and nobody was there to send it
            async with self._kit.db.transaction() as session:
                await DeviceRepository(session).put_off(device, moment, device.tries)
            return
        async with self._kit.db.reading() as session:
            rows = await NotificationRepository(session).to_tell("push", device.account, device.told, _MOST)
        if not rows:  # it was read or is gone
            await self._done(device, now, None)
            return
        [told] = await self._reading.views(rows[:1], device.account)
        signer = (await signing_keys(self._kit)).get(device.signer)
        if signer is None:  # our key was changed twice since
            await self._drop(device, "the key that it knows isn't ours any more")
            return
        body = encrypted(msgspec.json.encode(message_of(told, len(rows) - 1)), device.public_key, device.auth)
        headers = {
            "authorization": authorization(signer, device.endpoint, self._contact(), now),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_KEPT_SECONDS),
            "topic": _TOPIC,
            "urgency": "normal",
        }
        try:
            answer = await self._outside.post(device.endpoint, body, headers)
        except OutsideError as exc:
            if exc.refused:
                await self._drop(device, str(exc))
            else:
                await self._put_off(device, now, None, str(exc))
            return
        await self._answered(device, now, told, answer)

    async def _answered(self, device: Device, now: datetime, told: NotificationView, answer: Answer) -> None:
        if 200 <= answer.status < 300:
            await self._done(device, now, told)
        elif answer.status in _GONE:
            await self._drop(device, f"answered {answer.status}")
        elif answer.status == 429 or answer.status >= 500:
            await self._put_off(device, now, answer.headers.get("retry-after"), f"answered {answer.status}")
        else:  # it would answer the same again; the next message may be taken
            log.warning("push_refused", status=answer.status)
            await self._done(device, now, told)

    async def _done(self, device: Device, now: datetime, told: NotificationView | None) -> None:
        position = device.told if told is None else told.position
        # What came while it waited for another try wasn't planned.
        next_at = now + PUSH_DELAY if device.tries else None
        async with self._kit.db.transaction() as session:
            await DeviceRepository(session).done(device, now + _LEASE, position, next_at)

    async def _put_off(self, device: Device, now: datetime, retry_after: str | None, why: str) -> None:
        tries = device.tries + 1
        log.warning("push_failed", tries=tries, reason=why)
        if tries >= _TRIES:
            await self._drop(device, "it couldn't be told for too long")
            return
        wait = min(_LONGEST_WAIT, max(_FIRST_WAIT * 2 ** min(device.tries, 10), asked_wait(retry_after, now)))
        async with self._kit.db.transaction() as session:
            await DeviceRepository(session).put_off(device, now + wait, tries)

    async def _drop(self, device: Device, why: str) -> None:
        log.info("device_dropped", reason=why)
        async with self._kit.db.transaction() as session:
            await DeviceRepository(session).drop(device)

    def _contact(self) -> str:
        return self._kit.settings.push_contact or f"mailto:{parseaddr(self._kit.core.mail_from)[1]}"


def message_of(told: NotificationView, more: int) -> Message:
    """Return what a browser is told of a notification, beside which so many others are new."""
    poll = told.subject.poll
    return Message(
        kind=told.kind,
        title=sentence(told)[:200],
        people=[name_of(person)[:_LONGEST_NAME] for person in told.people],
        count=told.people_count,
        type=told.subject.type,
        subject=str(told.subject.id),
        poll=None if poll is None else str(poll),
        more=more,
        at=told.at,
    )


def asked_wait(retry_after: str | None, now: datetime) -> timedelta:
    """Return how long a `Retry-After` asks to wait, in either of its forms; nothing if it is neither."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return timedelta(0)
    return max(timedelta(0), moment.replace(tzinfo=moment.tzinfo or UTC) - now)
