"""Mail: what somebody hasn't read when it is due, all in one, once."""

import asyncio
from datetime import timedelta
from types import GenericAlias
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from msgspec import Struct

from services.core.aws.mail import MailError
from services.core.data.models import utc_now
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.spoken import Language, languages, ours
from services.notifications.delivery import Delivery, after_quiet
from services.notifications.mails import mail_of
from services.notifications.models import Mailbox
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.service.reading import Reading
from services.notifications.service.unsubscribing import Unsubscribing
from services.notifications.settings import NotificationsSettings

log = structlog.get_logger(__name__)

_AT_ONCE = 50
_MOST = 20
_TRIES = 5
_PEER_SECONDS = 10.0
"""Nobody waits for the answer."""

_PEER_WAIT = timedelta(minutes=1)
_FIRST_WAIT = timedelta(minutes=2)


class Address(Struct, frozen=True):
    """Auth: an account's confirmed address."""

    account: UUID
    email: str


class Mailing:
    """Sends mails that are due.

    A mailbox is taken before its mail is sent. So whatever is killed, nobody gets a mail twice; one that was on its way
    is lost, and what it told of stands in the app.
    """

    def __init__(self, kit: Kit[NotificationsSettings], reading: Reading, unsubscribing: Unsubscribing) -> None:
        self._kit = kit
        self._reading = reading
        self._unsubscribing = unsubscribing
        self._addresses: Any = GenericAlias(list, (Address,))

    async def work(self) -> None:
        """Send what is due, as fast as the sender's quota allows."""
        while True:
            async with self._kit.db.transaction() as session:
                taken = await MailboxRepository(session).claim(_AT_ONCE)
            if not taken:
                return
            readers = await self._find(taken)
            if readers is None:
                return
            for mailbox in taken:
                if (reader := readers.get(mailbox.account)) is not None and mailbox.email:
                    await self._send(mailbox, *reader)

    async def _find(self, taken: list[Mailbox]) -> dict[UUID, tuple[str, Language]] | None:
        """Return confirmed addresses and languages by account; None if a peer doesn't answer: then all wait."""
        query = urlencode([("account", mailbox.account) for mailbox in taken])
        try:
            found: list[Address] = await self._kit.shared.calls.get(
                "auth", f"/internal/auth/addresses?{query}", self._addresses, _PEER_SECONDS
            )
            accounts = [each.account for each in found]
            chosen = await languages(self._kit.shared.calls, "profiles", accounts, _PEER_SECONDS)
        except (PeerError, PeerMissing) as exc:
            log.warning("readers_unknown", mails=len(taken), error=str(exc))
            async with self._kit.db.transaction() as session:
                for mailbox in taken:
                    await MailboxRepository(session).put_off(mailbox.account, _PEER_WAIT)
            return None
        return {each.account: (each.email, ours([chosen.get(each.account)])) for each in found}

    async def _send(self, mailbox: Mailbox, address: str, language: Language) -> None:
        account = mailbox.account
        delivery = Delivery(mailbox.digest, mailbox.zone, mailbox.quiet_from, mailbox.quiet_to)  # type: ignore[arg-type]  # the table's constraint says so
        now = utc_now()
        if (moment := after_quiet(now, delivery)) > now:  # it was due before, and nobody was there to send it
            async with self._kit.db.transaction() as session:
                await MailboxRepository(session).put_off(account, moment - now)
            return
        async with self._kit.db.reading() as session:
            rows = await NotificationRepository(session).to_tell("email", account, mailbox.told, _MOST)
        if not rows:  # it was read or is gone
            return
        told = await self._reading.views(rows[:_MOST], account)
        unsubscribe = await self._unsubscribing.link(account)
        mail = mail_of(
            told,
            language=language,
            more=len(rows) > _MOST,
            address=address,
            public_url=self._kit.core.public_url.rstrip("/"),
            unsubscribe=unsubscribe,
            daily=mailbox.digest == "daily",
        )
        await self._pace()
        async with self._kit.db.transaction() as session:
            await MailboxRepository(session).move(account, told[0].position)
        try:
            await self._kit.shared.mailer.send(mail)
        except MailError as exc:
            log.warning("mail_failed", temporary=exc.temporary, tries=mailbox.tries + 1)
            if exc.temporary and mailbox.tries + 1 < _TRIES:
                async with self._kit.db.transaction() as session:
                    wait = _FIRST_WAIT * 2**mailbox.tries
                    await MailboxRepository(session).put_off(account, wait, told=mailbox.told, tries=mailbox.tries + 1)

    async def _pace(self) -> None:
        """Wait until the sender's quota, which all instances share, has room for a mail."""
        rate = self._kit.settings.mails_per_second
        while True:
            decision = await self._kit.shared.limits.hit("notifications-mail", rate, 1.0)
            if decision.allowed:
                return
            await asyncio.sleep(decision.retry_after)
