"""`votewave run web`: the web client's build and nothing else, without a database, Redis, peers or secrets."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from services.core.http import errors
from services.core.http.admission import admission
from services.core.http.application import Application
from services.core.http.cors import NO_PAGES
from services.core.http.health import Health, LiveController
from services.core.http.limits import SMALL_BODY_BYTES
from services.core.http.request import StrictRequest
from services.core.settings import CoreSettings, SettingsError, variable
from services.core.storage.opening import upload_origin
from services.web.build import SERVED
from services.web.pages import Pages

INSTALLED = Path(sys.prefix) / "share" / "votewave" / "web"
"""Where an image has the build."""

_PAGES = "pages"


class WebHealth(LiveController):
    """For Nomad, Consul and operators."""

    @get("/health/ready")
    async def ready(self, request: Request[Any, Any, Any]) -> Response[Health]:
        """Look whether there are pages to serve."""
        app: Any = request.app
        if app.stopping.is_set():
            return Response(Health("stopping"), status_code=503)
        pages: Pages = app.state[_PAGES]
        if pages.is_there():
            return Response(Health("ok"), status_code=200)
        return Response(Health("unavailable", {"pages": "not built"}), status_code=503)


def pages_of(settings: CoreSettings, folder: Path, **options: Any) -> Pages:
    """Return the pages of a build, with a policy that lets them upload to where files go.

    Args:
        settings: The process's.
        folder: The build's.
        options: Others of `Pages`.

    Raises:
        SettingsError: The storage isn't one.
    """
    try:
        uploads = upload_origin(settings.storage)
    except ValueError as exc:
        raise SettingsError(f"{variable(None, 'storage')}: {exc}") from exc
    return Pages(folder, uploads=uploads, **options)


def create_web(name: str, settings: CoreSettings) -> Application:
    """Return the application that serves the build of this installation, or of this clone.

    Args:
        name: Its name in Consul.
        settings: The process's.

    Raises:
        SettingsError: The storage isn't one.
    """
    pages = pages_of(settings, INSTALLED if INSTALLED.exists() else SERVED)
    return Application(
        names=[name],
        stopping=asyncio.Event(),
        admission=admission([name], ()),
        cors=NO_PAGES,
        fronts=[pages],
        route_handlers=[WebHealth],
        exception_handlers=errors.HANDLERS,
        request_class=StrictRequest,
        request_max_body_size=SMALL_BODY_BYTES,
        openapi_config=None,
        state=State({_PAGES: pages}),
        logging_config=None,
    )
