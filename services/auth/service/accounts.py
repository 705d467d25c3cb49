"""Accounts: sign-up, guests and their upgrade, passwords, roles."""

from collections.abc import Sequence
from uuid import UUID

from advanced_alchemy.exceptions import DuplicateKeyError
from msgspec import structs

from services.auth.events import AccountOpened, AccountUpgraded
from services.auth.passwords import Hasher
from services.auth.repository import AccountRepository, AuditRepository, KeyRepository, SessionRepository
from services.auth.schemas import AccountView, Address, PasswordChange, RoleChange, SignUp, Tokens
from services.auth.service import checks, leaving
from services.auth.service.access import Access, account_view
from services.auth.service.letters import Letters
from services.auth.settings import AuthSettings
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.data.models import utc_now
from services.core.events.outbox import publish
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.problems import Problem, conflict, forbidden, not_found, session_ended


class Accounts:
    """Use cases of one's own account, and of giving roles."""

    def __init__(
        self, kit: Kit[AuthSettings], access: Access, hasher: Hasher, throttle: Throttle, letters: Letters
    ) -> None:
        self._kit = kit
        self._access = access
        self._hasher = hasher
        self._throttle = throttle
        self._letters = letters

    async def sign_up(self, request: SignUp, who: Visitor) -> Tokens:
        """Open an account and its first session, and send a mail that confirms its address.

        Raises:
            Problem: 409 if the address has an account, 422 if address or password won't do.
        """
        email, key, password = checks.credentials(request.email, request.password)
        hashed = await self._hasher.hash(password, who.site)
        account = AccountView(new_id(), Kind.USER, Role.USER, email, False, utc_now())
        tokens = await self._open(account, who, email_key=key, password_hash=hashed)
        await self._letters.welcome(account.id, email, key, who)
        return tokens

    async def admit(self, who: Visitor) -> Tokens:
        """Let a guest in."""
        account = AccountView(new_id(), Kind.GUEST, Role.USER, None, False, utc_now())
        return await self._open(account, who, email_key=None, password_hash=None)

    async def _open(
        self, account: AccountView, who: Visitor, *, email_key: str | None, password_hash: str | None
    ) -> Tokens:
        opening = self._access.opening(who, account.kind)
        values = {
            "account": account.id,
            "kind": account.kind.value,
            "email": account.email,
            "email_key": email_key,
            "password_hash": password_hash,
            **opening.values,
        }
        async with self._kit.db.transaction() as session:
            opened_at = await AccountRepository(session).open(values)
            if opened_at is None:
                await self._throttle.taken(who)
                raise _taken()
            await publish(session, AccountOpened(account=account.id, kind=account.kind, at=opened_at))
        account = structs.replace(account, created_at=opened_at)
        return self._access.tokens(account, opening.id, opening.token)

    async def upgrade(self, subject: Subject, request: SignUp, who: Visitor) -> Tokens:
        """Make a guest a user with the same id, so that votes come along.

        The guest's tokens end: they say "guest".

        Raises:
            Problem: 409 if the subject is no guest (any more) or the address has an account, 422.
        """
        if subject.kind is not Kind.GUEST:
            raise _no_guest()
        email, key, password = checks.credentials(request.email, request.password)
        hashed = await self._hasher.hash(password, who.site)
        opening = self._access.opening(who, Kind.USER)
        try:
            async with self._kit.db.transaction() as session:
                account = await AccountRepository(session).upgrade(subject.id, email, key, hashed)
                if account is None or account.upgraded_at is None:
                    raise _no_guest()
                sessions = SessionRepository(session)
                ended = await sessions.end(subject.id)
                await sessions.begin({"account": account.id, "password_hash": hashed, **opening.values})
                await leaving.take_back(session, account.id)
                await AuditRepository(session).record("account.upgraded", subject.id, account=subject.id)
                await publish(session, AccountUpgraded(account=account.id, at=account.upgraded_at))
        except DuplicateKeyError as exc:
            await self._throttle.taken(who)
            raise _taken() from exc
        await self._access.announce_end(ended)
        await self._letters.welcome(account.id, email, key, who)
        return self._access.tokens(account_view(account), opening.id, opening.token)

    async def me(self, subject: Subject) -> AccountView:
        """Return the subject's account; without its address if the token doesn't cover that.

        Raises:
            Problem: 401 if it is gone.
        """
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(id=subject.id)
        if account is None:
            raise session_ended()
        view = account_view(account)
        if not subject.may("account:read"):
            return AccountView(view.id, view.kind, subject.role, None, False, view.created_at)
        return view

    async def change_password(self, subject: Subject, change: PasswordChange, who: Visitor) -> None:
        """Change the subject's password; end the other sessions and, unless they shall be kept, the API keys.

        Whoever knew the old password may have made keys with it.

        Raises:
            Problem: 403 for guests and if the current password is wrong, 409 if it was changed
                meanwhile, 422, 429.
        """
        subject.require_user()
        await self._throttle.password(who, str(subject.id))
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(id=subject.id)
        if account is None or account.password_hash is None:
            raise session_ended()
        before = account.password_hash
        current = checks.plain("current", change.current)
        new = checks.password("new", change.new, account.email or "")
        if not await self._hasher.verify(before, current, who.site):
            raise Problem(403, "wrong-password", "The password is wrong", "The current password is wrong.")
        after = await self._hasher.hash(new)
        async with self._kit.db.transaction() as session:
            if not await AccountRepository(session).set_password(subject.id, before, after):
                raise conflict("password-changed", "The password was changed a moment ago. Sign in again.")
            ended = await SessionRepository(session).end(subject.id, but=subject.session)
            keys = [] if change.keep_keys else await KeyRepository(session).end(subject.id)
            concerns = {"account": subject.id, "target": subject.session}
            details = {"ended": len(ended), "keys_ended": len(keys)}
            await AuditRepository(session).record("password.changed", subject.id, details, **concerns)
        await self._access.announce_end([*ended, *keys])

    async def give_role(self, subject: Subject, account: UUID, change: RoleChange) -> None:
        """Give a user a role, as an administrator. The user's sessions end: their tokens say the old one.

        Raises:
            Problem: 403 for all others and for one's own role, 404.
        """
        subject.require_role(Role.ADMIN)
        if subject.id == account:
            raise forbidden("You can't change your own role. Ask another administrator.")
        await self.set_role(account, change.role, actor=subject.id)

    async def set_role(self, account: UUID, role: Role, *, actor: UUID | None) -> None:
        """Give a user a role.

        Args:
            account: The user.
            role: The role.
            actor: The administrator; None for the operator at the command line.

        Raises:
            Problem: 403 if the actor is no administrator any more, 404 if there is no such user.
        """
        async with self._kit.db.transaction() as session:
            # Always in the order of ids, or two administrators who demote each other would deadlock.
            accounts = AccountRepository(session)
            rows = {key: await accounts.lock(key) for key in sorted({account, actor or account})}
            acting = rows[actor] if actor else None
            if actor and (acting is None or acting.role != Role.ADMIN):
                raise forbidden("Only administrators can do this.")
            found = rows[account]
            if found is None or found.kind != Kind.USER:
                raise not_found("user")
            if found.role == role:
                return
            before = found.role
            found.role = role
            ended = await SessionRepository(session).end(account)
            details = {"before": before, "after": role}
            await AuditRepository(session).record("role.changed", actor, details, account=account)
        await self._access.announce_end(ended)

    async def addresses(self, accounts: Sequence[UUID]) -> list[Address]:
        """Return the addresses of those of some accounts that have confirmed theirs."""
        async with self._kit.db.reading() as session:
            rows = await AccountRepository(session).confirmed(accounts)
        return [Address(row.id, row.email) for row in rows if row.email is not None]

    async def find(self, email: str) -> UUID | None:
        """Return the account of an address, for the operator."""
        async with self._kit.db.reading() as session:
            account = await AccountRepository(session).get_one_or_none(email_key=checks.email(email)[1])
        return account.id if account else None


def _taken() -> Problem:
    return conflict("email-taken", "This address has an account. Sign in instead.")


def _no_guest() -> Problem:
    return conflict("not-a-guest", "This account is a user's already. Sign in to it.")
