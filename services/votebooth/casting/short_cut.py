"""The one request whose cost counts, answered before Litestar's routing (a `Front` of the service)."""

from typing import Any
from uuid import UUID

from services.core.service import Answering


class ShortCut:
    """Takes the requests of one route from the router.

    Litestar routes the same request to the same function, and describes it; so a path that isn't in its plain
    form is answered alike, only later.

    Args:
        method: HTTP method.
        template: The path with one `{name}`, a UUID, in it; as routes and metrics name it.
        answer: Answers the request, whose `path_params` hold the UUID.
    """

    def __init__(self, method: str, template: str, answer: Answering) -> None:
        self._method = method
        self._template = template
        self._answer = answer
        self._before, _, rest = template.partition("{")
        self._name, _, self._after = rest.partition("}")
        self._length = len(self._before) + 36 + len(self._after)

    def __call__(self, scope: dict[str, Any]) -> Answering | None:
        """Return what answers a request, None if it is another's."""
        path = scope["path"]
        if scope["method"] != self._method or len(path) != self._length:
            return None
        if not path.startswith(self._before) or not path.endswith(self._after):
            return None
        try:
            found = UUID(path[len(self._before) : len(self._before) + 36])
        except ValueError:
            return None
        scope["path_template"] = self._template
        scope["path_params"] = {self._name: found}
        return self._answer
