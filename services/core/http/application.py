"""From services to one application: `create_app` composes any of them, each as one plugin."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import structlog
from litestar import Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins import InitPlugin
from litestar.types import ASGIApp, Message, Receive, Send

from services.core import problems
from services.core.events.consumer import Consumer
from services.core.events.relay import Relay
from services.core.http import errors
from services.core.http.dependencies import SHARED, in_turn, provide_subject, provide_viewer, require_service
from services.core.http.edge import EdgeMiddleware
from services.core.http.health import KITS, HealthController
from services.core.http.openapi import describe_security, openapi_config, reference_assets
from services.core.http.request import StrictRequest
from services.core.kit import Kit, Shared
from services.core.observe.metrics import JOB_RUNS
from services.core.peers.calls import WANTED_HEADER
from services.core.service import Job, Service, ShortCut
from services.core.settings import CoreSettings, load
from services.core.tasks import end

log = structlog.get_logger(__name__)

_WANTED = WANTED_HEADER.encode()

_ONCE = frozenset({b"authorization", b"ballot-token", b"ballot-secret", b"content-type", b"idempotency-key"})
"""Headers that say who asks for what: of two, parts that read the first and parts that read the last would disagree."""


class ServicePlugin(InitPlugin):
    """Adds one service to an application: its routes, its events' relay and consumer, its jobs."""

    def __init__(self, service: Service[Any], shared: Shared) -> None:
        self._service = service
        self._shared = shared
        self.kit: Kit[Any] = Kit(service.name, load(service.settings, service.name), shared)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Contribute the service's routes and lifespan."""
        service = self._service
        use_cases = service.use_cases(self.kit)
        provide = {
            service.name: Provide(lambda: use_cases, sync_to_thread=False),
            "subject": in_turn(provide_subject, service.name),
            "viewer": in_turn(provide_viewer, service.name),
        }
        app_config.route_handlers.append(
            Router(f"/v1/{service.name}", route_handlers=service.controllers, dependencies=provide)
        )
        if service.root_controllers:
            app_config.route_handlers.append(Router("/", route_handlers=service.root_controllers, dependencies=provide))
        if service.internal_controllers:
            app_config.route_handlers.append(
                Router(
                    f"/internal/{service.name}",
                    route_handlers=service.internal_controllers,
                    dependencies=provide,
                    guards=[require_service],
                    include_in_schema=False,
                )
            )
        app_config.lifespan.append(self._lifespan(use_cases))
        app_config.state[KITS].append(self.kit)
        app_config.state[service.name] = use_cases
        return app_config

    def _lifespan(self, use_cases: Any) -> Any:
        service, kit, shared = self._service, self.kit, self._shared

        @asynccontextmanager
        async def lifespan(_: Litestar) -> AsyncIterator[None]:
            relay = Relay(service.name, kit.db, shared.redis)
            consumer = Consumer(
                service.name, use_cases, service.handlers, kit.db, shared.redis, str(shared.settings.port)
            )
            await use_cases.start()
            await relay.start()
            await consumer.start()
            jobs = [asyncio.create_task(_repeat(service.name, job, use_cases)) for job in service.jobs]
            try:
                yield
            finally:
                await end(*jobs)
                await consumer.stop()
                await use_cases.stop()
                await relay.stop()
                await kit.db.close()

        return lifespan


async def _repeat(service: str, job: Job[Any], use_cases: Any) -> None:
    while True:
        try:
            await job.run(use_cases)
            JOB_RUNS.labels(service, job.name, "ok").inc()
        except Exception as exc:  # noqa: BLE001  (a job runs again, whatever happened; the metric has an alert)
            JOB_RUNS.labels(service, job.name, "failed").inc()
            log.warning("job_failed", service=service, job=job.name, error=type(exc).__name__)
        await asyncio.sleep(job.every)


