"""From services to one application: `create_app` composes any of them, each as one plugin."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar import Controller, Litestar, Request, Router
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins import InitPlugin

from services.core.data.database import Database
from services.core.events.consumer import Consumer
from services.core.events.relay import Relay
from services.core.http import errors
from services.core.http.admission import Headers, admission, token_in_query
from services.core.http.compression import compressing
from services.core.http.cors import Cors, listed_origins
from services.core.http.dependencies import SHARED, dependencies_of, provide_subject, provide_viewer, require_service
from services.core.http.edge import Edge
from services.core.http.health import KITS, HealthController
from services.core.http.implied import describe_refusals
from services.core.http.limits import SMALL_BODY_BYTES
from services.core.http.openapi import describe_security, openapi_config, reference_assets
from services.core.http.queries import KnownQueries
from services.core.http.reads import READ, weigh, weighed
from services.core.http.request import HEAD, StrictRequest
from services.core.http.struct_schemas import StructSchemas
from services.core.kit import Kit, Shared
from services.core.observe.metrics import JOB_RUNS
from services.core.problems import Problem
from services.core.redis.client import warn_of_eviction
from services.core.redis.rate_limit import LocalLimiter
from services.core.service import Answering, Front, Job, Service
from services.core.settings import CoreSettings, load
from services.core.storage.routes import file_routes
from services.core.tasks import end

log = structlog.get_logger(__name__)


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
        parts = {service.name: use_cases, **service.parts(use_cases)}
        dependencies = service.dependencies(use_cases)

        def serve(path: str, controllers: Sequence[type[Controller]], **options: Any) -> None:
            for controller in controllers:
                provided = dependencies_of(controller, parts, dependencies)
                router = Router(path, route_handlers=[controller], dependencies=provided, **options)
                app_config.route_handlers.append(router)

        serve(f"/v1/{service.name}", service.controllers, guards=[weighed])
        serve("/", service.root_controllers)
        exports = [service.personal.controller(self.kit)] if service.personal else []
        internal = [*service.internal_controllers, *exports]
        serve(f"/internal/{service.name}", internal, guards=[require_service], include_in_schema=False)
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
            jobs = [asyncio.create_task(_repeat(service.name, job, use_cases, kit.db)) for job in service.jobs]
            try:
                yield
            finally:
                await end(*jobs)
                await consumer.stop()
                await use_cases.stop()
                await relay.stop()
                await kit.db.close()

        return lifespan


async def _repeat(service: str, job: Job[Any], use_cases: Any, db: Database) -> None:
    while True:
        try:
            if job.due is None or await job.due.holds(db):
                await job.run(use_cases)
            JOB_RUNS.labels(service, job.name, "ok").inc()
        except Exception as exc:  # noqa: BLE001  (a job runs again, whatever happened; the metric has an alert)
            JOB_RUNS.labels(service, job.name, "failed").inc()
            log.warning("job_failed", service=service, job=job.name, error=type(exc).__name__)
        await asyncio.sleep(job.every)


class Application(Litestar):
    """Litestar with an edge around it, fronts before its router, and HEAD answered as GET without a body.

    Args:
        names: What it is in Consul: its services, or what else it serves.
        stopping: Set when the server goes away.
        on_listening: Called once its port is open, before it is ready.
        admission: Finds the fault of a request that nobody shall read; from `admission`.
        cors: Which other sites' pages may call.
        fronts: Asked in turn before routing; see `service.Front`.
        options: Litestar's own.

    Attributes:
        names, stopping, on_listening: As above, for the server.
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        stopping: asyncio.Event,
        on_listening: Callable[[], None] = lambda: None,
        admission: Callable[[Headers], Problem | None],
        cors: Cors,
        fronts: Sequence[Front],
        **options: Any,
    ) -> None:
        queries = KnownQueries()
        super().__init__(after_exception=[errors.keep_refusal], guards=[queries], **options)
        queries.learn(self.routes)
        if config := options.get("openapi_config"):
            describe_security(self.routes)
            config.problem_types = describe_refusals(self.routes)
        self.names = names
        self.stopping = stopping
        self.on_listening = on_listening
        self._methods: dict[str, set[str]] = {}
        for route in self.routes:  # several of one path are several routes, and Litestar's OPTIONS names one's methods
            self._methods.setdefault(route.path_format, set()).update(getattr(route, "methods", ()))
        self._edge = Edge(self._answer, stopping, cors)
        self._fault = admission
        self._fronts = fronts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one connection."""
        await self._edge(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = self
        scope["state"] = {}
        if (fault := self._fault(scope["headers"]) or token_in_query(scope["query_string"])) is not None:
            await errors.respond(scope, receive, send, fault)
            return
        if scope["type"] == "http":
            for front in self._fronts:
                if (answering := front(scope)) is not None:
                    await _answer_before_routing(answering, scope, receive, send)
                    return
            if scope["method"] == "HEAD":
                await self._answer_head(scope, receive, send)
                return
            send = self._saying_all_methods(scope, send) if scope["method"] == "OPTIONS" else compressing(scope, send)
        await super().__call__(scope, receive, send)

    def _saying_all_methods(self, scope: Any, send: Any) -> Any:
        """Return what sends Litestar's answer to OPTIONS with the same `Allow` as a 405 has."""

        async def send_allow(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                allow = errors.allowed(self._methods[scope["path_template"]])
                kept = [header for header in message["headers"] if header[0].lower() != b"allow"]
                message["headers"] = [*kept, (b"allow", allow.encode())]
            await send(message)

        return send_allow

    async def _answer_head(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as GET, without the body (RFC 9110, section 9.3.2); `is_head` tells routes whose body costs much."""

        async def send_head(message: Any) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        get = {**scope, "method": "GET", HEAD: True}  # a copy: the server and the edge look at their own
        try:
            await super().__call__(get, receive, send_head)  # type: ignore[arg-type]  # it is a scope as before
        finally:
            scope["path_template"] = get.get("path_template")


async def _answer_before_routing(answering: Answering, scope: Any, receive: Any, send: Any) -> None:
    """Answer a request of a front, errors included."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    try:
        answer = await answering(request)
    except Exception as exc:  # noqa: BLE001  (each becomes a problem document, as it does behind the router)
        await errors.respond(scope, receive, send, exc)
        return
    await answer(scope, receive, send)


def create_app(
    services: Sequence[Service[Any]],
    settings: CoreSettings | None = None,
    *,
    signer: str = "",
    fronts: Sequence[Front] = (),
) -> Application:
    """Compose services into an application.

    Args:
        services: Those that this process serves.
        settings: The process's settings, read from the environment by default.
        signer: The service that signs access tokens, whether it is one of these or a peer.
        fronts: What answers before routing, after the services' own fronts, such as the web client's pages.
    """
    core = settings or load(CoreSettings)
    shared = Shared(core, signer)
    names = [service.name for service in services]
    for service in services:
        if service.signatures is not None:
            shared.verifier.signatures = service.signatures()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await asyncio.gather(shared.verifier.start(), warn_of_eviction(shared.redis))
        try:
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(shared.close(), 5)

    def ask_early() -> None:
        # Not before the port is open: the signer may be a part of this process. It doesn't wait for itself, for it is
        # found only when it is ready.
        others = core.peers == "consul" and shared.verifier.signer not in names
        shared.verifier.keys.ask_early(among_others=others)

    return Application(
        names=names,
        on_listening=ask_early,
        route_handlers=[HealthController, *reference_assets(), *file_routes(shared.storage)],
        plugins=[StructSchemas(), *(ServicePlugin(service, shared) for service in services)],
        lifespan=[lifespan],
        stopping=shared.stopping,
        admission=admission(
            names,
            [header for service in services for header in service.single_headers],
        ),
        cors=Cors(
            listed_origins(core.cors_origins),
            [header for service in services for header in service.single_headers],
        ),
        fronts=[*(front for service in services for front in service.fronts), *fronts],
        dependencies={"subject": Provide(provide_subject), "viewer": Provide(provide_viewer)},
        before_send=[weigh],
        exception_handlers=errors.HANDLERS,
        request_class=StrictRequest,
        request_max_body_size=SMALL_BODY_BYTES,
        openapi_config=openapi_config(
            core.public_url,
            [each for service in services for each in (*service.controllers, *service.root_controllers)]
            + [HealthController],
        ),
        state=State({SHARED: shared, READ: LocalLimiter(), KITS: []}),
        logging_config=None,
    )
