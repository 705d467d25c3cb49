"""What a service is: a name, settings, use cases, controllers, event handlers, periodic jobs.

A service's `plugin.py` has one `SERVICE`; the registry lists them, `http.application.create_app` composes any of them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from litestar import Controller, Request
from litestar.types import ASGIApp

from services.core.events.handler import Handler
from services.core.identity.signature import Checker

if TYPE_CHECKING:
    from services.core.data.compiled import Compiled
    from services.core.kit import Kit
    from services.core.personal import Personal

U = TypeVar("U")
C = TypeVar("C", bound=msgspec.Struct)


class NoSettings(msgspec.Struct, frozen=True):
    """For a service that has nothing to set."""


class UseCases(Generic[C]):
    """The base of a service's use cases, in its `service.py`; each use case is one transaction.

    Args:
        kit: What the service is given.
    """

    def __init__(self, kit: "Kit[C]") -> None:
        self.kit = kit

    async def start(self) -> None:
        """Begin background work; called before the service is ready. By default there is none."""

    async def stop(self) -> None:
        """End background work; what was accepted is finished first. By default there is none."""


class Job(Generic[U]):
    """Work that is done again and again; with several instances, each runs it, so it must be idempotent.

    Args:
        name: For logs and metrics.
        every: Seconds between the end of one run and the next.
        run: `async (use_cases)`.
        due: Says in one row and column whether there is anything to do. It is asked before each run, for a transaction
            that does nothing costs several times as much; None to run each time.
    """

    def __init__(
        self, name: str, every: float, run: Callable[[U], Awaitable[None]], due: "Compiled | None" = None
    ) -> None:
        self.name = name
        self.every = every
        self.run = run
        self.due = due


Answering = Callable[[Request[Any, Any, Any]], Awaitable[ASGIApp]]
"""Answers one request: `async (request)`; returns the answer as an ASGI application, or raises a `Problem`."""

Front = Callable[[dict[str, Any]], Answering | None]
"""Stands before Litestar's routing: `(scope)`; returns what answers this HTTP request, or None if it isn't its own.

For a request whose cost counts. It sets the scope's `path_template` and `path_params`, as the router would.
"""


class Service(Generic[U]):
    """One of VoteWave's services.

    Args:
        name: Also its schema, database role, path (`/v1/NAME`), stream and Consul name.
        use_cases: The class of `service.py`; it is built with a `Kit`.
        settings: The struct of its own settings.
        controllers: What it serves below `/v1/NAME`.
        root_controllers: What must stand at the top, such as `/.well-known`.
        internal_controllers: What only services call, below `/internal/NAME`.
        parts: Of the use cases, what controllers ask for by name instead of the whole.
        dependencies: What controllers ask of a request beside `subject` and `viewer`, on which these may depend:
            providers by name, as Litestar takes them.
        handlers: Events it consumes.
        jobs: Periodic work.
        personal: How it erases and exports what it holds of a person; whoever has accounts' ids in a table says so.
        signatures: Makes what checks the signatures of tokens in its processes, in place of one by one.
        fronts: What may answer a request before Litestar's routing.
        single_headers: Headers of its own, in lower case, that a request may hold only once.
        secrets: Names of secrets it needs beside its database's password, and how a laptop makes them.
        mail: Whether it sends mail; in the cloud its role may only then.
        needs: Services it calls, for the registry.
    """

    def __init__(
        self,
        name: str,
        use_cases: "Callable[[Kit[Any]], U]",
        *,
        settings: type[msgspec.Struct] = NoSettings,
        controllers: Sequence[type[Controller]] = (),
        root_controllers: Sequence[type[Controller]] = (),
        internal_controllers: Sequence[type[Controller]] = (),
        parts: Callable[[U], Mapping[str, object]] = lambda _: {},
        dependencies: Callable[[U], Mapping[str, Callable[..., Awaitable[Any]]]] = lambda _: {},
        handlers: Sequence[Handler[U, Any]] = (),
        jobs: Sequence[Job[U]] = (),
        personal: "Personal[U] | None" = None,
        signatures: Callable[[], Checker] | None = None,
        fronts: Sequence[Front] = (),
        single_headers: Sequence[str] = (),
        secrets: dict[str, Callable[[], str]] | None = None,
        mail: bool = False,
        needs: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.use_cases = use_cases
        self.settings = settings
        self.controllers = controllers
        self.root_controllers = root_controllers
        self.internal_controllers = internal_controllers
        self.parts = parts
        self.dependencies = dependencies
        self.handlers = [*handlers, *([personal.handler()] if personal else [])]
        self.personal = personal
        self.jobs = jobs
        self.signatures = signatures
        self.fronts = fronts
        self.single_headers = single_headers
        self.secrets = secrets or {}
        self.mail = mail
        self.needs = needs
