"""Every SQL statement of Auth."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.engine import Row

from services.auth.events import SessionsEnded
from services.auth.models import (
    Account,
    ApiKey,
    Archive,
    AuditEntry,
    Departure,
    Letter,
    RefreshToken,
    Session,
    SigningKey,
)
from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset
from services.core.data.repository import AnySession, Repository
from services.core.events.outbox import publish
from services.core.personal import Part

SESSIONS = Keyset("sessions", Session.id)
KEYS = Keyset("api-keys", ApiKey.id)

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
_TRADE = text(
    """
    UPDATE api_key k SET last_used_at = now()
    FROM account a
    WHERE k.hash = :hash AND k.ended_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND a.id = k.account_id
    RETURNING k.id AS key, k.scopes, k.expires_at, a.id, a.kind, a.role, a.created_at
    """
)
_LOCK_SIGNING_KEYS = text("SELECT pg_advisory_xact_lock(hashtext('auth.signing_key'))")


class AccountRepository(Repository[Account]):
    """Accounts of users and guests."""

    model_type = Account

    async def open(self, values: dict[str, Any]) -> datetime | None:
        """Add an account with its first session; return when, None if the address is taken."""
        return (await self.session.execute(_OPEN, values)).scalar_one_or_none()

    async def lock(self, account: UUID) -> Account | None:
        """Return an account; nobody else changes it until the transaction ends."""
        return await self.get_one_or_none(id=account, with_for_update=True)

    async def confirmed(self, accounts: Sequence[UUID]) -> Sequence[Account]:
        """Return those of some accounts that have confirmed an address."""
        return await self.get_many(Account.id.in_(accounts), Account.email_verified.is_(True))

    async def set_password(self, account: UUID, before: str, after: str) -> bool:
        """Replace a password's hash; False if it isn't `before` any more."""
        same = Account.password_hash == before
        return bool(await self.update_where(Account.id == account, same, values={"password_hash": after}))

    async def confirm(self, account: UUID, email: str, email_key: str) -> None:
        """Give an account an address that was confirmed.

        Raises:
            DuplicateKeyError: Another account has it.
        """
        values = {"email": email, "email_key": email_key, "email_verified": True}
        await self.update_where(Account.id == account, values=values)

    async def upgrade(self, account: UUID, email: str, email_key: str, password_hash: str) -> Account | None:
        """Make a guest a user; None if the account is no guest.

        Raises:
            DuplicateKeyError: The address is taken.
        """
        values = {
            "kind": "user",
            "email": email,
            "email_key": email_key,
            "password_hash": password_hash,
            "upgraded_at": func.now(),
        }
        changed = await self.update_where(Account.id == account, Account.kind == "guest", values=values)
        return next(iter(changed), None)


async def _tell(session: AnySession, account: UUID, ended: list[UUID]) -> None:
    """Tell other services of what has ended, in the same transaction, so that none is forgotten."""
    if ended:
        await publish(session, SessionsEnded(account=account, sessions=ended))


class SessionRepository(Repository[Session]):
    """Sessions and their refresh tokens."""

    model_type = Session

    async def begin(self, values: dict[str, Any]) -> bool:
        """Add a session, unless the password was changed meanwhile."""
        return (await self.session.execute(_BEGIN, values)).first() is not None

    async def family_of(self, digest: bytes) -> Row[Any] | None:
        """Return and lock the session of a refresh token, with its account; `alive` says if it goes on."""
        return (await self.session.execute(_FAMILY, {"hash": digest})).first()

    async def refresh_token(self, digest: bytes, grace: float) -> Row[Any]:
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
        await _tell(self.session, account, ended)
        return ended

    async def ended_since(self, seconds: float) -> dict[UUID, datetime]:
        """Return the sessions and API keys that ended in the last `seconds`, with when."""
        since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        sessions = select(Session.id, Session.ended_at).where(Session.ended_at > since)
        keys = select(ApiKey.id, ApiKey.ended_at).where(ApiKey.ended_at > since)
        return {row[0]: row[1] for row in await self.session.execute(sessions.union_all(keys))}

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


class LetterRepository(Repository[Letter]):
    """Mails whose tokens haven't been used."""

    model_type = Letter

    async def good(self, digest: bytes, purpose: str) -> Letter | None:
        """Return a letter whose token is good; None if it was used, is over, or never was."""
        where = (Letter.hash == digest, Letter.purpose == purpose, Letter.expires_at > func.now())
        return await self.get_one_or_none(*where)

    async def use(self, letter: Letter) -> bool:
        """Use a letter up, and with it the account's others for the same purpose; False if somebody was faster."""
        same = (Letter.account_id == letter.account_id, Letter.purpose == letter.purpose)
        # All in one order, so that two that are used at once don't wait for each other.
        held = await self.session.scalars(select(Letter.hash).where(*same).order_by(Letter.hash).with_for_update())
        if letter.hash not in held.all():
            return False
        await self.session.execute(delete(Letter).where(*same))
        return True

    async def forget(self) -> None:
        """Delete what is over."""
        await self.session.execute(delete(Letter).where(Letter.expires_at < func.now()))


class DepartureRepository(Repository[Departure]):
    """Accounts that are to be deleted, or were."""

    model_type = Departure

    async def plan(self, account: UUID, seconds: int) -> datetime:
        """Have an account deleted in so many seconds, or when that is planned already; return when."""
        due = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        if (planned := await self.add_or_ignore({"account": account, "due_at": due})) is None:
            planned = await self.get(account)
        return planned.due_at

    async def take_back(self, account: UUID) -> bool:
        """Have an account deleted no longer; False if it isn't to be, or is deleted."""
        kept = delete(Departure).where(Departure.account == account, Departure.deleted.is_(False))
        return (await self.session.execute(kept.returning(Departure.account))).first() is not None

    async def due(self) -> Departure | None:
        """Return one whose time has come, and hold it; another instance gets another one."""
        some = select(Departure).where(Departure.due_at <= func.now()).order_by(Departure.due_at).limit(1)
        return (await self.session.execute(some.with_for_update(skip_locked=True))).scalar_one_or_none()


class ArchiveRepository(Repository[Archive]):
    """Archives of what is somebody's."""

    model_type = Archive

    async def of(self, account: UUID, *, lock: bool = False) -> Archive | None:
        """Return an account's archive, and hold it if that is said."""
        return await self.get_one_or_none(account=account, with_for_update=True if lock else None)

    async def due(self) -> Archive | None:
        """Return one whose next step may begin, and hold it; another instance gets another one."""
        some = select(Archive).where(Archive.due_at <= func.now()).order_by(Archive.due_at).limit(1)
        return (await self.session.execute(some.with_for_update(skip_locked=True))).scalar_one_or_none()

    async def is_ready(self, account: UUID, file: str, days: int) -> bool:
        """Note that a file is stored; False if it isn't wanted any more."""
        until = func.now() + func.make_interval(0, 0, 0, days)
        same = (Archive.account == account, Archive.file == file)
        return bool(await self.update_where(*same, values={"ready_at": func.now(), "due_at": until}))


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    mine = select(
        Account.id, Account.kind, Account.role, Account.email, Account.email_verified, Account.created_at
    ).where(Account.id == account)
    sessions = select(
        Session.id, Session.user_agent, Session.network, Session.created_at, Session.last_used_at, Session.ended_at
    ).where(Session.account_id == account)
    keys = select(
        ApiKey.id, ApiKey.name, ApiKey.start, ApiKey.scopes, ApiKey.created_at, ApiKey.last_used_at, ApiKey.ended_at
    ).where(ApiKey.account_id == account)
    acts = select(AuditEntry.at, AuditEntry.act, AuditEntry.details).where(AuditEntry.account == account)
    return [
        Part("account", mine, Account.id),
        Part("sessions", sessions, Session.id),
        Part("keys", keys, ApiKey.id),
        Part("log", acts, AuditEntry.id),
    ]


class KeyRepository(Repository[ApiKey]):
    """API keys."""

    model_type = ApiKey

    @staticmethod
    def good(account: UUID) -> tuple[ColumnElement[bool], ...]:
        """Say which are an account's good API keys."""
        unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
        return ApiKey.account_id == account, ApiKey.ended_at.is_(None), unexpired

    async def end(self, account: UUID, *, only: UUID | None = None) -> list[UUID]:
        """End an account's API keys: all, or only one; tell of it. Return those that ended now."""
        where = [ApiKey.account_id == account, ApiKey.ended_at.is_(None)]
        if only is not None:
            where.append(ApiKey.id == only)
        ended = [row.id for row in await self.update_where(*where, values={"ended_at": func.now()})]
        await _tell(self.session, account, ended)
        return ended

    async def of_request(self, account: UUID, key: str) -> ApiKey | None:
        """Return the API key, ended or not, that an account's idempotency key has made."""
        return await self.get_one_or_none(ApiKey.account_id == account, ApiKey.request_key == key)

    async def trade(self, digest: bytes) -> Row[Any] | None:
        """Return the good API key with this hash and its account, and note that it was used."""
        return (await self.session.execute(_TRADE, {"hash": digest})).first()


class SigningKeyRepository(Repository[SigningKey]):
    """Signing keys. One instance at a time changes them."""

    model_type = SigningKey

    async def lock(self) -> datetime:
        """Wait for the other instances' changes to signing keys; return the database's time."""
        await self.session.execute(_LOCK_SIGNING_KEYS)
        return await self.clock()

    async def all(self) -> Sequence[SigningKey]:
        """Return the signing keys in the order of their use."""
        return await self.get_many(order_by=(SigningKey.active_from, False))

    async def remove(self, kids: list[str]) -> None:
        """Delete keys whose tokens have all expired."""
        await self.delete_where(SigningKey.kid.in_(kids))

    async def bring_forward(self, active_from: datetime) -> str | None:
        """Use the next key from `active_from` on; None if its time comes sooner anyway."""
        changed = await self.update_where(SigningKey.active_from > active_from, values={"active_from": active_from})
        return next((key.kid for key in changed), None)


class AuditRepository(AuditLog[AuditEntry]):
    """The log of what was done to accounts' access. `target` is the session or key; `actor` None is the operator."""

    model_type = AuditEntry
