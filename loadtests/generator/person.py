"""What all users share: one way to send a request, timed from when it was due, noted and judged."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import msgspec
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser
from locust.env import Environment

from loadtests.gate.plan import CANARY_HEADER, TIMEOUT_SECONDS
from loadtests.generator.world import World

_CONNECT_SECONDS = 5.0


class Answer(NamedTuple):
    """An answer.

    Attributes:
        status: HTTP status; 0 without an answer.
        content: Its body.
        etag: Its ETag.
        ok: Whether it is one that was to be had.
    """

    status: int
    content: bytes
    etag: str
    ok: bool

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.content)


class Once(HTTPClientPool):
    """Sends each request once. By itself geventhttpclient sends a PUT again when its connection closes unanswered."""

    def get_client(self, url: Any) -> Any:
        """Return the client of a host."""
        client = super().get_client(url)
        client._connection_pool.size = -1  # noqa: SLF001  (it makes so many attempts, and two)
        return client


class Person(FastHttpUser):
    """Somebody who uses VoteWave. Certificates are verified; a lost request isn't sent again."""

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
        agent.clientpool = Once(**agent.clientpool.client_args)

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
    ) -> Answer:
        """Send a request and note what came of it.

        Args:
            method: HTTP's.
            path: Below the target's URL.
            name: What it is called in reports.
            wanted: Statuses that are good.
            at: When it was due, by `time.perf_counter`; None for now.
            token: Access token.
            body: JSON.
            headers: Others.
        """
        sent = {**headers} if headers else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        begun = time.perf_counter() if at is None else at
        world = self.world
        world.requests[name] += 1
        with self.client.request(method, path, name=name, data=body, headers=sent, catch_response=True) as answer:  # type: ignore[arg-type]
            answer.request_meta["response_time"] = (time.perf_counter() - begun) * 1000
            status, head = int(answer.status_code or 0), answer.headers
            content = (answer.content or b"") if status else b""
            if status in wanted:
                answer.success()
            else:
                why = f"{name}: {status or type(answer.request_meta['exception']).__name__}"
                answer.failure(why)
                world.failures[why] += 1
                if head is not None and (trace := head.get("x-trace-id")):
                    world.outcome.traces.setdefault(why, trace)
        etag = ""
        if head is not None:
            etag = head.get("etag") or ""
            world.answered(path, head.get(CANARY_HEADER))
        return Answer(status, content, etag, status in wanted)
