"""Deleting accounts: sessions end at once, signing in keeps the account for some days, then it is gone everywhere.

What is to be done stands in `departure`. The job that does it may be cut short anywhere, or run in several instances:
each step is one transaction that holds its row.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.auth import mails
from services.auth.events import AccountDeleted
from services.auth.models import Account, Departure, Letter
from services.auth.passwords import Hasher
from services.auth.repository import (
    AccountRepository,
    ArchiveRepository,
    AuditRepository,
    DepartureRepository,
    KeyRepository,
    LetterRepository,
    SessionRepository,
)
from services.auth.schemas import Deletion, DeletionView
from services.auth.service import checks
from services.auth.service.access import Access
from services.auth.service.letters import Letters
from services.auth.settings import AuthSettings
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.events.outbox import publish
from services.core.events.relay import KEEP
from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.problems import Problem, session_ended

_DAY = 86_400
_GUEST_SECONDS = 3_600
"""A guest has nothing to sign in with. For so long the end of their sessions is told, longer than tokens are good."""
_LAST_AFTER = KEEP + timedelta(days=1)
"""So long after the deletion no event from before it can come any more."""


class Leaving:
    """Use cases of deleting an account."""

    def __init__(
        self, kit: Kit[AuthSettings], access: Access, hasher: Hasher, throttle: Throttle, letters: Letters
    ) -> None:
        self._kit = kit
        self._access = access
        self._hasher = hasher
        self._throttle = throttle
        self._letters = letters

    async def plan(self, subject: Subject, request: Deletion, who: Visitor) -> DeletionView:
        """End all sessions and API keys of the subject, and have the account deleted after the grace.

        Raises:
            Problem: 401 if the account is gone, 403 if the password is wrong, 422 if it can't be one, 429, 503.
        """
        if subject.kind is not Kind.GUEST:
            await self._check(subject, request.password or "", who)
        async with self._kit.db.transaction() as session:
            account = await AccountRepository(session).lock(subject.id)
            if account is None:
                raise session_ended()
            is_guest = account.kind == Kind.GUEST
            seconds = _GUEST_SECONDS if is_guest else self._kit.settings.deletion_grace_days * _DAY
            due_at = await DepartureRepository(session).plan(account.id, seconds)
            ended = await SessionRepository(session).end(account.id)
            keys = await KeyRepository(session).end(account.id)
            await LetterRepository(session).delete_where(Letter.account_id == account.id)
            await AuditRepository(session).record("account.leaving", account.id, account=account.id)
            email = account.email
        await self._access.announce_end([*ended, *keys])
        if email is not None:
            self._letters.tell(subject.id, who, lambda language: mails.leaving(language, email, due_at))
        return DeletionView(due_at)

    async def _check(self, subject: Subject, password: str, who: Visitor) -> None:
        """Check the subject's password.

        Raises:
            Problem: 401, 403, 422, 429, 503.
        """
        given = checks.plain("password", password)
        await self._throttle.password(who, str(subject.id))
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(id=subject.id)
        if account is None or account.password_hash is None:
            raise session_ended()
        if not await self._hasher.verify(account.password_hash, given, who.site):
            raise Problem(403, "wrong-password", "The password is wrong", "The password is wrong.")

    async def delete_due(self) -> None:
        """Delete the accounts whose time has come, and tell of it; tell once more when nothing is on its way."""
        while True:
            async with self._kit.db.transaction() as session:
                departure = await DepartureRepository(session).due()
                if departure is None:
                    return
                await self._delete(session, departure)

    async def _delete(self, session: AsyncSession, departure: Departure) -> None:
        departures = DepartureRepository(session)
        account = departure.account
        if departure.deleted:
            await departures.delete_where(Departure.account == account)
            await publish(session, AccountDeleted(account=account, last=True))
            return
        archives = ArchiveRepository(session)
        archive = await archives.of(account, lock=True)
        if archive is not None:
            if archive.file is not None:
                await self._kit.storage.delete(archive.file)
            await archives.delete(account)
        await AccountRepository(session).delete_where(Account.id == account)
        values = {"deleted": True, "due_at": await departures.clock() + _LAST_AFTER}
        await departures.update_where(Departure.account == account, values=values)
        await AuditRepository(session).record("account.deleted", None, account=account)
        await publish(session, AccountDeleted(account=account, last=False))


async def take_back(session: AsyncSession, account: UUID) -> bool:
    """Keep an account that was to be deleted, for somebody has signed in to it; say whether it was."""
    if not await DepartureRepository(session).take_back(account):
        return False
    await AuditRepository(session).record("account.kept", account, account=account)
    return True
