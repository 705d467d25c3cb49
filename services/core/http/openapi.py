"""The OpenAPI document at `/openapi.json` and the reference at `/docs`, with files from this machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.config.response_cache import CACHE_FOREVER
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, License, OpenAPI, SecurityRequirement, SecurityScheme, Server, Tag
from litestar.response import Redirect
from litestar.router import Router
from litestar.routes import BaseRoute, HTTPRoute
from litestar.serialization import encode_json
from litestar.static_files import create_static_files_router

from services.core.http.compression import COMPRESSED
from services.core.http.implied import Types
from services.core.http.schema_names import tidy_schemas
from services.core.http.unions import add_discriminators
from services.core.problems import MEDIA_TYPE, TYPE_BASE, ProblemDocument, malformed, not_found

_ASSETS = "/docs/assets"
_REF = "#/components/schemas/{name}"
_DOCUMENT = "openapi_document"
_LONGEST_PATH = 250  # bytes; systems refuse longer names, and no asset has one


class _Document(OpenAPI):
    """The document, in which every error is what it is on the wire: a problem document of one of some types."""

    types: Types

    def to_schema(self) -> dict[str, Any]:
        """Return it as JSON would have it."""
        schema = super().to_schema()
        (problem,), parts = msgspec.json.schema_components([ProblemDocument], ref_template=_REF)
        schema["components"]["schemas"] = {**parts, **schema["components"].get("schemas", {})}
        content = {MEDIA_TYPE: {"schema": problem}}
        for item in schema["paths"].values():
            for operation in item.values():
                responses = operation["responses"]
                types = self.types.get(operation["operationId"], {})
                for status, response in responses.items():
                    if status >= "400":
                        response["x-problem-types"] = sorted(TYPE_BASE + slug for slug in types.get(int(status), ()))
                    if status >= "400" and MEDIA_TYPE not in response.get("content", ()):
                        response["content"] = content  # in place of Litestar's own form
                responses["default"] = {"description": "Any other problem.", "content": content}
        add_discriminators(schema)
        tidy_schemas(schema)
        return schema


@dataclass
class ApiConfig(OpenAPIConfig):
    """What the document is made with.

    Attributes:
        problem_types: Of each operation, once its routes are known.
    """

    problem_types: Types = field(default_factory=dict)

    def to_openapi_schema(self) -> OpenAPI:
        """Return the document before its paths are filled in."""
        made = super().to_openapi_schema()
        document = _Document(**{each.name: getattr(made, each.name) for each in fields(made)})
        document.types = self.problem_types
        return document


def openapi_config(public_url: str, controllers: Iterable[type[Controller]]) -> ApiConfig:
    """Return the description of the whole API.

    Args:
        public_url: Where it is served.
        controllers: All that are in it.
    """
    return ApiConfig(
        title="VoteWave",
        version="1",
        description="Publish polls of any method, vote, and trust the result. "
        "Errors are problem documents (RFC 9457); lists are paged by opaque cursors; times are UTC (RFC 3339).",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        tags=described(controllers),
        servers=[Server(url=public_url)],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="An access token.",
                )
            }
        ),
        path="/docs",
        render_plugins=[
            SwaggerRenderPlugin(
                path="/",
                favicon='<link rel="icon" href="data:,">',  # the default is another site's picture
                js_url=f"{_ASSETS}/swagger-ui-bundle.js",
                css_url=f"{_ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
            ),
        ],
        use_handler_docstrings=True,
    )


def described(controllers: Iterable[type[Controller]]) -> list[Tag]:
    """Return the tags of controllers, each described by what its controllers say of themselves."""
    said: dict[str, dict[str, None]] = {}
    for controller in controllers:
        for tag in vars(controller).get("tags", ()):
            said.setdefault(tag, {})[(controller.__doc__ or "").partition("\n")[0]] = None
    return [Tag(tag, description=" ".join(lines)) for tag, lines in said.items()]


TOKEN: list[SecurityRequirement] = [{"bearer": []}]
TOKEN_OR_NONE: list[SecurityRequirement] = [{"bearer": []}, {}]


def describe_security(routes: Iterable[BaseRoute]) -> None:
    """Have the document say which operations take a token: the gateway's list is made of it.

    What depends on `subject` needs one; what depends on `viewer` shows more with one. An operation that reads
    its request by hand says so itself.
    """
    for route in routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            given = _asked(handler)
            if "subject" in given:
                handler.security = TOKEN
            elif "viewer" in given:
                handler.security = TOKEN_OR_NONE


def _asked(handler: HTTPRouteHandler) -> set[str]:
    """Return the names that a handler asks for, and those that its dependencies ask for in turn."""
    provided = handler.resolve_dependencies()
    asked: set[str] = set()
    left = [*handler.parsed_fn_signature.parameters]
    while left:
        name = left.pop()
        if name not in asked and name in provided:
            left += provided[name].parsed_fn_signature.parameters
        asked.add(name)
    return asked


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """Send a browser to the reference."""
    return Redirect("/docs")


@get(
    "/openapi.json",
    include_in_schema=False,
    opt=COMPRESSED,
    media_type="application/vnd.oai.openapi+json",
    sync_to_thread=False,
)
def document(request: Request[Any, Any, Any]) -> bytes:
    """Return the OpenAPI 3.1 document of all that this process serves."""
    state = request.app.state
    if _DOCUMENT not in state:  # takes a fifth of a second, so it is made at the first request and kept
        state[_DOCUMENT] = encode_json(request.app.openapi_schema.to_schema())
    encoded: bytes = state[_DOCUMENT]
    return encoded


@get("/favicon.ico", include_in_schema=False, cache=CACHE_FOREVER)
async def icon() -> Response[None]:
    """Answer browsers, which always ask."""
    return Response(None, status_code=204)


def reference_assets() -> Sequence[HTTPRouteHandler | Router]:
    """Return the routes of the reference's scripts and styles, where the package that has them is there."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        return [home, icon, document]
    folder = Path(spec.origin).parent / "dist"
    assets = create_static_files_router(
        _ASSETS, [folder], include_in_schema=False, opt=COMPRESSED, before_request=_refuse_impossible_names
    )
    return [home, icon, document, assets]


async def _refuse_impossible_names(request: Request[Any, Any, Any]) -> None:
    """Refuse a path that no file can have, before the system is asked for one."""
    path = request.scope["path"]
    if "\0" in path:
        raise malformed("A path can't hold a NUL.")
    if len(request.scope["raw_path"]) > _LONGEST_PATH:
        raise not_found("file")
