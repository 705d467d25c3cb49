"""Every SQL statement of Auth but those about signing keys (`key_rows.py`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, text, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.auth.models import Account, ApiKey, AuditEntry, RefreshToken, Session
from services.core.ids import new_id

# One statement, not three: a full room's guests arrive at once.
_OPEN = text(
    """
    WITH account AS (
        INSERT INTO account (id, kind, email, email_key, password_hash)
        VALUES (:account, :kind, :email, :email_key, :password_hash)
        ON CONFLICT (email_key) DO NOTHING
        RETURNING id, created_at
    ), session AS (
        INSERT INTO session (id, account_id, user_agent, network, expires_at)
        SELECT CAST(:session AS uuid), id, CAST(:agent AS text), CAST(:network AS text),
               now() + make_interval(secs => CAST(:seconds AS integer))
        FROM account RETURNING id
    ), token AS (
        INSERT INTO refresh_token (hash, session_id) SELECT CAST(:hash AS bytea), id FROM session
    )
    SELECT created_at FROM account
    """
)
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
           a.id, a.kind, a.role, a.email, a.created_at
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
_TRADE = text(
    """
    UPDATE api_key k SET last_used_at = now()
    FROM account a
    WHERE k.hash = :hash AND k.ended_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND a.id = k.account_id
    RETURNING k.id AS key, k.scopes, k.expires_at, a.id, a.kind, a.role, a.created_at
    """
)


async def open_account(tx: AsyncSession, values: dict[str, Any]) -> datetime | None:
    """Add an account with its first session; return when, None if the address is taken."""
    return (await tx.execute(_OPEN, values)).scalar_one_or_none()


async def begin_session(tx: AsyncSession, values: dict[str, Any]) -> bool:
    """Add a session, unless the password was changed meanwhile."""
    return (await tx.execute(_BEGIN, values)).first() is not None


async def account_by_key(tx: AsyncSession, email_key: str) -> Account | None:
    """Return the account of an address, given as it is compared."""
    return (await tx.execute(select(Account).where(Account.email_key == email_key))).scalar_one_or_none()


async def account_by_id(tx: AsyncSession, account: UUID) -> Account | None:
    """Return an account."""
    return await tx.get(Account, account)


async def lock_account(tx: AsyncSession, account: UUID) -> Account | None:
    """Return an account; nobody else changes it until the transaction ends."""
    return await tx.get(Account, account, with_for_update=True)


async def set_password(tx: AsyncSession, account: UUID, before: str, after: str) -> bool:
    """Replace a password's hash; False if it isn't `before` any more."""
    statement = (
        update(Account)
        .where(Account.id == account, Account.password_hash == before)
        .values(password_hash=after)
        .returning(Account.id)
    )
    return (await tx.execute(statement)).first() is not None


async def upgrade(tx: AsyncSession, account: UUID, email: str, email_key: str, password_hash: str) -> Account | None:
    """Make a guest a user; None if the account is no guest.

    Raises:
        IntegrityError: The address is taken.
    """
    statement = (
        update(Account)
        .where(Account.id == account, Account.kind == "guest")
        .values(kind="user", email=email, email_key=email_key, password_hash=password_hash, upgraded_at=func.now())
        .returning(Account)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def set_role(tx: AsyncSession, account: UUID, role: str) -> bool:
    """Give a user a role; False if there is no such user."""
    statement = (
        update(Account).where(Account.id == account, Account.kind == "user").values(role=role).returning(Account.id)
    )
    return (await tx.execute(statement)).first() is not None


async def family_of(tx: AsyncSession, digest: bytes) -> Row[Any] | None:
    """Return and lock the session of a refresh token, with its account; `alive` says if it goes on."""
    return (await tx.execute(_FAMILY, {"hash": digest})).first()


async def refresh_token(tx: AsyncSession, digest: bytes, grace: float) -> Row[Any]:
    """Return whether a refresh token was used, whether lately, and what leads to its successor."""
    return (await tx.execute(_TOKEN, {"hash": digest, "grace": grace})).one()


async def use_refresh_token(tx: AsyncSession, values: dict[str, Any]) -> None:
    """Mark a refresh token as used, add its successor, and note that its session was."""
    await tx.execute(_USE, values)


def _live(account: UUID) -> tuple[ColumnElement[bool], ...]:
    return Session.account_id == account, Session.ended_at.is_(None), Session.expires_at > func.now()


async def sessions_of(tx: AsyncSession, account: UUID, before: UUID | None, limit: int) -> Sequence[Session]:
    """Return an account's live sessions, newest first, and one more than asked for if there are."""
    statement = select(Session).where(*_live(account)).order_by(Session.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(Session.id < before)
    return (await tx.execute(statement)).scalars().all()


async def end_sessions(
    tx: AsyncSession, account: UUID, *, only: UUID | None = None, but: UUID | None = None
) -> list[UUID]:
    """End an account's sessions: all, only one, or all but one. Return those that ended now."""
    statement = update(Session).where(Session.account_id == account, Session.ended_at.is_(None))
    if only is not None:
        statement = statement.where(Session.id == only)
    if but is not None:
        statement = statement.where(Session.id != but)
    return list((await tx.execute(statement.values(ended_at=func.now()).returning(Session.id))).scalars())


async def add_key(tx: AsyncSession, values: dict[str, Any]) -> ApiKey:
    """Add an API key."""
    return (await tx.execute(insert(ApiKey).values(values).returning(ApiKey))).scalar_one()


def _valid(account: UUID) -> tuple[ColumnElement[bool], ...]:
    unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
    return ApiKey.account_id == account, ApiKey.ended_at.is_(None), unexpired


async def count_keys(tx: AsyncSession, account: UUID) -> int:
    """Return how many good API keys an account has."""
    return (await tx.execute(select(func.count()).select_from(ApiKey).where(*_valid(account)))).scalar_one()


async def keys_of(tx: AsyncSession, account: UUID, before: UUID | None, limit: int) -> Sequence[ApiKey]:
    """Return an account's good API keys, newest first, and one more than asked for if there are."""
    statement = select(ApiKey).where(*_valid(account)).order_by(ApiKey.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(ApiKey.id < before)
    return (await tx.execute(statement)).scalars().all()


async def end_key(tx: AsyncSession, account: UUID, key: UUID) -> bool:
    """End one of an account's API keys; False if it has no such key."""
    statement = (
        update(ApiKey)
        .where(ApiKey.id == key, ApiKey.account_id == account, ApiKey.ended_at.is_(None))
        .values(ended_at=func.now())
        .returning(ApiKey.id)
    )
    return (await tx.execute(statement)).first() is not None


async def trade_key(tx: AsyncSession, digest: bytes) -> Row[Any] | None:
    """Return the good API key with this hash and its account, and note that it was used."""
    return (await tx.execute(_TRADE, {"hash": digest})).first()


async def audit(
    tx: AsyncSession,
    action: str,
    account: UUID,
    *,
    actor: UUID | None,
    target: UUID | None = None,
    **detail: Any,
) -> None:
    """Add a row to the audit log.

    Args:
        tx: The transaction of what was done.
        action: What was done, for example `session.ended`.
        account: Whose access it concerns.
        actor: Who did it; None for the service itself or its operator.
        target: The session or key.
        **detail: More, without secrets.
    """
    values = {"id": new_id(), "actor": actor, "action": action, "account": account, "target": target}
    await tx.execute(insert(AuditEntry).values(**values, detail=detail))


async def ended_since(tx: AsyncSession, seconds: float) -> dict[UUID, datetime]:
    """Return the sessions and API keys that ended in the last `seconds`, with when."""
    since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    sessions = select(Session.id, Session.ended_at).where(Session.ended_at > since)
    keys = select(ApiKey.id, ApiKey.ended_at).where(ApiKey.ended_at > since)
    return {row[0]: row[1] for row in await tx.execute(sessions.union_all(keys))}


async def forget_sessions(tx: AsyncSession, days: int, most: int) -> int:
    """Delete sessions that ended or ran out `days` ago, with their refresh tokens; return how many."""
    before = func.now() - func.make_interval(0, 0, 0, days)
    old = select(Session.id).where(or_(Session.ended_at < before, Session.expires_at < before)).limit(most)
    gone = await tx.execute(delete(Session).where(Session.id.in_(old)).returning(Session.id))
    return len(gone.all())


async def forget_tokens(tx: AsyncSession, days: int, most: int) -> int:
    """Delete refresh tokens that were used `days` ago; return how many."""
    before = func.now() - func.make_interval(0, 0, 0, days)
    old = select(RefreshToken.hash).where(RefreshToken.used_at < before).limit(most)
    gone = await tx.execute(delete(RefreshToken).where(RefreshToken.hash.in_(old)).returning(RefreshToken.hash))
    return len(gone.all())
