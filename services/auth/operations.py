"""What operators do to Auth from the command line, on its own database."""

from datetime import timedelta
from uuid import UUID

from services.auth.repository import SigningKeyRepository
from services.auth.service import Auth
from services.auth.settings import AuthSettings
from services.auth.signing import LEAD
from services.core.identity.subject import Role
from services.core.kit import Kit
from services.core.problems import not_found


async def set_role(kit: Kit[AuthSettings], email: str, role: Role) -> UUID:
    """Give the user with this address a role, such as the first administrator; return the account.

    Raises:
        Problem: 404 if nobody has the address, 422 if it is none.
    """
    auth = Auth(kit)
    account = await auth.accounts.find(email)
    if account is None:
        raise not_found("user")
    await auth.accounts.set_role(account, role, actor=None)
    return account


async def rotate_signing_key(kit: Kit[AuthSettings], lead: timedelta = LEAD) -> str | None:
    """Bring the next signing key into use after `lead`, instead of when its time comes; return its `kid`.

    With the default lead every verifier has seen the key before the first token is signed with it.
    A shorter one costs verifiers one more look at the JWKS.
    """
    async with kit.db.transaction() as session:
        keys = SigningKeyRepository(session)
        return await keys.bring_forward(await keys.lock() + lead)
