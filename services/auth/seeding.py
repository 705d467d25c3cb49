"""Accounts of a place that is filled for development: all with one password, all with a confirmed address."""

from datetime import datetime

from services.auth import emails, passwords
from services.auth.models import Account
from services.auth.repository import AccountRepository
from services.auth.service import Auth
from services.core.data.repository import add_missing
from services.core.seeding import Network, Person, SeedError, Tell, parts

_AT_ONCE = 5_000


async def joined_at(auth: Auth, email: str) -> datetime | None:
    """Return since when an address has an account; None if it has none."""
    async with auth.kit.db.reading() as session:
        account = await AccountRepository(session).get_one_or_none(email_key=emails.normalise(email)[1])
    return account.created_at if account else None


async def seed_accounts(auth: Auth, network: Network, tell: Tell) -> None:
    """Open an account for everybody; profiles are a step of their own.

    Raises:
        SeedError: Somebody else has one of the addresses.
    """
    password_hash = await auth.hasher.hash(passwords.accept(network.password, ""))
    for people in parts(network.people, _AT_ONCE):
        rows = [_row(person, password_hash) for person in people]
        async with auth.kit.db.transaction() as session:
            await add_missing(session, Account, rows)
            opened = await AccountRepository(session).get_many(Account.id.in_([person.id for person in people]))
            if len(opened) < len(people):
                raise SeedError("Some addresses have accounts that aren't of this seed and size: choose another --seed")
        await tell([], done=len(people))


def _row(person: Person, password_hash: str) -> dict[str, object]:
    email, key = emails.normalise(person.email)
    return {
        "id": person.id,
        "kind": "user",
        "email": email,
        "email_key": key,
        "email_verified": True,
        "password_hash": password_hash,
        "created_at": person.joined_at,
    }
