"""Deleting one's account, and getting all that is one's own."""

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from services.auth.controllers.answers import (
    READING_MINE,
    WRITING_MINE,
    AnyRequest,
    OptionalBody,
    problems,
    visitor_of,
    without_cookie,
)
from services.auth.schemas import ArchiveView, Deletion, DeletionView
from services.auth.service import Auth
from services.core.http.limits import limit
from services.core.identity.subject import Subject

DELETION_BYTES = 8_000


class LeavingController(Controller):
    """What everybody may do with what is theirs."""

    path = "/me"
    tags = ("Accounts",)

    @post(
        "/deletion",
        operation_id="AccountDelete",
        summary="Delete my account",
        operation_class=OptionalBody,
        status_code=202,
        guards=[WRITING_MINE, limit("deletion", 30, per=300)],
        request_max_body_size=DELETION_BYTES,
        responses=problems(
            401, 422, 429, 503, _403="`wrong-password`: it is another. `missing-scope`: only a session may."
        ),
    )
    async def delete_account(
        self,
        request: AnyRequest,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        data: JSONBody[Deletion | None] = None,
    ) -> Response[DeletionView]:
        """End all sessions and API keys, and delete the account after 14 days; signing in before that keeps it.

        A guest needs no password, and is deleted within an hour or so. Ballots stay counted.
        """
        view = await auth.leaving.plan(subject, data or Deletion(), visitor_of(request))
        return Response(view, status_code=202, cookies=without_cookie(request))

    @post(
        "/archive",
        operation_id="ArchiveAsk",
        summary="Have an archive of all that is mine prepared",
        status_code=202,
        guards=[WRITING_MINE, limit("archive", 30, per=300)],
        responses=problems(401, 403, 429),
    )
    async def ask(self, auth: NamedDependency[Auth], subject: NamedDependency[Subject]) -> ArchiveView:
        """Begin to prepare it, at most once a day. While one is being prepared, nothing happens."""
        return await auth.archives.ask(subject)

    @get(
        "/archive",
        operation_id="ArchiveRead",
        summary="See how far my archive has come",
        guards=[READING_MINE],
        responses=problems(401, 403, 404),
    )
    async def read(self, auth: NamedDependency[Auth], subject: NamedDependency[Subject]) -> ArchiveView:
        """Return whether it is ready, and a link that is good for 15 minutes."""
        return await auth.archives.read(subject)
