"""The Consul agent of this machine: registering this process's services, and asking for others' instances.

Imported only where a setting asks for Consul, since py-consul and aiohttp take 8 MB. What py-consul gets
from the environment (`CONSUL_HTTP_…`) is not used: our settings decide.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import consul  # type: ignore[import-untyped]  # it carries no types
import structlog
from consul.base import Consul, HTTPClient, Response  # type: ignore[import-untyped]  # likewise

from services.core.aws.secrets import SecretError, Secrets
from services.core.settings import CoreSettings

log = structlog.get_logger(__name__)

T = TypeVar("T")

WAIT_SECONDS = 10
"""How long Consul may hold a question back until the answer has changed; so an answer is never older by much."""

STABLE = "stable"
"""The tag of instances that the gateway sends the public to; a canary under Nomad hasn't it yet."""
CANARY = "canary"
"""The tag of a new version that is being tried."""

_TIMEOUT_SECONDS = 5.0
_LEAVE_SECONDS = 3.0
_LOOK_EVERY_SECONDS = 5.0
_CHECK_INTERVAL = "2s"
_CHECK_TIMEOUT = "3s"
_REMOVE_AFTER = "1m"  # the least that Consul takes
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104  (recognised, not bound to)
_LOOPBACK = "127.0.0.1"


class ConsulError(Exception):
    """The agent can't be reached or refuses; the message says which, and never holds the token."""


class Agent:
    """The agent, asked with a token that is read anew each time, for it may be rotated.

    Args:
        settings: Where the agent is and where the token comes from.
        secrets: Holds the token if the settings say so.
    """

    def __init__(self, settings: CoreSettings, secrets: Secrets) -> None:
        url = urlsplit(settings.consul_url)
        self._client: Any = _Client(url.hostname, url.port or 8500, scheme=url.scheme)
        self._client.token = None  # whatever the environment says; the right one goes with each request (`_Http`)
        self._token_from = settings.consul_token_from
        self._secrets = secrets

    async def healthy(self, service: str, index: int) -> tuple[int, list[str]]:
        """Return the URLs of a service's healthy instances, and an index to ask for the next change with.

        A canary is for its gate, not for other services' users: it counts only where there is nothing else.

        Args:
            service: Its name.
            index: From the last answer; 0 asks for the present state without waiting.

        Raises:
            ConsulError: There is no answer.
        """
        found, entries = await self._ask(
            lambda: self._client.health.service(service, passing=True, index=index, wait=f"{WAIT_SECONDS}s"),
            WAIT_SECONDS * 1.1 + _TIMEOUT_SECONDS,  # Consul adds up to a sixteenth
        )
        try:
            settled = [entry for entry in entries if CANARY not in (entry["Service"]["Tags"] or ())] or entries
            places = [
                (entry["Service"]["Address"] or entry["Node"]["Address"], entry["Service"]["Port"]) for entry in settled
            ]
            return int(found), sorted(_url(host, port) for host, port in places)
        except (LookupError, TypeError, ValueError) as exc:
            raise ConsulError("the answer can't be read") from exc

    async def knows(self, service_id: str) -> bool:
        """Say whether an instance is registered here.

        Raises:
            ConsulError: There is no answer.
        """
        return await self._ask(lambda: self._client.agent.service_definition(service_id)) is not None

    async def register(self, service: str, service_id: str, address: str, port: int, check_url: str) -> None:
        """Register an instance and its check.

        Args:
            service: Its name.
            service_id: What names the instance on this agent.
            address: Where others reach it; empty means at the agent's own address.
            port: Likewise.
            check_url: What the agent asks for; an instance is healthy while the answer is 2xx.

        Raises:
            ConsulError: It isn't registered.
        """
        check = consul.Check.http(check_url, _CHECK_INTERVAL, timeout=_CHECK_TIMEOUT, deregister=_REMOVE_AFTER)
        await self._ask(
            lambda: self._client.agent.service.register(
                service,
                service_id=service_id,
                address=address,
                port=port,
                tags=[STABLE],
                meta={"version": version("votewave")},
                check=check,
                replace_existing_checks=True,
            )
        )

    async def deregister(self, service_id: str) -> None:
        """Take an instance out; one that isn't there is fine.

        Raises:
            ConsulError: It is perhaps still there.
        """
        await self._ask(lambda: self._client.agent.service.deregister(service_id))

    async def read(self, key: str) -> tuple[int, bytes | None]:
        """Return what is kept under a key, and an index to `write` with; (0, None) if nothing is.

        Raises:
            ConsulError: There is no answer.
        """
        _, found = await self._ask(lambda: self._client.kv.get(key))
        return (0, None) if found is None else (int(found["ModifyIndex"]), found["Value"])

    async def write(self, key: str, value: bytes, index: int) -> bool:
        """Keep a value under a key, unless somebody else has changed it since `read`; return whether it is kept.

        Raises:
            ConsulError: It is perhaps not kept.
        """
        return bool(await self._ask(lambda: self._client.kv.put(key, value, cas=index)))

    async def _ask(self, question: Callable[[], Awaitable[T]], seconds: float = _TIMEOUT_SECONDS) -> T:
        try:
            self._client.http.token = await self._token()
            async with asyncio.timeout(seconds):
                return await question()
        except consul.ConsulException as exc:
            raise ConsulError(f"{type(exc).__name__}: {str(exc)[:200]}") from exc
        except (aiohttp.ClientError, SecretError, OSError, ValueError, LookupError) as exc:
            raise ConsulError(type(exc).__name__) from exc

    async def _token(self) -> str | None:
        kind, _, name = self._token_from.partition(":")
        if kind == "secret":
            return await self._secrets.get(name)
        if kind == "file":
            path = Path("/" + name.lstrip("/"))
            return (await asyncio.to_thread(path.read_text)).strip()
        return None

    async def close(self) -> None:
        """Close its connections."""
        await self._client.http.close()


