"""Use cases of Auth; each is one transaction. `Auth` holds them in groups."""

import asyncio

import structlog

from services.auth.gateway import GatewayKeyPublisher
from services.auth.passwords import Hasher
from services.auth.service.access import Access
from services.auth.service.accounts import Accounts
from services.auth.service.archives import Archives
from services.auth.service.keys import Keys
from services.auth.service.leaving import Leaving
from services.auth.service.letters import Letters
from services.auth.service.sessions import Sessions
from services.auth.settings import AuthSettings
from services.auth.signing import Signer
from services.auth.throttle import Throttle
from services.core.data.database import is_passing
from services.core.kit import Kit
from services.core.service import UseCases
from services.core.tasks import end

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_FORGET_DAYS = 30
_FORGET_AT_A_TIME = 5_000


class Auth(UseCases[AuthSettings]):
    """What can be done with accounts, sessions and keys.

    Attributes:
        accounts: Sign-up, guests, passwords, roles.
        sessions: Sign-in, refresh, sign-out.
        keys: API keys.
        letters: Mails that confirm an address or reset a password.
        leaving: Deleting an account.
        archives: Files with all that is somebody's.
        signer: Access tokens and the keys that sign them.
        throttle: Who may try how often.
    """

    def __init__(self, kit: Kit[AuthSettings]) -> None:
        super().__init__(kit)
        self.signer = Signer(kit)
        self._gateway_keys = GatewayKeyPublisher(kit, self.signer)
        self._starting: asyncio.Task[None] | None = None
        self.hasher = Hasher(kit.settings)
        self.throttle = Throttle(kit)
        self._access = Access(kit, self.signer)
        self.letters = Letters(kit, self._access, self.hasher, self.throttle)
        self.accounts = Accounts(kit, self._access, self.hasher, self.throttle, self.letters)
        self.sessions = Sessions(kit, self._access, self.hasher, self.throttle, self.letters)
        self.keys = Keys(kit, self._access)
        self.leaving = Leaving(kit, self._access, self.hasher, self.throttle, self.letters)
        self.archives = Archives(kit)

    async def start(self) -> None:
        """Read the signing keys; the first start makes them. While the database is away, go on trying.

        Raises:
            Exception: Something else stands in the way, which waiting won't mend: a secret or the tables.
        """
        try:
            await self.signer.refresh()
        except Exception as exc:
            if not is_passing(exc):
                raise
            self.kit.waiting_for = "signing-keys"
            self._starting = asyncio.create_task(self._start_late())

    async def _start_late(self) -> None:
        """Read the signing keys as soon as the database is there; until then nothing is signed."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            log.warning("signing_keys_unavailable", again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            try:
                await self.signer.refresh()
            except Exception as exc:  # noqa: BLE001  (whatever it is now, it is tried again, and the log says what)
                if not is_passing(exc):
                    log.warning("signing_keys_unreadable", error=type(exc).__name__)
            else:
                self.kit.waiting_for = ""
                return

    async def stop(self) -> None:
        """Send what mails wait, and end the hashing threads."""
        await end(self._starting)
        await self.letters.stop()
        self.hasher.close()
        await self._gateway_keys.close()

    async def renew_keys(self) -> None:
        """Job: make the next signing key when it is due, and read what other instances made."""
        await self.signer.refresh()

    async def publish_keys(self) -> None:
        """Job: see that the gateway is given the public keys."""
        await self._gateway_keys.publish()

    async def delete_due(self) -> None:
        """Job: delete the accounts whose time has come."""
        await self.leaving.delete_due()

    async def prepare_archives(self) -> None:
        """Job: prepare the archives that are asked for, and delete those that are over."""
        await self.archives.work()

    async def announce(self) -> None:
        """Job: tell again which sessions have ended, for Redis may have forgotten."""
        await self._access.announce_recent()

    async def forget(self) -> None:
        """Job: delete sessions and refresh tokens that have been over for a month, and letters that are over."""
        await self.sessions.forget(_FORGET_DAYS, _FORGET_AT_A_TIME)
        await self.letters.forget()


__all__ = ["Auth"]
