"""Sessions over HTTP."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.auth.controllers import throttles
from services.auth.controllers.answers import (
    READING_MINE,
    WRITING_MINE,
    AnyRequest,
    OptionalBody,
    answer,
    problems,
    refuse_other_sites,
    signed_out,
    token_in_cookie,
    visitor_of,
)
from services.auth.schemas import Refresh, SessionView, SignIn, Tokens
from services.auth.service import Auth
from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, Limit
from services.core.identity.subject import Subject


class SessionController(Controller):
    """Being signed in."""

    path = "/sessions"
    tags = ("Sessions",)

    @post(
        operation_id="SessionOpen",
        summary="Sign in",
        guards=[throttles.sessions],
        responses=problems(403, 415, 429, 503, _401="`wrong-credentials`: address or password is wrong."),
    )
    async def sign_in(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[SignIn]
    ) -> Response[Tokens]:
        """Open a session. An unknown address and a wrong password are answered alike."""
        if data.refresh == "cookie":
            refuse_other_sites(request)
        return answer(request, await auth.sessions.sign_in(data, visitor_of(request)), data.refresh)

    @post(
        "/refresh",
        operation_id="SessionRefresh",
        summary="Get new tokens",
        operation_class=OptionalBody,
        guards=[throttles.refreshes],
        responses=problems(401, 403, 415, 429),
    )
    async def refresh(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[Refresh | None] = None
    ) -> Response[Tokens]:
        """Exchange the refresh token, from the body or the cookie, for a new pair.

        A refresh token is used once. Within 10 seconds a second use gives the same successor (two tabs, a
        lost answer); later it ends the session.
        """
        if data is not None and data.refresh_token is not None:
            return answer(request, await auth.sessions.refresh(data.refresh_token, visitor_of(request)), "body")
        refuse_other_sites(request)
        return answer(request, await auth.sessions.refresh(token_in_cookie(request), visitor_of(request)), "cookie")

    @get(operation_id="SessionList", summary="List my sessions", guards=[READING_MINE], responses=problems(401, 403))
    async def list_sessions(
        self,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[SessionView]:
        """List where I am signed in, newest first."""
        return await auth.sessions.list(subject, cursor, limit)

    @delete(
        "/current",
        operation_id="SessionEndCurrent",
        summary="Sign out",
        guards=[WRITING_MINE],
        responses=problems(401, 403),
    )
    async def end_current(
        self, request: AnyRequest, auth: NamedDependency[Auth], subject: NamedDependency[Subject]
    ) -> Response[None]:
        """End the session that asks."""
        await auth.sessions.end(subject)
        return signed_out(request)

    @delete(
        "/{session:uuid}",
        operation_id="SessionEnd",
        summary="End one session",
        guards=[WRITING_MINE],
        responses=problems(401, 403, 404),
    )
    async def end(
        self, auth: NamedDependency[Auth], subject: NamedDependency[Subject], session: FromPath[UUID]
    ) -> None:
        """End one of my sessions. Its access tokens stop working within seconds."""
        await auth.sessions.end(subject, session)

    @delete(
        operation_id="SessionEndAll", summary="Sign out everywhere", guards=[WRITING_MINE], responses=problems(401, 403)
    )
    async def end_all(
        self, request: AnyRequest, auth: NamedDependency[Auth], subject: NamedDependency[Subject]
    ) -> Response[None]:
        """End all my sessions, this one too. API keys go on; end them at `/v1/auth/keys`."""
        await auth.sessions.end_all(subject)
        return signed_out(request)
