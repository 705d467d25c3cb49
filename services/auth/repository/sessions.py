"""Sessions and their refresh tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.engine import Row

from services.auth.events import SessionsEnded
from services.auth.models import ApiKey, RefreshToken, Session
from services.core.data.pagination import Keyset
from services.core.data.repository import AnySession, Repository
from services.core.events.outbox import publish

SESSIONS = Keyset("sessions", Session.id)
_BEGIN = text(
    """
    WITH session AS (
        INSERT INTO session (id, account_id, user_agent, network, expires_at)
        SELECT CAST(:session AS uuid), id, CAST(:agent AS text), CAST(:network AS text),
               now() + make_interval(secs => CAST(:seconds AS integer))
        FROM account
        WHERE id = :account AND password_hash = :password_hash
        RETURNING id
    )
    INSERT INTO refresh_token (hash, session_id) SELECT CAST(:hash AS bytea), id FROM session
    RETURNING session_id
    """
)
_FAMILY = text(
    """
    SELECT s.id AS session, s.ended_at IS NULL AND s.expires_at > now() AS alive,
           a.id, a.kind, a.role, a.email, a.email_verified, a.created_at
    FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.account_id
    WHERE t.hash = :hash
    FOR UPDATE OF s
    """
)
_TOKEN = text(
    """
    SELECT used_at IS NOT NULL AS used, salt,
           used_at > clock_timestamp() - make_interval(secs => :grace) AS in_grace
    FROM refresh_token WHERE hash = :hash
    """
)
_USE = text(
    """
    WITH old AS (
        UPDATE refresh_token SET salt = NULL
        WHERE session_id = :session AND salt IS NOT NULL
          AND used_at < clock_timestamp() - make_interval(secs => :grace)
    ), used AS (
        UPDATE refresh_token SET used_at = clock_timestamp(), salt = :salt WHERE hash = :hash
    ), seen AS (
        UPDATE session SET last_used_at = now(), user_agent = :agent, network = :network,
               expires_at = now() + make_interval(secs => CAST(:seconds AS integer))
        WHERE id = :session
    )
    INSERT INTO refresh_token (hash, session_id) VALUES (:next, :session)
    """
)


async def tell_of_ended(session: AnySession, account: UUID, ended: list[UUID]) -> None:
    """Tell other services of what has ended, in the same transaction, so that none is forgotten."""
    if ended:
        await publish(session, SessionsEnded(account=account, sessions=ended))


class SessionRepository(Repository[Session]):
    """Sessions and their refresh tokens."""

    model_type = Session

    async def begin(self, values: dict[str, Any]) -> bool:
        """Add a session, unless the password was changed meanwhile."""
        return (await self.session.execute(_BEGIN, values)).first() is not None

    async def family_of(self, digest: bytes) -> Row[*tuple[Any, ...]] | None:
        """Return and lock the session of a refresh token, with its account; `alive` says if it goes on."""
        return (await self.session.execute(_FAMILY, {"hash": digest})).first()

    async def refresh_token(self, digest: bytes, grace: float) -> Row[*tuple[Any, ...]]:
        """Return whether a refresh token was used, whether lately, and what leads to its successor."""
        return (await self.session.execute(_TOKEN, {"hash": digest, "grace": grace})).one()

    async def use_refresh_token(self, values: dict[str, Any]) -> None:
        """Mark a refresh token as used, add its successor, and note that its session was."""
        await self.session.execute(_USE, values)

    @staticmethod
    def live(account: UUID) -> tuple[ColumnElement[bool], ...]:
        """Say which are an account's live sessions."""
        return Session.account_id == account, Session.ended_at.is_(None), Session.expires_at > func.now()

    async def is_live(self, account: UUID, session: UUID) -> bool:
        """Say whether a session goes on, also in the seconds in which the end of one isn't known everywhere."""
        return await self.exists(Session.id == session, *self.live(account))

    async def end(self, account: UUID, *, only: UUID | None = None, but: UUID | None = None) -> list[UUID]:
        """End an account's sessions: all, only one, or all but one; tell of it. Return those that ended now."""
        where = [Session.account_id == account, Session.ended_at.is_(None)]
        if only is not None:
            where.append(Session.id == only)
        if but is not None:
            where.append(Session.id != but)
        ended = [row.id for row in await self.update_where(*where, values={"ended_at": func.now()})]
        await tell_of_ended(self.session, account, ended)
        return ended

    async def ended_since(self, seconds: float) -> dict[UUID, datetime]:
        """Return the sessions and API keys that ended in the last `seconds`, with when."""
        since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        sessions = select(Session.id, Session.ended_at).where(Session.ended_at > since)
        keys = select(ApiKey.id, ApiKey.ended_at).where(ApiKey.ended_at > since)
        return {one: at for one, at in await self.session.execute(sessions.union_all(keys)) if at is not None}

    async def forget(self, days: int, most: int) -> int:
        """Delete sessions that ended or ran out `days` ago, with their refresh tokens; return how many."""
        before = func.now() - func.make_interval(0, 0, 0, days)
        old = select(Session.id).where(or_(Session.ended_at < before, Session.expires_at < before)).limit(most)
        gone = await self.session.execute(delete(Session).where(Session.id.in_(old)).returning(Session.id))
        return len(gone.all())

    async def forget_tokens(self, days: int, most: int) -> int:
        """Delete refresh tokens that were used `days` ago; return how many."""
        before = func.now() - func.make_interval(0, 0, 0, days)
        old = select(RefreshToken.hash).where(RefreshToken.used_at < before).limit(most)
        statement = delete(RefreshToken).where(RefreshToken.hash.in_(old)).returning(RefreshToken.hash)
        return len((await self.session.execute(statement)).all())
