"""What handlers and guards ask of a request: who sends it, from where, and what the process shares."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar import Controller, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from services.core.identity.subject import Subject
from services.core.kit import Shared
from services.core.network import parsed, site
from services.core.peers.calls import DEADLINE_HEADER, SERVICE_TOKEN_HEADER, begin_deadline
from services.core.problems import not_found, unauthenticated, unavailable

Connection = ASGIConnection[Any, Any, Any, State]
SHARED = "shared"
_FORWARDED = {"x-forwarded-for", "forwarded", "via"}


def shared_of(connection: Connection) -> Shared:
    """Return what the process's services share."""
    shared: Shared = connection.app.state[SHARED]
    return shared


async def provide_viewer(request: Request[Any, Any, Any]) -> Subject | None:
    """Dependency `viewer`: the subject, or None without a token. A bad token is refused, not ignored."""
    return await authenticate(request)


async def provide_subject(request: Request[Any, Any, Any]) -> Subject:
    """Dependency `subject`: the subject; 401 without a token."""
    subject = await authenticate(request)
    if subject is None:
        raise unauthenticated()
    return subject


def dependencies_of(
    controller: type[Controller], parts: Mapping[str, object], providers: Mapping[str, Callable[..., Awaitable[Any]]]
) -> dict[str, Provide]:
    """Return what a controller may ask for by name, resolved one after the other: parts, then who asks, then the rest.

    Litestar resolves what doesn't depend on each other at the same time, in a task group: 75 µs for each
    request (measured), many times what these dependencies take.

    Args:
        controller: Of the parts, it gets those that its routes ask for.
        parts: What is the same for each request.
        providers: Of what differs; they may ask for `subject` or `viewer`.
    """
    routes = [route for _, route in inspect.getmembers(controller) if isinstance(route, BaseRouteHandler)]
    asked = {name for route in routes for name in inspect.signature(route.fn).parameters}
    provided: dict[str, Provide] = {}
    last: str | None = None
    for name in sorted(asked & parts.keys()):
        provided[name] = in_turn(_giving(parts[name]), {}, last)
        last = name
    request = {"request": Request[Any, Any, Any]}
    return {
        **provided,
        "subject": in_turn(provide_subject, request, last),
        "viewer": in_turn(provide_viewer, request, last),
        **{name: Provide(provider) for name, provider in providers.items()},
    }


def _giving(part: object) -> Callable[[], Awaitable[object]]:
    async def give() -> object:
        return part

    return give


_AFTER: Any = NamedDependency  # of whatever type


def in_turn(provider: Callable[..., Awaitable[Any]], takes: Mapping[str, Any], after: str | None) -> Provide:
    """Return a dependency that is resolved after another one, which its provider has no use for.

    Args:
        provider: `async` of what it takes.
        takes: Types by name.
        after: The other one; None if it is the first.
    """

    async def provide(**given: Any) -> Any:
        return await provider(**{name: given[name] for name in takes})

    annotations = dict(takes) if after is None else {**takes, after: _AFTER}
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, keyword, annotation=kind) for name, kind in annotations.items()]
    provide.__annotations__ = annotations
    provide.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # PEP 362
    return Provide(provide)


async def authenticate(connection: Connection) -> Subject | None:
    """Read and verify the Authorization header.

    Raises:
        Problem: 401 if there is one and it isn't a good bearer token.
    """
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated()
    return await shared_of(connection).verifier.subject(token.strip())


async def require_service(connection: Connection, _: Any) -> None:
    """Guard of `/internal`: only other services are let in; everybody else gets 404."""
    if not await shared_of(connection).calls.is_service(connection.headers.get(SERVICE_TOKEN_HEADER)):
        raise not_found("page")
    if not begin_deadline(connection.headers.get(DEADLINE_HEADER)):
        raise unavailable("The caller's deadline has passed.")


def is_inside(connection: Connection) -> bool:
    """Say whether a request comes from this machine or a private network, straight and not through a proxy.

    A proxy on this machine would else let everybody in.
    """
    if connection.client is None or _FORWARDED & connection.headers.keys():
        return False
    address = parsed(connection.client.host)
    return address is not None and address.is_private


def address_of(connection: Connection) -> str:
    """Return the client's address, as far as trusted proxies tell it."""
    hops = shared_of(connection).settings.trusted_proxies
    # Proxies append to the header's line or add a line of their own; only the last ones are theirs.
    lines = ",".join(connection.headers.getall("x-forwarded-for", []))
    forwarded = [part.strip() for part in lines.split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return connection.client.host if connection.client else "unknown"


def site_of(connection: Connection) -> str:
    """Return what limits count of a client's address: an IPv4 address, or the /64 of an IPv6 address."""
    return site(address_of(connection))
