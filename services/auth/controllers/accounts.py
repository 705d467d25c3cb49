"""Accounts and guests over HTTP."""

from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.auth.controllers import throttles
from services.auth.controllers.answers import (
    WRITING,
    AnyRequest,
    OptionalBody,
    answer,
    problems,
    refuse_other_sites,
    visitor_of,
)
from services.auth.schemas import AccountView, Admit, PasswordChange, RoleChange, SignUp, Tokens
from services.auth.service import Auth
from services.core.http.guards import ANY_TOKEN
from services.core.http.limits import limit
from services.core.identity.subject import Subject

ADMIT_BYTES = 1_000


class AccountController(Controller):
    """One's own account."""

    tags = ("Accounts",)

    @post(
        "/accounts",
        operation_id="AccountOpen",
        summary="Sign up",
        guards=[throttles.sign_ups],
        responses=problems(403, 409, 415, 422, 429, 503),
    )
    async def sign_up(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[SignUp]
    ) -> Response[Tokens]:
        """Open an account and sign in to it."""
        if data.refresh == "cookie":
            refuse_other_sites(request)
        return answer(request, await auth.accounts.sign_up(data, visitor_of(request)), data.refresh)

    @get("/me", operation_id="AccountMine", summary="See my account", guards=[ANY_TOKEN], responses=problems(401))
    async def me(self, auth: NamedDependency[Auth], subject: NamedDependency[Subject]) -> AccountView:
        """Return the account that asks. An API key doesn't get the e-mail address."""
        return await auth.accounts.me(subject)

    @put(
        "/password",
        operation_id="PasswordChange",
        summary="Change my password",
        guards=[WRITING, limit("password", 60, per=300)],
        status_code=204,
        responses=problems(401, 403, 409, 422, 429, 503),
    )
    async def change_password(
        self,
        request: AnyRequest,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        data: JSONBody[PasswordChange],
    ) -> None:
        """Change the password. All other sessions end, and all API keys unless `keep_keys` is true."""
        await auth.accounts.change_password(subject, data, visitor_of(request))

    @put(
        "/accounts/{account:uuid}/role",
        operation_id="RoleChange",
        summary="Give a user a role (administrators)",
        guards=[WRITING, limit("role", 60, per=60)],
        status_code=204,
        responses=problems(401, 403, 404, 429),
    )
    async def give_role(
        self,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        account: FromPath[UUID],
        data: JSONBody[RoleChange],
    ) -> None:
        """Give a role, not to oneself. The user's sessions end; the audit log has a row."""
        await auth.accounts.give_role(subject, account, data)


class GuestController(Controller):
    """People who vote without an account."""

    path = "/guests"
    tags = ("Guests",)

    @post(
        operation_id="GuestAdmit",
        summary="Become a guest",
        operation_class=OptionalBody,
        guards=[throttles.guests],
        request_max_body_size=ADMIT_BYTES,
        responses=problems(403, 415, 429),
    )
    async def admit(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[Admit | None] = None
    ) -> Response[Tokens]:
        """Give a new guest an identity. It needs no body."""
        where = data.refresh if data else "body"
        if where == "cookie":
            refuse_other_sites(request)
        return answer(request, await auth.accounts.admit(visitor_of(request)), where)

    @post(
        "/upgrade",
        operation_id="GuestUpgrade",
        summary="Turn a guest into a user",
        guards=[WRITING, throttles.sign_ups],
        responses=problems(401, 403, 409, 415, 422, 429, 503),
    )
    async def upgrade(
        self,
        request: AnyRequest,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        data: JSONBody[SignUp],
    ) -> Response[Tokens]:
        """Give the guest an e-mail address and a password. The id stays, so votes come along."""
        if data.refresh == "cookie":
            refuse_other_sites(request)
        return answer(request, await auth.accounts.upgrade(subject, data, visitor_of(request)), data.refresh)
