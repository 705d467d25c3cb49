"""Who a process is at Redis: a user whose password is a secret, so that no address and no environment holds it."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from services.core.aws.secrets import SecretError, Secrets

REDIS_SECRET = "redis/auth"  # noqa: S105 - its name
_CONNECT_SECONDS = 1
_KEEPS_ALL = "noeviction"

log = structlog.get_logger(__name__)


class SecretLogin(CredentialProvider):
    """Names the user and asks for the password whenever a connection is opened.

    A rotation needs no more than that: both passwords are good until the last process has the new one.

    Args:
        user: The user's name.
        secrets: Where the password is.
    """

    def __init__(self, user: str, secrets: Secrets) -> None:
        self._user = user
        self._secrets = secrets

    def get_credentials(self) -> tuple[str, str]:
        """Not offered: our clients are asynchronous, and call `get_credentials_async`."""
        raise NotImplementedError

    async def get_credentials_async(self) -> tuple[str, str]:
        """Return user and password.

        Raises:
            RedisConnectionError: The password can't be read. Callers treat this as Redis being away.
        """
        try:
            return self._user, await self._secrets.get(REDIS_SECRET)
        except SecretError as error:
            raise RedisConnectionError(str(error)) from error


def login(user: str, secrets: Secrets) -> SecretLogin | None:
    """Return the process's login for Redis; None where the URL holds it or Redis asks for none."""
    return SecretLogin(user, secrets) if user else None


def client(url: str, who: CredentialProvider | None, seconds: float = 5.0) -> Redis:
    """Return a client of Redis; it connects when it is first asked.

    Args:
        url: Where it is.
        who: From `login`.
        seconds: How long an answer may take.

    Raises:
        ValueError: The URL is none of Redis's.
    """
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=_CONNECT_SECONDS,
        credential_provider=who,
        redis_connect_func=_log_in,
    )


async def warn_of_eviction(redis: Redis) -> None:
    """Log if Redis may evict what security rests on: throttles, revocations, tickets."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            policy = (await redis.info("memory")).get("maxmemory_policy", _KEEPS_ALL)
    except (RedisError, OSError, TimeoutError) as exc:
        log.warning("redis_unasked", error=type(exc).__name__)
        return
    if policy != _KEEPS_ALL:
        log.warning("redis_evicts", policy=policy)


async def _log_in(connection: AbstractConnection) -> None:
    """Log in on a new connection, or close it.

    redis-py closes the connection after an error, but not when the caller is cancelled. It would then stay in the pool
    as if it were ready, and Redis would refuse every command on it, since nobody has logged in.
    """
    try:
        await connection.on_connect_check_health(check_health=True)
    except BaseException:
        await connection.disconnect(nowait=True)
        raise
