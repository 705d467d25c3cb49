"""Mails that confirm an address or reset a password: single use, for an hour or a day.

Whether an address has an account is told to nobody: each request is answered at once and alike, and what is to be done
follows behind. A mail that is lost when a process ends is asked for again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from advanced_alchemy.exceptions import DuplicateKeyError

from services.auth import mails, opaque
from services.auth.models import Account, Letter
from services.auth.passwords import Hasher
from services.auth.repository import (
    AccountRepository,
    AuditRepository,
    KeyRepository,
    LetterRepository,
    SessionRepository,
)
from services.auth.schemas import EmailChange, PasswordReset
from services.auth.service import checks
from services.auth.service.access import Access
from services.auth.settings import AuthSettings
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.aws.mail import Mail, MailError
from services.core.data.models import utc_now
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import Problem, conflict, session_ended, unavailable
from services.core.spoken import Language, languages, ours
from services.core.tasks import end

log = structlog.get_logger(__name__)

Purpose = Literal["email", "password"]

_LIVES = {"email": timedelta(days=1), "password": timedelta(hours=1)}
_MOST_WAITING = 100
_TRIES = 3
_PAUSE_SECONDS = 2.0
_PEER_SECONDS = 5.0
"""Nobody waits for the answer but the mail."""


class Letters:
    """Use cases of mails that only their reader can act on."""

    def __init__(self, kit: Kit[AuthSettings], access: Access, hasher: Hasher, throttle: Throttle) -> None:
        self._kit = kit
        self._access = access
        self._hasher = hasher
        self._throttle = throttle
        self._behind: set[asyncio.Task[None]] = set()

    async def ask_to_verify(self, subject: Subject, who: Visitor) -> None:
        """Send the subject a mail that confirms their address.

        Raises:
            Problem: 403 for guests, 409 if it is confirmed, 429, 503.
        """
        account = await self._own(subject)
        if account.email_verified:
            raise conflict("already-verified", "This address is confirmed already.")
        await self._ask_to_confirm(account, account.email or "", account.email_key or "", who)

    async def change_email(self, subject: Subject, change: EmailChange, who: Visitor) -> None:
        """Send a mail to another address of the subject's, which becomes theirs when they confirm it.

        Raises:
            Problem: 403 for guests and if the password is wrong, 422, 429, 503.
        """
        email, key = checks.email(change.email)
        password = checks.plain("password", change.password)
        account = await self._own(subject)
        await self._throttle.password(who, str(subject.id))
        if not await self._hasher.verify(account.password_hash, password, who.site):
            raise Problem(403, "wrong-password", "The password is wrong", "The password is wrong.")
        await self._ask_to_confirm(account, email, key, who)

    async def _ask_to_confirm(self, account: Account, email: str, key: str, who: Visitor) -> None:
        if await self._throttle.letter(who, key):
            self._follow(self._write(account.id, "email", email, key, who))

    async def confirm(self, token: str, who: Visitor) -> None:
        """Confirm an address. If it is another one than before, the one before is told, and sessions end.

        Raises:
            Problem: 409 if the address has an account by now, 410 if the token isn't good any more.
        """
        ended: list[UUID] = []
        try:
            async with self._kit.db.transaction() as session:
                letter = await self._used(LetterRepository(session), token, "email")
                accounts = AccountRepository(session)
                account = await accounts.lock(letter.account_id)
                if account is None:
                    raise _over()
                before, is_new = account.email or "", account.email_key != letter.email_key
                await accounts.confirm(account.id, letter.email, letter.email_key)
                if is_new:
                    ended = await SessionRepository(session).end(account.id)
                act = "email.changed" if is_new else "email.verified"
                await AuditRepository(session).record(act, account.id, account=account.id)
        except DuplicateKeyError as exc:
            raise conflict("email-taken", "This address has an account by now. Sign in to that one.") from exc
        if is_new:
            await self._access.announce_end(ended)
            self._follow(self._say(account.id, who, lambda language: mails.changed(language, before)))

    async def ask_to_reset(self, email: str, who: Visitor) -> None:
        """Send whoever has this address a mail that resets their password; nobody learns whether anybody has it.

        Raises:
            Problem: 422 if it is no address, 429, 503.
        """
        _, key = checks.email(email)
        if await self._throttle.letter(who, key):
            self._follow(self._reset_of(key, who))

    async def _reset_of(self, key: str, who: Visitor) -> None:
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(email_key=key)
        if account is not None and account.email is not None:
            await self._write(account.id, "password", account.email, key, who)

    async def reset(self, request: PasswordReset, who: Visitor) -> None:
        """Set a password; all sessions and API keys of the account end. Its address is confirmed by this as well.

        Raises:
            Problem: 410 if the token isn't good any more, 422, 503.
        """
        digest = opaque.digest(request.token)
        async with self._kit.db.reading() as session:
            letter = await LetterRepository(session).good(digest, "password")
        if letter is None:
            raise _over()
        password = checks.password("new", request.new, letter.email)
        hashed = await self._hasher.hash(password, who.site)
        async with self._kit.db.transaction() as session:
            letter = await self._used(LetterRepository(session), request.token, "password")
            accounts = AccountRepository(session)
            account = await accounts.lock(letter.account_id)
            if account is None or account.email_key != letter.email_key:
                raise _over()  # the address was changed meanwhile
            await accounts.update_where(
                Account.id == account.id, values={"password_hash": hashed, "email_verified": True}
            )
            sessions = await SessionRepository(session).end(account.id)
            keys = await KeyRepository(session).end(account.id)
            details = {"ended": len(sessions), "keys_ended": len(keys)}
            await AuditRepository(session).record("password.reset", account.id, details, account=account.id)
        await self._access.announce_end([*sessions, *keys])

    async def welcome(self, account: UUID, email: str, key: str, who: Visitor) -> None:
        """Send a new user a mail that confirms their address, unless too many were asked for; they may ask again."""
        try:
            if await self._throttle.welcome(key):
                self._follow(self._write(account, "email", email, key, who))
        except Problem as problem:
            log.warning("letter_left_out", problem=problem.slug)

    def tell(self, account: UUID, who: Visitor, write: Callable[[Language], Mail]) -> None:
        """Send a mail after the answer, unless too much waits already.

        Args:
            account: Whose it is.
            who: Who has asked for what it tells of.
            write: Makes it in their language.
        """
        try:
            self._follow(self._say(account, who, write))
        except Problem as problem:
            log.warning("letter_left_out", problem=problem.slug)

    async def forget(self) -> None:
        """Delete letters that are over."""
        async with self._kit.db.transaction() as session:
            await LetterRepository(session).forget()

    async def stop(self) -> None:
        """Let mails that are on their way leave, for a moment."""
        if self._behind:
            await asyncio.wait(self._behind, timeout=_PAUSE_SECONDS)
        await end(*self._behind)

    async def _own(self, subject: Subject) -> Account:
        subject.require_user()
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(id=subject.id)
        if account is None or account.email is None:
            raise session_ended()
        return account

    async def _used(self, letters: LetterRepository, token: str, purpose: Purpose) -> Letter:
        letter = await letters.good(opaque.digest(token), purpose)
        if letter is None or not await letters.use(letter):
            raise _over()
        return letter

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer.

        Raises:
            Problem: 503 if too much waits already.
        """
        if len(self._behind) >= _MOST_WAITING:
            work.close()
            raise unavailable("Too many mails wait to be sent. Try again in a moment.")
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._behind.discard(task)
        if not task.cancelled() and (failed := task.exception()) is not None:
            log.error("letter_failed", error=type(failed).__name__)

    async def _language(self, account: UUID, who: Visitor) -> Language:
        """Return what goes with the account, else what the browser says whose request it is."""
        try:
            found = await languages(self._kit.shared.calls, "profiles", [account], _PEER_SECONDS)
        except (PeerError, PeerMissing) as exc:
            log.warning("language_unknown", error=str(exc))
            found = {}
        return ours([found.get(account), *who.languages])

    async def _say(self, account: UUID, who: Visitor, write: Callable[[Language], Mail]) -> None:
        await self._send(write(await self._language(account, who)))

    async def _write(self, account: UUID, purpose: Purpose, email: str, key: str, who: Visitor) -> None:
        token = opaque.make(opaque.LETTER_PREFIX)
        url = self._kit.core.public_url
        language = await self._language(account, who)
        try:
            if purpose == "password":
                mail = mails.reset(language, email, f"{url}/reset#{token}")
            else:
                mail = mails.confirm(language, email, f"{url}/verify#{token}")
        except ValueError:
            log.warning("letter_impossible", purpose=purpose)  # an address beyond ASCII
            return
        async with self._kit.db.transaction() as session:
            await LetterRepository(session).add(
                Letter(
                    hash=opaque.digest(token),
                    account_id=account,
                    purpose=purpose,
                    email=email,
                    email_key=key,
                    expires_at=utc_now() + _LIVES[purpose],
                )
            )
        await self._send(mail)

    async def _send(self, mail: Mail) -> None:
        for tries in range(1, _TRIES + 1):
            try:
                await self._kit.shared.mailer.send(mail)
            except MailError as exc:
                log.warning("letter_failed", temporary=exc.temporary, tries=tries)
                if not exc.temporary:
                    return
                await asyncio.sleep(_PAUSE_SECONDS * tries)
            else:
                return


def _over() -> Problem:
    return Problem(410, "link-over", "This link isn't good any more", "It was used or has expired. Ask for a new one.")
