"""Mails that confirm an address or reset a password: single use, for an hour or a day.

Whether an address has an account is told to nobody: each request is answered at once and alike, and what is to be done
follows behind. A mail that is lost when a process ends is asked for again.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import structlog
from advanced_alchemy.exceptions import DuplicateKeyError

from services.auth import opaque
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
from services.core.problems import Problem, conflict, session_ended, unavailable
from services.core.tasks import end

log = structlog.get_logger(__name__)

Purpose = Literal["email", "password"]

_LIVES = {"email": timedelta(days=1), "password": timedelta(hours=1)}
_MOST_WAITING = 100
_TRIES = 3
_PAUSE_SECONDS = 2.0


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
            self._follow(self._write(account.id, "email", email, key))

    async def confirm(self, token: str) -> None:
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
            self._follow(self._send(_changed(before)))

    async def ask_to_reset(self, email: str, who: Visitor) -> None:
        """Send whoever has this address a mail that resets their password; nobody learns whether anybody has it.

        Raises:
            Problem: 422 if it is no address, 429, 503.
        """
        _, key = checks.email(email)
        if await self._throttle.letter(who, key):
            self._follow(self._reset_of(key))

    async def _reset_of(self, key: str) -> None:
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(email_key=key)
        if account is not None and account.email is not None:
            await self._write(account.id, "password", account.email, key)

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

    async def welcome(self, account: UUID, email: str, key: str) -> None:
        """Send a new user a mail that confirms their address, unless too many were asked for; they may ask again."""
        try:
            if await self._throttle.welcome(key):
                self._follow(self._write(account, "email", email, key))
        except Problem as problem:
            log.warning("letter_left_out", problem=problem.slug)

    def tell(self, mail: Mail) -> None:
        """Send a mail after the answer, unless too much waits already."""
        try:
            self._follow(self._send(mail))
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

    async def _write(self, account: UUID, purpose: Purpose, email: str, key: str) -> None:
        token = opaque.make(opaque.LETTER_PREFIX)
        try:
            mail = _mail(self._kit.core.public_url, purpose, email, token)
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


def _mail(url: str, purpose: Purpose, email: str, token: str) -> Mail:
    """Return the mail with a token. It stands behind the `#` of a link, which browsers send to nobody."""
    if purpose == "password":
        text = (
            "Somebody, probably you, wants to reset the password of your VoteWave account.\n\n"
            f"Choose a new one here, within an hour:\n{url}/reset#{token}\n\n"
            "All sessions and API keys end when you do. If it wasn't you, do nothing: your password stays as it is.\n"
        )
        return Mail(to=email, subject="Reset your VoteWave password", text=text)
    text = (
        "Please confirm that this is the address of your VoteWave account, within a day:\n"
        f"{url}/verify#{token}\n\n"
        "If you have no account, somebody has mistyped theirs. Do nothing, and this address isn't used.\n"
    )
    return Mail(to=email, subject="Confirm your e-mail address", text=text)


def _changed(before: str) -> Mail:
    text = (
        "The e-mail address of your VoteWave account was changed, and all sessions have ended.\n\n"
        "If it wasn't you, tell us at once: whoever did it knows your password.\n"
    )
    return Mail(to=before, subject="Your VoteWave address was changed", text=text)


def _over() -> Problem:
    return Problem(410, "link-over", "This link isn't good any more", "It was used or has expired. Ask for a new one.")