class Application(Litestar):
    """Litestar, with HEAD answered as GET without a body (RFC 9110, section 9.3.2), and with short cuts.

    A request that is for another service (`WANTED_HEADER`) is refused before anything of it is read.
    """

    def __init__(
        self, *, edge: EdgeMiddleware, short_cuts: Sequence[ShortCut], names: Sequence[str], **options: Any
    ) -> None:
        super().__init__(middleware=[edge], **options)
        describe_security(self.routes)
        self._edge = edge
        self._names = frozenset(names)
        self._short_cuts = short_cuts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one request."""
        if scope["type"] in {"http", "websocket"}:
            headers = scope["headers"]
            for name, wanted in headers:
                if name == _WANTED and wanted.decode("latin-1") not in self._names:
                    await self._refuse(problems.misdirected(wanted.decode("latin-1")), scope, receive, send)
                    return
            names = [name for name, _ in headers]
            if len(set(names)) < len(names) and (
                twice := next((n for n in names if n in _ONCE and names.count(n) > 1), b"")
            ):
                problem = problems.malformed(f"The header {twice.decode()} stands twice; which one holds?")
                await self._refuse(problem, scope, receive, send)
                return
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            for cut in self._short_cuts:
                if (found := cut.matches(method, path)) is not None:
                    scope["app"] = scope["litestar_app"] = self
                    scope["state"] = {}
                    scope["path_template"] = cut.template
                    await self._edge.handle(scope, receive, send, _answering(cut, found))
                    return
            if method == "HEAD":
                scope = {**scope, "method": "GET"}  # a copy: the server looks at its own
                send = _without_body(send)
        await super().__call__(scope, receive, send)

    async def _refuse(self, problem: problems.Problem, scope: Any, receive: Receive, send: Send) -> None:
        async def refuse(scope: Any, receive: Receive, send: Send) -> None:
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            await problem.response().to_asgi_response(None, request)(scope, receive, send)

        if scope["type"] == "websocket":  # answered as the HTTP request that it still is
            scope = {**scope, "type": "http", "method": "GET"}
            send = _denying(send)
        scope["app"] = scope["litestar_app"] = self
        scope["state"] = {}
        await self._edge.handle(scope, receive, send, refuse)


def _answering(cut: ShortCut, found: UUID) -> ASGIApp:
    """Return what answers one request of a short cut, errors included, as an ASGI application."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        try:
            answer = await cut.answer(request, found)
        except Exception as exc:  # noqa: BLE001  (each becomes a problem document, as Litestar's handlers do it)
            answer = errors.answer(request, exc).to_asgi_response(None, request)
        await answer(scope, receive, send)

    return app


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_head


def _denying(send: Send) -> Send:
    """Return what sends an HTTP answer to who wanted a WebSocket (ASGI's extension `websocket.http.response`)."""

    async def send_denial(message: Message) -> None:
        denial: Any = {**message, "type": f"websocket.{message['type']}"}
        await send(denial)

    return send_denial


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def create_app(services: Sequence[Service[Any]], settings: CoreSettings | None = None) -> Litestar:
    """Compose services into an application.

    Args:
        services: Those that this process serves.
        settings: The process's settings, read from the environment by default.
    """
    core = settings or load(CoreSettings)
    shared = Shared(core)
    # Voters come many at once, each with a token that was never seen.
    shared.verifier.signatures.apart = _cores() > 1 and any(service.short_cut for service in services)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await shared.verifier.start()
        try:
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(shared.close(), 5)

    return Application(
        route_handlers=[HealthController, *reference_assets()],
        plugins=[ServicePlugin(service, shared) for service in services],
        lifespan=[lifespan],
        edge=EdgeMiddleware(shared.stopping),
        names=[service.name for service in services],
        short_cuts=[service.short_cut for service in services if service.short_cut is not None],
        dependencies={"subject": Provide(provide_subject), "viewer": Provide(provide_viewer)},
        exception_handlers=errors.HANDLERS,
        request_class=StrictRequest,
        request_max_body_size=errors.MAX_BODY_BYTES,
        openapi_config=openapi_config(core.public_url),
        state=State({SHARED: shared, KITS: []}),
        logging_config=None,
    )
