"""Where the instances of a peer are: all at one address, or wherever Consul says that healthy ones are."""

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

import structlog

from services.core.aws.secrets import Secrets
from services.core.observe.metrics import DISCOVERY_AGE, DISCOVERY_INSTANCES
from services.core.settings import CoreSettings

if TYPE_CHECKING:
    from services.core.peers.consul import Agent

log = structlog.get_logger(__name__)

_AVOID_SECONDS = 5.0
_KEEP_LAST_SECONDS = 15.0
_LEAST_GAP_SECONDS = 0.1


class Peers(Protocol):
    """Finds instances."""

    async def urls(self, peer: str, seconds: float) -> list[str]:
        """Return base URLs to try, best first; none if none is known.

        Args:
            peer: The service.
            seconds: How long the very first answer may be waited for.
        """
        ...

    def refused(self, url: str) -> None:
        """Note that an instance refused a connection or didn't answer."""
        ...

    async def close(self) -> None:
        """Stop looking."""
        ...


class StaticPeers:
    """All services at one address, in which `{service}` stands for the name.

    Args:
        url: The address.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def urls(self, peer: str, seconds: float) -> list[str]:
        """Return the address."""
        return [self._url.replace("{service}", quote(peer))] if self._url else []

    def refused(self, url: str) -> None:
        """Do nothing: there is no other."""

    async def close(self) -> None:
        """Do nothing."""


class ConsulPeers:
    """Healthy instances, in turn. Each peer that was asked for is followed from then on.

    While Consul is away, its last answer serves; `votewave_discovery_age_seconds` tells how old that is.
    An answer without any instance is believed only after a while, since an agent that has just restarted
    reports every instance as unhealthy until its first checks.
    """

    def __init__(self, settings: CoreSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._agent: Agent | None = None
        self._watches: dict[str, _Watch] = {}
        self._avoid: dict[str, float] = {}  # URL: until when (monotonic seconds)

    async def urls(self, peer: str, seconds: float) -> list[str]:
        """Return the instances, beginning with another one each time; those that failed lately come last."""
        watch = self._watches.get(peer)
        if watch is None:
            if self._agent is None:
                from services.core.peers.consul import Agent  # noqa: PLC0415  (8 MB that most processes needn't hold)

                self._agent = Agent(self._settings, self._secrets)
            watch = self._watches[peer] = _Watch(peer, self._agent)
        if not watch.tried.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(watch.tried.wait(), seconds)
        now = time.monotonic()
        self._avoid = {url: until for url, until in self._avoid.items() if until > now}
        return sorted(watch.in_turn(), key=self._avoid.__contains__)  # stable: in turn within each half

    def refused(self, url: str) -> None:
        """Try this one last for five seconds."""
        self._avoid[url] = time.monotonic() + _AVOID_SECONDS

    async def close(self) -> None:
        """Stop following."""
        for watch in self._watches.values():
            watch.task.cancel()
        await asyncio.gather(*(watch.task for watch in self._watches.values()), return_exceptions=True)
        if self._agent is not None:
            await self._agent.close()


class _Watch:
    """Follows one peer's instances with blocking queries."""

    def __init__(self, peer: str, agent: "Agent") -> None:
        self.peer = peer
        self.tried = asyncio.Event()
        self._agent = agent
        self._instances: list[str] = []
        self._turn = random.randrange(1000)  # noqa: S311  (so that processes don't all begin with the same)
        self._answered_at = time.monotonic()
        self._empty_since: float | None = None
        DISCOVERY_AGE.labels(peer).set_function(lambda: time.monotonic() - self._answered_at)
        self.task = asyncio.create_task(self._follow())

    def in_turn(self) -> list[str]:
        """Return the instances, rotated by one each time."""
        if not self._instances:
            return []
        self._turn = (self._turn + 1) % len(self._instances)
        return self._instances[self._turn :] + self._instances[: self._turn]

    async def _follow(self) -> None:
        from services.core.peers.consul import ConsulError, backoff  # noqa: PLC0415  (see above)

        index, failures = 0, 0
        while True:
            try:
                found, instances = await self._agent.healthy(self.peer, index)
            except ConsulError as exc:
                if not failures:
                    log.warning("consul_unavailable", doing="discovery", peer=self.peer, error=str(exc))
                failures += 1
                index = 0  # an agent that comes back may have restarted, and its indexes with it
                self.tried.set()
                await asyncio.sleep(backoff(failures))
                continue
            if failures:
                log.info("consul_available", doing="discovery", peer=self.peer)
            failures = 0
            index = found if found >= index else 0  # https://developer.hashicorp.com/consul/api-docs/features/blocking
            self._take(instances)
            self.tried.set()
            await asyncio.sleep(_LEAST_GAP_SECONDS)

    def _take(self, instances: list[str]) -> None:
        now = self._answered_at = time.monotonic()
        DISCOVERY_INSTANCES.labels(self.peer).set(len(instances))
        if instances:
            self._empty_since = None
        else:
            self._empty_since = self._empty_since or now
            if self._instances and now - self._empty_since < _KEEP_LAST_SECONDS:
                return
        if instances != self._instances:
            log.info("peer_instances", peer=self.peer, instances=instances)
        self._instances = instances


def open_peers(settings: CoreSettings, secrets: Secrets) -> Peers:
    """Return the way to find peers that the settings name; an unknown mode finds no peers."""
    mode, _, rest = settings.peers.partition(":")
    if mode == "consul":
        return ConsulPeers(settings, secrets)
    return StaticPeers(rest if mode == "static" else "")
