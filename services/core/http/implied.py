"""Refusals that follow from how a route is made, so that the API's description has them without each route's word."""

from collections.abc import Iterable, Iterator

from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from services.core.http.api import Refusal, problems
from services.core.http.guards import ScopeGuard
from services.core.http.limits import ByteLimit, Limit
from services.core.http.reads import weighed

Types = dict[str, dict[int, frozenset[str]]]
"""Types of problems by operation and status."""


def describe_refusals(routes: Iterable[BaseRoute]) -> Types:
    """Have the document say what each route may be refused with, beside what the route says itself.

    Returns:
        The types of these refusals, which Litestar's description of an answer has no place for.
    """
    types: Types = {}
    for route in routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if handler.resolve_include_in_schema():
                is_list = "cursor" in handler.parsed_fn_signature.parameters
                types_here = {400: "bad-cursor"} if is_list else {}
                if any(isinstance(guard, ScopeGuard) and not guard.guests for guard in handler.resolve_guards()):
                    types_here[403] = "guest-refused"
                implied = problems({}, *_implied(route, handler), types=types_here)
                said = handler.responses or {}
                handler.responses = {**implied, **said}
                of_route = types.setdefault(str(handler.operation_id), {})
                for status, spec in [*implied.items(), *said.items()]:
                    if isinstance(spec, Refusal):
                        of_route[status] = of_route.get(status, frozenset()) | spec.types
    return types


def _implied(route: HTTPRoute, handler: HTTPRouteHandler) -> Iterator[int]:
    yield 400  # at least for a query parameter that isn't known
    if route.path_parameters:
        yield 404
    if handler.parsed_data_field is not None:
        yield from (413, 415)
    for guard in handler.resolve_guards():
        if isinstance(guard, ScopeGuard):
            yield 401
            if guard.scope or not guard.guests:
                yield 403
        elif isinstance(guard, (Limit, ByteLimit)) or (guard is weighed and "GET" in handler.http_methods):
            yield 429
    if handler.security is not None:  # what shows more with a token refuses a bad one
        yield 401
