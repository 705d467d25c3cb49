"""Query parameters that a route doesn't take, that stand twice, or that are "null", are refused, as in bodies.

Else a slip of the pen, `?statuss=open`, gets an answer to another question, and so does a client that writes its
missing value as `?owner=null`, which msgspec would take for a parameter that is left out.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl

from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.routes import BaseRoute, HTTPRoute

from services.core.http.dependencies import Connection
from services.core.misfits import UNKNOWN
from services.core.problems import FieldError, misfitting

_LONGEST_NAME = 60
_TWICE = "It stands there twice; which one holds?"
_NULL = "Leave it out, if it has no value."


class Known(NamedTuple):
    """The parameters that a route takes.

    Attributes:
        names: Of all.
        lists: Those that may stand more than once.
        texts: Those that may hold any text, "null" too.
    """

    names: frozenset[str]
    lists: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


NONE = Known(frozenset())


class KnownQueries:
    """A guard of all routes that the API's description has."""

    def __init__(self) -> None:
        self._known: dict[BaseRouteHandler, Known] = {}

    def learn(self, routes: Iterable[BaseRoute]) -> None:
        """Note what each route takes."""
        for route in routes:
            for handler, model in route.route_handler_map.values() if isinstance(route, HTTPRoute) else ():
                if handler.resolve_include_in_schema():
                    self._known[handler] = Known(
                        frozenset(each.field_alias for each in model.expected_query_params),
                        frozenset(model.sequence_query_parameter_names),
                        frozenset(_texts(handler)),
                    )

    async def __call__(self, connection: Connection, _: Any) -> None:
        """Refuse a request.

        Raises:
            Problem: 400 that names each parameter that is refused.
        """
        query = connection.scope["query_string"]
        known = self._known.get(connection.route_handler)  # guards are handed a copy
        if query and known is not None:
            refuse_others(query, known)


def _texts(handler: BaseRouteHandler) -> Iterator[str]:
    for name, field in handler.parsed_fn_signature.parameters.items():
        if _takes_text(field.annotation):
            said = field.kwarg_definition
            yield said.name if isinstance(said, ParameterKwarg) and said.name else name


def _takes_text(kind: Any) -> bool:
    return kind is str or any(map(_takes_text, get_args(kind)))


def refuse_others(query: bytes, known: Known) -> None:
    """Refuse a query that has other parameters than those, one twice that isn't a list, or a null.

    Raises:
        Problem: 400.
    """
    seen: set[str] = set()
    errors: dict[str, FieldError] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        shown = name[:_LONGEST_NAME]
        if name not in known.names:
            errors[shown] = FieldError(shown, UNKNOWN)
        elif name in seen and name not in known.lists:
            errors[shown] = FieldError(shown, _TWICE)
        elif value.lower() == "null" and name not in known.texts:
            errors[shown] = FieldError(shown, _NULL)
        seen.add(name)
    if errors:
        raise misfitting(tuple(errors.values())[:50])
