"""Sessions: sign-in, the rotation of refresh tokens, sign-out here and everywhere."""

from typing import Any
from uuid import UUID

from sqlalchemy.engine import Row

from services.auth import emails, mails, opaque, passwords
from services.auth.models import Account, Session
from services.auth.passwords import Hasher
from services.auth.repository import SESSIONS, AccountRepository, AuditRepository, SessionRepository
from services.auth.schemas import SessionView, SignIn, Tokens
from services.auth.service import leaving
from services.auth.service.access import Access, account_view
from services.auth.service.letters import Letters
from services.auth.settings import AuthSettings
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.problems import Problem, not_found, session_ended

_MAX_CHAIN = 64
"""So many refreshes may follow each other within the grace; more is no browser."""


class Sessions:
    """Use cases of being signed in."""

    def __init__(
        self, kit: Kit[AuthSettings], access: Access, hasher: Hasher, throttle: Throttle, letters: Letters
    ) -> None:
        self._kit = kit
        self._access = access
        self._hasher = hasher
        self._throttle = throttle
        self._letters = letters

    async def sign_in(self, request: SignIn, who: Visitor) -> Tokens:
        """Open a session by e-mail address and password. An account that is to be deleted is kept by this.

        An unknown address and a wrong password give the same answer after the same work.

        Raises:
            Problem: 401, 429, 503 if too many sign in at once.
        """
        try:
            key = emails.normalise(request.email)[1]
        except ValueError:
            key = ""
        await self._throttle.password(who, key or request.email.casefold())
        account = await self._account(key)
        password = _readable(request.password)
        stored = account.password_hash if account else None
        fits = await self._hasher.verify(stored, password or "", who.site)
        if account is None or stored is None or not fits or password is None:
            raise _refused_sign_in()
        if self._hasher.outdated(stored):
            stored = await self._rehash(account, stored, password)
        opening = self._access.opening(who, Kind.USER)
        async with self._kit.db.transaction() as session:
            values = {"account": account.id, "password_hash": stored, **opening.values}
            if not await SessionRepository(session).begin(values):
                raise _refused_sign_in()
            kept = await leaving.take_back(session, account.id)  # last: whoever plans it waits, or is waited for
        if kept and (email := account.email) is not None:
            self._letters.tell(account.id, who, lambda language: mails.kept(language, email))
        return self._access.tokens(account_view(account), opening.id, opening.token)

    async def _account(self, key: str) -> Account | None:
        async with self._kit.db.reading() as session:
            return await AccountRepository(session).get_one_or_none(email_key=key)

    async def _rehash(self, account: Account, stored: str, password: str) -> str:
        """Hash a password anew, with the costs that are set now."""
        hashed = await self._hasher.hash(password)
        async with self._kit.db.transaction() as session:
            changed = await AccountRepository(session).set_password(account.id, stored, hashed)
        return hashed if changed else stored

    async def refresh(self, token: str | None, who: Visitor) -> Tokens:
        """Exchange a refresh token for new tokens, once.

        Used again within the grace, it gives the same successor; used again later, it has been
        stolen, from us or by us, and the session ends for both.

        Raises:
            Problem: 401.
        """
        if not token or len(token) > opaque.MAX_CHARS:
            raise _refused_refresh()
        async with self._kit.db.transaction() as session:
            sessions = SessionRepository(session)
            family = await sessions.family_of(opaque.digest(token))
            if family is None or not family.alive:
                raise _refused_refresh()
            following = await self._follow(sessions, token)
            if following is None:
                await sessions.end(family.id, only=family.session)
                concerns = {"account": family.id, "target": family.session}
                details = {"reason": "refresh token reused"}
                await AuditRepository(session).record("session.ended", None, details, **concerns)
            elif following == token:
                following = await self._rotate(sessions, family, token, who)
        if following is None:  # only now: the end of the family had to be committed
            await self._access.announce_end([family.session])
            raise _refused_refresh()
        return self._access.tokens(account_view(family), family.session, following)

    async def _follow(self, sessions: SessionRepository, token: str) -> str | None:
        """Return the unused token that `token` leads to, itself if it is unused; None if it was used too long ago.

        The session's row is locked, so nobody uses one of them meanwhile.
        """
        grace = self._kit.settings.refresh_grace_seconds
        for _ in range(_MAX_CHAIN):
            row = await sessions.refresh_token(opaque.digest(token), grace)
            if not row.used:
                return token
            if not row.in_grace or row.salt is None:
                return None
            token = opaque.successor(token, row.salt)
        return None

    async def _rotate(
        self, sessions: SessionRepository, family: Row[*tuple[Any, ...]], token: str, who: Visitor
    ) -> str:
        """Use up an unused token and return its successor."""
        salt = opaque.new_salt()
        following = opaque.successor(token, salt)
        values = {
            "session": family.session,
            "hash": opaque.digest(token),
            "salt": salt,
            "next": opaque.digest(following),
            "grace": self._kit.settings.refresh_grace_seconds,
            "agent": who.agent,
            "network": who.network,
            "seconds": self._access.days(family.kind) * 86_400,
        }
        await sessions.use_refresh_token(values)
        return following

    async def list(self, subject: Subject, cursor: str | None, limit: int) -> Page[SessionView]:
        """Return where the subject is signed in, newest first.

        Raises:
            Problem: 400 if the cursor isn't ours, 403 for API keys.
        """
        wanted = SESSIONS.page(cursor, limit)
        async with self._kit.db.reading() as session:
            sessions = SessionRepository(session)
            page = await sessions.page(wanted, *sessions.live(subject.id))
        return map_page(page, lambda row: _view(row, subject))

    async def end(self, subject: Subject, session_id: UUID | None = None) -> None:
        """End one of the subject's sessions, by default the one that asks.

        Raises:
            Problem: 403 for API keys, 404.
        """
        target = session_id or subject.session
        async with self._kit.db.transaction() as session:
            ended = await SessionRepository(session).end(subject.id, only=target)
            if not ended and session_id is None:
                return  # signed out already, by the same request sent twice
            if not ended:
                raise not_found("session")
            concerns = {"account": subject.id, "target": target}
            await AuditRepository(session).record("session.ended", subject.id, {"reason": "signed out"}, **concerns)
        await self._access.announce_end(ended)

    async def end_all(self, subject: Subject) -> None:
        """Sign the subject out everywhere.

        Raises:
            Problem: 403 for API keys.
        """
        async with self._kit.db.transaction() as session:
            ended = await SessionRepository(session).end(subject.id)
            details = {"reason": "signed out everywhere", "ended": len(ended)}
            await AuditRepository(session).record("session.ended", subject.id, details, account=subject.id)
        await self._access.announce_end(ended)

    async def forget(self, days: int, most: int) -> None:
        """Delete what has been over for `days`, some rows at a time."""
        for step in (SessionRepository.forget, SessionRepository.forget_tokens):
            while True:
                async with self._kit.db.transaction() as session:
                    gone = await step(SessionRepository(session), days, most)
                if gone < most:
                    break


def _readable(password: str) -> str | None:
    try:
        return passwords.normalise(password)
    except ValueError:
        return None


def _refused_sign_in() -> Problem:
    return Problem(401, "wrong-credentials", "You can't sign in with this", "E-mail address or password is wrong.")


def _refused_refresh() -> Problem:
    return session_ended()


def _view(session: Session, subject: Subject) -> SessionView:
    return SessionView(
        id=session.id,
        current=session.id == subject.session,
        user_agent=session.user_agent,
        network=session.network,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )
