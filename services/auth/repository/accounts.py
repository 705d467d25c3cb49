"""Accounts, the mails that they are sent, and how they leave."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text

from services.auth.models import Account, ApiKey, Archive, AuditEntry, Departure, Letter, Session
from services.core.data.audit import AuditLog
from services.core.data.compiled import Compiled
from services.core.data.repository import Repository
from services.core.personal import Part

ARCHIVE_DUE = Compiled(select(func.min(Archive.due_at) <= func.now()))
"""Whether an archive's next step may begin."""

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


class AuditRepository(AuditLog[AuditEntry]):
    """The log of what was done to accounts' access. `target` is the session or key; `actor` None is the operator."""

    model_type = AuditEntry


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
