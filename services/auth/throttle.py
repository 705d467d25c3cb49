"""Who may try how often. Kept in Redis, shared by all instances; nothing in it names a person."""

import hashlib

from services.auth.settings import AuthSettings
from services.auth.visitor import Visitor
from services.core.kit import Kit
from services.core.problems import too_many

MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600

_PROBE_COST = 5


class Throttle:
    """Auth's limits. Each method counts one use and raises a 429 problem when it was one too many.

    What is counted by address alone is counted by guards (`controllers/throttles.py`), before the body is read.
    """

    def __init__(self, kit: Kit[AuthSettings]) -> None:
        self._limits = kit.shared.limits
        self._settings = kit.settings

    async def sign_up(self, who: Visitor) -> None:
        """Count a sign-up."""
        await self._count(f"sign-up:{who.site}", self._settings.accounts_per_address, HOUR)

    async def taken(self, who: Visitor) -> None:
        """Count a sign-up for a taken address as many: people do that once, probing does it all the time.

        It raises nothing; the next sign-ups from there feel it.
        """
        key, limit = f"auth:sign-up:{who.site}", self._settings.accounts_per_address
        await self._limits.charge(key, limit, HOUR, _PROBE_COST)

    async def guest(self, who: Visitor) -> None:
        """Count a new guest."""
        await self._count(f"guest:{who.site}", self._settings.guests_per_address, MINUTE)

    async def session(self, who: Visitor) -> None:
        """Count a sign-in or a use of an API key, for the address that it comes from."""
        await self._count(f"session:{who.site}", self._settings.sessions_per_address, FIVE_MINUTES)

    async def password(self, who: Visitor, account: str) -> None:
        """Count a password tried for an account, known or not.

        The limit for all addresses together is far above the one for each, so that nobody can lock
        somebody else out from a single place.
        """
        name = hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        await self._count(f"try:{name}:{who.site}", self._settings.tries_per_account, FIVE_MINUTES)
        await self._count(f"try:{name}", self._settings.tries_per_account_anywhere, HOUR)

    async def refresh(self, who: Visitor) -> None:
        """Count a refresh."""
        await self._count(f"refresh:{who.site}", self._settings.refreshes_per_address, MINUTE)

    async def _count(self, key: str, times: int, seconds: int) -> None:
        decision = await self._limits.hit(f"auth:{key}", times, seconds)
        if not decision.allowed:
            wait = max(1, round(decision.retry_after))
            raise too_many(f"Too many attempts. Try again in {wait} s.", decision.retry_after)
