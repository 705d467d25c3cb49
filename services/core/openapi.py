"""The OpenAPI document at `/openapi.json` and the reference at `/docs`, with files from this machine."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.config.response_cache import CACHE_FOREVER
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme, Server
from litestar.response import Redirect
from litestar.router import Router
from litestar.static_files import create_static_files_router

_ASSETS = "/docs/assets"


def openapi_config(public_url: str) -> OpenAPIConfig:
    """Return the description of the whole API."""
    return OpenAPIConfig(
        title="VoteWave",
        version="1",
        description="Publish polls of any method, vote, and trust the result. "
        "Errors are problem documents (RFC 9457); lists are paged by opaque cursors; times are UTC (RFC 3339).",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url=public_url)],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="An access token from Auth.",
                )
            }
        ),
        security=[{"bearer": []}, {}],
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


@get("/", include_in_schema=False)
async def home() -> Redirect:
    """Send a browser to the reference."""
    return Redirect("/docs")


@get(
    "/openapi.json",
    include_in_schema=False,
    media_type="application/vnd.oai.openapi+json",
    sync_to_thread=False,
)
def document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of all that this process serves."""
    return request.app.openapi_schema.to_schema()


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
    return [home, icon, document, create_static_files_router(_ASSETS, [folder], include_in_schema=False)]