class Registration:
    """Keeps the process's services registered until it is told to leave.

    A Consul that isn't there yet delays nothing; one that has forgotten is told again.

    Args:
        settings: Where the process listens.
        secrets: For the agent's token.
        services: Their names.
    """

    def __init__(self, settings: CoreSettings, secrets: Secrets, services: Sequence[str]) -> None:
        everywhere = settings.host in _WILDCARDS
        self._agent = Agent(settings, secrets)
        self._address = "" if everywhere else settings.host
        self._port = settings.port
        self._check = _url(_LOOPBACK if everywhere else settings.host, settings.port) + "/health/ready"
        place = gethostname() if everywhere else settings.host
        self._ids = {f"{service}-{place}-{settings.port}": service for service in services}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call it once the port takes connections."""
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        done: set[str] = set()  # by this process: what a predecessor has left there is replaced
        failures = 0
        while True:
            try:
                for service_id, service in self._ids.items():
                    if service_id not in done or not await self._agent.knows(service_id):
                        await self._agent.register(service, service_id, self._address, self._port, self._check)
                        done.add(service_id)
                        log.info("consul_registered", id=service_id)
                failures = 0
            except ConsulError as exc:
                if not failures:
                    log.warning("consul_unavailable", doing="registration", error=str(exc))
                failures += 1
            await asyncio.sleep(backoff(failures) if failures else _LOOK_EVERY_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311

    async def leave(self) -> None:
        """Take the services out of Consul; where that fails, Consul's own check does it later."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                for service_id in self._ids:
                    await self._agent.deregister(service_id)
                    log.info("consul_deregistered", id=service_id)
        except (ConsulError, TimeoutError) as exc:
            log.warning("consul_unavailable", doing="deregistration", error=str(exc) or "TimeoutError")
        await self._agent.close()


def backoff(failures: int) -> float:
    """Return the seconds to wait after some failures in a row: up to 5, and never all at the same time."""
    return random.uniform(0.5, 1.0) * min(5.0, 0.2 * 2.0 ** min(failures, 6))  # noqa: S311  (spreads load)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Http(HTTPClient):  # type: ignore[misc]  # likewise
    """py-consul's way to HTTP, over aiohttp as it is today.

    The adapter that comes along uses arguments that aiohttp has deprecated, and has one time-out for all. The token
    goes with every request from here: py-consul leaves it out of some, such as `agent.service_definition`.
    """

    token: str | None = None

    def __init__(self, host: str, port: int, scheme: str) -> None:
        super().__init__(host, port, scheme)
        context = ssl.create_default_context() if scheme == "https" else False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # `Agent` bounds every question
        )

    async def _request(
        self, method: str, callback: Any, path: str, params: Any, headers: Any, data: str | bytes | None = None
    ) -> Any:
        url = self.uri(path, params)
        if self.token:
            headers = {**(headers or {}), "X-Consul-Token": self.token}
        async with self._session.request(method, url, headers=headers, data=data, allow_redirects=False) as answer:
            return callback(Response(answer.status, answer.headers, await answer.text("utf-8")))

    def get(self, callback: Any, path: str, params: Any = None, headers: Any = None, raw: bool = False) -> Any:
        return self._request("GET", callback, path, params, headers)

    def put(self, callback: Any, path: str, params: Any = None, data: str | bytes = "", headers: Any = None) -> Any:
        return self._request("PUT", callback, path, params, headers, data)

    def delete(self, callback: Any, path: str, params: Any = None, data: Any = "", headers: Any = None) -> Any:
        return self._request("DELETE", callback, path, params, headers, data)

    def post(self, callback: Any, path: str, params: Any = None, data: str = "", headers: Any = None) -> Any:
        return self._request("POST", callback, path, params, headers, data)

    async def close(self) -> None:
        await self._session.close()


class _Client(Consul):  # type: ignore[misc]  # likewise
    def http_connect(self, host: str, port: int, scheme: str, verify: bool | str = True, cert: Any = None) -> Any:
        return _Http(host, port, scheme)
