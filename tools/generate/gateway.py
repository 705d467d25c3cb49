"""What the gateway knows of routes, from the services' own description: files of nomad/gateway.

HAProxy looks up "METHOD|/path" in routes.map, in the order of its lines; what isn't found needs a token. So a
route that the gateway hasn't heard of is shut to the public. roots.map says whose the paths are that don't begin
with /v1/SERVICE; streams.lst, which are WebSockets or event streams, and so stay open. pages.lst has the
paths of the web client.
"""

import re
import tempfile
from collections.abc import Iterator
from typing import Any

from litestar import Litestar
from litestar.routes import WebSocketRoute
from services.core.http.application import create_app
from services.core.settings import CoreSettings
from services.registry import NAMES, load_services
from services.web.pages import ASSETS, FILES, PAGES

_MADE = "# Made by `./just generate` from the services' OpenAPI document; don't edit.\n"
_ROUTES = f"""\
{_MADE}# METHOD and path, then what a request without a token may do there: `open` (pass) or `token` (not pass).
"""
_STREAMS = f"""\
{_MADE}# Paths whose GET is a WebSocket or an event stream.
"""
_PAGES = """\
# Made by `./just generate` from the paths that services/web serves; don't edit.
"""
_METHODS = ("get", "put", "post", "patch", "delete")
_PART = re.compile(r"{[^}]+}")
_APART = ("/health/", "/docs")  # for operators and developers, of one process each


def application(*services: str) -> Litestar:
    """Return services as one application; it isn't started."""
    with tempfile.TemporaryDirectory() as folder:
        settings = CoreSettings(secrets=f"file://{folder}/secrets.json", storage=f"file://{folder}/files")
        return create_app(load_services(services), settings)


def operations(app: Litestar) -> Iterator[tuple[str, str, bool]]:
    """Give each operation's method, path and whether it is open to requests without a token."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and not path.startswith(_APART):
                yield method.upper(), path, {} in item[method].get("security", [{}])
    for path in _sockets(app):  # it begins as a GET; who it is for is said by its ticket
        yield "GET", path, True


def _sockets(app: Litestar) -> list[str]:
    """Return the paths of WebSockets, of which OpenAPI documents know nothing."""
    return [re.sub(r"{(\w+):\w+}", r"{\1}", it.path) for it in app.routes if isinstance(it, WebSocketRoute)]


def streams(app: Litestar) -> str:
    """Return which paths stay open: WebSockets, and those whose answer is described as an event stream."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    told = [
        path
        for path, item in document["paths"].items()
        if "text/event-stream" in item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    ]
    return _STREAMS + "".join(f"^{_escaped(path)}$\n" for path in sorted([*told, *_sockets(app)]))


def contents() -> dict[str, str]:
    """Return each file's content by its path below the project's root."""
    app = application("all")
    made = {"routes.map": routes(app), "roots.map": roots(), "streams.lst": streams(app), "pages.lst": pages()}
    return {f"nomad/gateway/{name}": content for name, content in made.items()}


def pages() -> str:
    """Return the web client's paths. Here they may be longer than there: the gateway sees them with %-escapes."""
    return _PAGES + "".join(f"^({it.pattern.replace('{1,200}', '+')})$\n" for it in (ASSETS, FILES, PAGES))


def roots() -> str:
    """Return which service has each path outside /v1."""
    lines = [_MADE]
    for service in NAMES:
        paths = sorted({path for _, path, _ in operations(application(service)) if not path.startswith("/v1/")})
        lines += [f"{path} {service}\n" for path in paths]
    return "".join(lines)


def routes(app: Litestar) -> str:
    """Return what is open by method and path. More exact paths come first: `/me` before `/{handle}`."""
    lines = [
        (path.count("{"), path, method, "open" if is_open else "token") for method, path, is_open in operations(app)
    ]
    width = max(len(_pattern(method, path)) for _, path, method, _ in lines)
    return _ROUTES + "".join(
        f"{_pattern(method, path):<{width}}  {access}\n" for _, path, method, access in sorted(lines)
    )


def _pattern(method: str, path: str) -> str:
    return f"^{method}|{_escaped(path)}$".replace("|", r"\|")


def _escaped(path: str) -> str:
    return "[^/]+".join(re.escape(part).replace(r"\-", "-") for part in _PART.split(path))
