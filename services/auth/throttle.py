"""Who may try how often. Kept in Redis, shared by all instances; nothing in it names a person."""

import hashlib
from enum import Enum

from services.auth.settings import AuthSettings
from services.auth.visitor import Visitor
from services.core.kit import Kit
from services.core.problems import too_many

MINUTE, FIVE_MINUTES, HOUR, DAY = 60, 300, 3600, 86_400

_PROBE_COST = 5
LETTERS_FROM_A_PLACE = 5
LETTERS_A_DAY = 20


class ByAddress(Enum):
    """A limit that counts by address alone; guards ask it (`controllers/throttles.py`), before the body is read."""

    SIGN_UP = "sign-up"
    GUEST = "guest"
    SESSION = "session"
    """A sign-in or a use of an API key."""
    REFRESH = "refresh"

    @property
    def seconds(self) -> int:
        """In which time so many are let through."""
        return {"sign-up": HOUR, "guest": MINUTE, "session": FIVE_MINUTES, "refresh": MINUTE}[self.value]

    def key(self, who: Visitor) -> str:
        """Return what a visitor's uses are counted under."""
        return f"auth:{self.value}:{who.site}"


class Throttle:
    """Auth's limits. Each method counts one use and raises a 429 problem when it was one too many."""

    def __init__(self, kit: Kit[AuthSettings]) -> None:
        self._limits = kit.shared.limits
        self._settings = kit.settings

    def times(self, limit: ByAddress) -> int:
        """Return how many uses an address has."""
        settings = self._settings
        return {
            ByAddress.SIGN_UP: settings.accounts_per_address,
            ByAddress.GUEST: settings.guests_per_address,
            ByAddress.SESSION: settings.sessions_per_address,
            ByAddress.REFRESH: settings.refreshes_per_address,
        }[limit]

    async def taken(self, who: Visitor) -> None:
        """Count a sign-up for a taken address as many: people do that once, probing does it all the time.

        It raises nothing; the next sign-ups from there feel it.
        """
        limit = ByAddress.SIGN_UP
        await self._limits.charge(limit.key(who), self.times(limit), limit.seconds, _PROBE_COST)

    async def password(self, who: Visitor, account: str) -> None:
        """Count a password tried for an account, known or not.

        The limit for all addresses together is far above the one for each, so that nobody can lock
        somebody else out from a single place.
        """
        name = _name(account)
        await self._count(f"try:{name}:{who.site}", self._settings.tries_per_account, FIVE_MINUTES)
        await self._count(f"try:{name}", self._settings.tries_per_account_anywhere, HOUR)

    async def letter(self, who: Visitor, address: str) -> bool:
        """Count a mail to an address, whether it has an account or not; say whether it may be sent.

        From one place few are taken. What all places together ask for beyond the limit is answered as always and not
        sent, so that nobody fills somebody's mailbox, and nobody learns who has an account.
        """
        await self._count(f"letter:{_name(address)}:{who.site}", LETTERS_FROM_A_PLACE, HOUR)
        return await self.welcome(address)

    async def welcome(self, address: str) -> bool:
        """Count the mail that follows a sign-up, of which a place has few; say whether it may be sent."""
        return (await self._limits.hit(f"auth:letter:{_name(address)}", LETTERS_A_DAY, DAY)).allowed

    async def _count(self, key: str, times: int, seconds: int) -> None:
        decision = await self._limits.hit(f"auth:{key}", times, seconds)
        if not decision.allowed:
            wait = max(1, round(decision.retry_after))
            raise too_many(f"Too many attempts. Try again in {wait} s.", decision.retry_after)


def _name(what: str) -> str:
    """Return what stands for an account or address in Redis."""
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:32]
