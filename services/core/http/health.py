"""Health: `/health/live` (the process runs), `/health/ready` (it takes requests), `/metrics`."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Controller, MediaType, Response, get
from litestar.connection import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.core.http.dependencies import is_inside, shared_of
from services.core.kit import Kit
from services.core.problems import not_found

KITS = "kits"
_DATABASE_SECONDS = 2.0
"""Seconds for the database's check. Consul and HAProxy give up after 3 s; a shorter limit would take out instances
that are only slow, on a machine that is short of processor time."""
_REDIS_SECONDS = 0.3
"""Seconds for Redis's check, which doesn't decide whether the instance is ready and so mustn't delay the answer."""


class Health(msgspec.Struct, frozen=True):
    """What a check found: `ok`, `stopping`, or the error's kind, by part."""

    status: Annotated[str, msgspec.Meta(examples=["ok"])]
    parts: dict[str, str] = {}


class LiveController(Controller):
    """For Nomad, Consul and operators, whatever a process serves; it says itself whether it is ready."""

    tags = ("Operation",)

    @get("/health/live", operation_id="HealthLive", summary="Say that the process runs")
    async def live(self) -> Health:
        """Answer as long as the event loop turns."""
        return Health("ok")

    @get("/metrics", media_type=MediaType.TEXT, include_in_schema=False)
    async def metrics(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the process's metrics for Prometheus on a private network; from elsewhere there is no such page.

        They tell of a poll's turnout.
        """
        if not is_inside(request):
            raise not_found("page")
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


class HealthController(LiveController):
    """For Nomad, Consul and operators."""

    tags = ("Operation",)

    @get("/health/ready", operation_id="HealthReady", summary="Say whether requests are taken")
    async def ready(self, request: Request[Any, Any, Any]) -> Response[Health]:
        """Check each service's database. Redis is reported and doesn't decide: voting goes on without it.

        A new instance waits for the keys that tokens are verified with: half a minute at most where there may be
        others, a moment where it is alone. Then it serves, without the keys, what is public.
        """
        kits: list[Kit[Any]] = request.app.state[KITS]
        shared = shared_of(request)
        if shared.stopping.is_set():
            return Response(Health("stopping"), status_code=503)
        redis, *databases = await asyncio.gather(
            _check(shared.redis.ping(), _REDIS_SECONDS), *(_check(kit.db.ping(), _DATABASE_SECONDS) for kit in kits)
        )
        services = [
            f"waits for {kit.waiting_for}" if kit.waiting_for and outcome == "ok" else outcome
            for kit, outcome in zip(kits, databases, strict=True)
        ]
        parts = dict(zip([kit.name for kit in kits], services, strict=True), redis=redis)
        if not shared.verifier.keys.settled:
            return Response(Health("starting", {**parts, "tokens": "waits for keys"}), status_code=503)
        if all(outcome == "ok" for outcome in services):
            return Response(Health("ok", parts), status_code=200)
        return Response(Health("unavailable", parts), status_code=503)


async def _check(answer: Any, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await answer
    except Exception as exc:  # noqa: BLE001  (whatever is wrong is what the answer says)
        return type(exc).__name__
    return "ok"
