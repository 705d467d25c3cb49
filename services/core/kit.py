"""What a running service is given: its database, Redis, secrets, events' relay, calls, mail, limits."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from redis.asyncio import Redis

from services.core.apart import Apart
from services.core.aws.mail import Mailer, open_mailer
from services.core.aws.secrets import Secrets, open_secrets
from services.core.data.database import Database
from services.core.identity.tickets import Tickets
from services.core.identity.tokens import Verifier
from services.core.peers.calls import Calls
from services.core.redis.broadcast import Broadcast
from services.core.redis.client import client, login
from services.core.redis.rate_limit import RateLimiter
from services.core.settings import CoreSettings, SettingsError, variable
from services.core.storage.files import Storage
from services.core.storage.opening import open_storage

C = TypeVar("C", bound=msgspec.Struct)
T = TypeVar("T")

_REDIS_SECONDS = 2.0
"""Seconds to wait for an answer from Redis; callers with a shorter deadline set their own."""


def _open(field: str, make: Callable[[], T]) -> T:
    """Make what a setting names; the error names its variable."""
    try:
        return make()
    except ValueError as exc:
        raise SettingsError(f"{variable(None, field)}: {exc}") from exc


def secrets_of(settings: CoreSettings) -> Secrets:
    """Return the secrets that the settings name.

    Raises:
        SettingsError: They name nothing that there is.
    """
    return _open("secrets", lambda: open_secrets(settings.secrets))


class Shared:
    """What the services of one process have in common. Built once, closed once.

    Args:
        settings: The process's.
        signer: The service that signs access tokens.
    """

    def __init__(self, settings: CoreSettings, signer: str = "") -> None:
        self.settings = settings
        self.secrets: Secrets = secrets_of(settings)
        who = login(settings.redis_user, self.secrets)
        self.redis: Redis = _open(
            "redis_url",
            lambda: client(settings.redis_url, who, _REDIS_SECONDS),
        )
        self.storage: Storage = _open(
            "storage", lambda: open_storage(settings.storage, f"{settings.public_url}/v1/files")
        )
        self.mailer: Mailer = _open("mail", lambda: open_mailer(settings.mail, settings.mail_from))
        self.limits = RateLimiter(self.redis)
        self.apart = Apart()
        self.calls = Calls(settings, self.secrets)
        self.verifier = Verifier(settings, self.calls, self.redis, signer)
        self.tickets = Tickets(self.redis)
        self.broadcast = Broadcast(settings.redis_url, who)
        self.stopping = asyncio.Event()

    async def close(self) -> None:
        """Close every connection."""
        await self.apart.close()
        await self.broadcast.close()
        await self.verifier.close()
        await self.calls.close()
        await self.redis.aclose()


class Kit(Generic[C]):
    """One service's own view of the process.

    Attributes:
        name: The service.
        settings: The service's own settings.
        shared: What it has in common with the others of the process.
        db: Its corner of Postgres.
        storage: Its folder of files.
        waiting_for: What the service still waits for; it isn't ready until this is empty.
    """

    def __init__(self, name: str, settings: C, shared: Shared) -> None:
        self.name = name
        self.settings = settings
        self.shared = shared
        core = shared.settings
        self.db = Database(core.database_url, name, shared.secrets, core.database_pool)
        self.storage = shared.storage.folder(name)
        self.waiting_for = ""

    @property
    def core(self) -> CoreSettings:
        """The process's settings."""
        return self.shared.settings

    async def secret(self, name: str) -> str:
        """Return one of the service's own secrets."""
        return await self.shared.secrets.get(f"{self.name}/{name}")
