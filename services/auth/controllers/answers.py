"""How tokens are answered, and the browser's cookie.

The cookie is HttpOnly (no script reads it), SameSite=Strict (no other site's page makes a browser send it)
and goes to this service alone. It is named `__Secure-…` and Secure wherever VoteWave is served by HTTPS.
"""

import dataclasses
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.openapi.spec import Operation, RequestBody
from msgspec import UNSET, structs

from services.auth.schemas import Tokens
from services.auth.visitor import Visitor, visitor
from services.core.http.api import problems as described
from services.core.http.dependencies import Connection, address_of, shared_of
from services.core.http.guards import requires
from services.core.problems import Problem, unsupported

READING = requires("account:read")
WRITING = requires("account:write")
"""What only a signed-in session covers: no API key has these scopes."""

READING_MINE = requires("account:read", guests=True)
WRITING_MINE = requires("account:write", guests=True)
"""The same, for guests as well: they have sessions, and may leave or become users."""

_PATH = "/v1/auth"
_NAME = "votewave_refresh"
_DAYS = 365
_JSON = "application/json"
_NO_STORE = {"Cache-Control": "no-store"}


@dataclasses.dataclass
class OptionalBody(Operation):
    """An operation in the API's description whose body may be left out; Litestar says required of all."""

    def __post_init__(self) -> None:
        """Say so of the body."""
        if isinstance(self.request_body, RequestBody):
            self.request_body = dataclasses.replace(self.request_body, required=False)


AnyRequest = Request[Any, Any, Any]


problems = partial(
    described,
    {
        401: "Not signed in, or not with this.",
        403: "`foreign-page`: only VoteWave's own pages may do this. `missing-scope`: the token lacks `scope`. "
        "`guest-refused`: it takes an account.",
        422: "`email-refused`, `password-refused`: `errors` says why.",
        429: "Too many tries; Retry-After says when to go on.",
        503: "Too busy; Retry-After says when to go on.",
    },
    400,
)
"""Describes the problem documents that a route of Auth's answers with, beside 400."""


def visitor_of(request: Connection) -> Visitor:
    """Return where a request comes from."""
    headers = request.headers
    return visitor(address_of(request), headers.get("user-agent"), headers.get("accept-language"))


def answer(
    request: AnyRequest, tokens: Tokens, where: Literal["body", "cookie"], status: int = 201
) -> Response[Tokens]:
    """Return the answer that carries tokens; the refresh token in the body or in the cookie."""
    if where == "body" or tokens.refresh_token is UNSET:
        return Response(tokens, status_code=status, headers=_NO_STORE)
    cookie = _cookie(request, str(tokens.refresh_token), _DAYS * 86_400)
    body = structs.replace(tokens, refresh_token=UNSET)
    return Response(body, status_code=status, headers=_NO_STORE, cookies=[cookie])


def signed_out(request: AnyRequest) -> Response[None]:
    """Return the answer to signing out, which takes the cookie back."""
    return Response(None, status_code=204, headers=_NO_STORE, cookies=without_cookie(request))


def without_cookie(request: AnyRequest) -> list[Cookie]:
    """Return what takes a browser's refresh token back, if it sent one."""
    return [_cookie(request, "", 0)] if token_in_cookie(request) else []


def token_in_cookie(request: AnyRequest) -> str | None:
    """Return the refresh token that a browser sent."""
    return request.cookies.get(_name(_is_secure(request)))


def refuse_other_sites(request: AnyRequest) -> None:
    """Refuse to set or use the cookie for another site's page, which browsers name in Origin and Sec-Fetch-Site.

    SameSite keeps the cookie from being sent; this keeps a foreign page from setting one (login CSRF). What a page may
    send without asking first, a form or text, is refused whatever else it says.

    Raises:
        Problem: 403, 415.
    """
    origin = request.headers.get("origin")
    is_foreign = origin is not None and origin not in _own_origins(request)
    if is_foreign or request.headers.get("sec-fetch-site") == "cross-site":
        raise Problem(
            403, "foreign-page", "Another site's page can't do this", "Another site's page can't sign in here."
        )
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != _JSON and (kind or _has_body(request)):
        raise unsupported(f"The body has to be {_JSON}.")


def _own_origins(request: AnyRequest) -> set[str]:
    """Return the origins of VoteWave's own pages: where users reach it, and where this request went to."""
    public = urlsplit(shared_of(request).settings.public_url)
    host = request.headers.get("host", "")
    own = {f"{public.scheme}://{public.netloc}".lower(), f"https://{host}".lower()}
    return own if _is_secure(request) else {*own, f"http://{host}".lower()}


def _has_body(request: AnyRequest) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _is_secure(request: AnyRequest) -> bool:
    return shared_of(request).settings.public_url.startswith("https://")


def _name(secure: bool) -> str:
    return f"__Secure-{_NAME}" if secure else _NAME


def _cookie(request: AnyRequest, value: str, seconds: int) -> Cookie:
    secure = _is_secure(request)
    return Cookie(
        _name(secure), path=_PATH, value=value, max_age=seconds, secure=secure, httponly=True, samesite="strict"
    )
