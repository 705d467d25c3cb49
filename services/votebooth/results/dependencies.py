"""What controllers of results ask of a request."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.http.dependencies import address_of
from services.core.identity.subject import Subject
from services.votebooth.description import BallotToken
from services.votebooth.results.state import Viewer
from services.votebooth.results.viewers import Viewers


def poll_viewer(viewers: Viewers) -> Callable[..., Awaitable[Viewer]]:
    """Return the provider of the dependency `poll_viewer`: who looks at the poll of the path.

    It raises a `Problem`: 401 for a bad access token, 404 if there is no such poll.
    """

    async def provide_poll_viewer(
        request: Request[Any, Any, Any],
        viewer: NamedDependency[Subject | None],
        poll_id: FromPath[UUID],
        ballot_token: BallotToken = None,
    ) -> Viewer:
        return await viewers.viewer(poll_id, viewer, ballot_token, lambda: address_of(request))

    return provide_poll_viewer
