"""The base class of users: sends requests, times them from when they were due, and records their outcome."""

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import msgspec
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser
from locust.env import Environment

from loadtests.gate.plan import CANARY_HEADER, TIMEOUT_SECONDS
from loadtests.generator.world import World

_CONNECT_SECONDS = 5.0
_READ = frozenset({200, 201})
"""Statuses whose bodies are decoded, expected or not."""

_QUOTA = re.compile(r";q=(\d+)")
_LEFT = re.compile(r";r=(\d+);t=(\d+)")

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """An answer.

    Attributes:
        status: HTTP status; 0 without an answer, or with a malformed body.
        body: The decoded body, if any.
        etag: Its ETag.
        ok: Whether status and body are as expected.
        rest: Seconds to leave the path alone, since more than half of its limit is used up.
    """

    status: int
    body: T | None
    etag: str
    ok: bool
    rest: float


def _rest(head: Mapping[str, str]) -> float:
    """Return until when a limit is whole again, in seconds, if less than half of it is left; otherwise 0."""
    asked = _QUOTA.search(head.get("ratelimit-policy") or "")
    left = _LEFT.search(head.get("ratelimit") or "")
    if asked is None or left is None or 2 * int(left[1]) >= int(asked[1]):
        return 0.0
    return float(left[2])


class NoRetryPool(HTTPClientPool):
    """Sends each request once: geventhttpclient would repeat a PUT when its connection closes without an answer."""

    def get_client(self, url: Any) -> Any:
        """Return the client of a host."""
        client = super().get_client(url)
        client._connection_pool.size = -1  # noqa: SLF001  (the number of attempts is this plus two)
        return client


class ApiUser(FastHttpUser):
    """A user of VoteWave. Certificates are verified; requests aren't retried."""

    abstract = True
    insecure = False
    network_timeout = TIMEOUT_SECONDS
    connection_timeout = _CONNECT_SECONDS
    max_retries = 0
    max_redirects = 0
    world: ClassVar[World]

    def __init__(self, environment: Environment) -> None:
        self.default_headers = self.world.plan.headers
        super().__init__(environment)
        agent = self.client.client
        agent.clientpool = NoRetryPool(**agent.clientpool.client_args)

    def call(
        self,
        method: str,
        path: str,
        name: str,
        *,
        wanted: tuple[int, ...] = (200,),
        at: float | None = None,
        token: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        gives: type[T] | None = None,
    ) -> Answer[T]:
        """Send a request and record its outcome.

        Args:
            method: HTTP method.
            path: Below the target's URL.
            name: Its name in reports.
            wanted: Expected statuses.
            at: When it was due, by `time.perf_counter`; None for now.
            token: Access token.
            body: JSON.
            headers: Additional headers.
            gives: The type of the expected JSON body. A body that doesn't decode to it counts as a failure.
        """
        sent = {**headers} if headers else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        begun = time.perf_counter() if at is None else at
        world = self.world
        canary = world.asks_canary(path, name)
        if canary:
            sent[CANARY_HEADER] = world.plan.canary
        world.requests[name] += 1
        given: T | None = None
        with self.client.request(method, path, name=name, data=body, headers=sent, catch_response=True) as answer:  # type: ignore[arg-type]
            answer.request_meta["response_time"] = (time.perf_counter() - begun) * 1000
            status, head = int(answer.status_code or 0), answer.headers
            why = "" if status in wanted else f"{name}: {status or type(answer.request_meta['exception']).__name__}"
            if gives is not None and status in _READ:
                try:
                    given = msgspec.json.decode(answer.content or b"", type=gives)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    why = f"{name}: {status} with a body that can't be read"
                    status = 0
            if why:
                answer.failure(why)
                world.failures[why] += 1
                if head is not None and (trace := head.get("x-trace-id")):
                    world.outcome.traces.setdefault(why, trace)
            else:
                answer.success()
        if canary is not None:
            by = None if head is None else head.get(CANARY_HEADER) or ""
            world.answered(name, by, begun, canary=canary, ok=not why)
        etag, rest = ("", 0.0) if head is None else (head.get("etag") or "", _rest(head))
        return Answer(status, given, etag, not why, rest)
