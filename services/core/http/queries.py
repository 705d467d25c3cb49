"""Query parameters that a route doesn't take, or that stand twice, are refused, as they are in bodies.

Else a slip of the pen, `?statuss=open`, gets an answer to another question.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from litestar.handlers import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from services.core.http.dependencies import Connection
from services.core.misfits import UNKNOWN
from services.core.problems import FieldError, misfitting

_LONGEST_NAME = 60
_TWICE = "It stands there twice; which one holds?"


class KnownQueries:
    """A guard of all routes that the API's description has."""

    def __init__(self) -> None:
        self._names: dict[BaseRouteHandler, frozenset[str]] = {}
        self._lists: dict[BaseRouteHandler, frozenset[str]] = {}

    def learn(self, routes: Iterable[BaseRoute]) -> None:
        """Note what each route takes."""
        for route in routes:
            for handler, model in route.route_handler_map.values() if isinstance(route, HTTPRoute) else ():
                if handler.resolve_include_in_schema():
                    self._names[handler] = frozenset(each.field_alias for each in model.expected_query_params)
                    self._lists[handler] = frozenset(model.sequence_query_parameter_names)

    async def __call__(self, connection: Connection, _: Any) -> None:
        """Refuse a request.

        Raises:
            Problem: 400 that names each parameter that is refused.
        """
        if query := connection.scope["query_string"]:
            handler = connection.route_handler  # guards are handed a copy
            refuse_others(query, self._names.get(handler), self._lists.get(handler, frozenset()))


def refuse_others(query: bytes, known: frozenset[str] | None, lists: frozenset[str] = frozenset()) -> None:
    """Refuse a query that has other parameters than those, or one twice that isn't a list; None knows all.

    Raises:
        Problem: 400.
    """
    if known is None:
        return
    seen: set[str] = set()
    errors: dict[str, FieldError] = {}
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        shown = name[:_LONGEST_NAME]
        if name not in known:
            errors[shown] = FieldError(shown, UNKNOWN)
        elif name in seen and name not in lists:
            errors[shown] = FieldError(shown, _TWICE)
        seen.add(name)
    if errors:
        raise misfitting(tuple(errors.values())[:50])
