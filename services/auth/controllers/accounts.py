"""Accounts and guests over HTTP."""

from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.auth.controllers import throttles
from services.auth.controllers.answers import (
    WRITING,
    WRITING_MINE,
    AnyRequest,
    OptionalBody,
    answer,
    problems,
    refuse_other_sites,
    visitor_of,
)
from services.auth.schemas import AccountView, Admit, PasswordChange, RoleChange, SignUp, Tokens
from services.auth.service import Auth
from services.core.http.guards import GUESTS_TOO
from services.core.http.limits import limit
from services.core.identity.subject import Subject

ADMIT_BYTES = 1_000
TAKEN = "`email-taken`: this address has an account."
SIGN_UP_REFUSED = "`email-refused`, `password-refused`: `errors` says why, of both if both are wrong."


class AccountController(Controller):
    """One's own account."""

    tags = ("Accounts",)

    @post(
        "/accounts",
        operation_id="AccountOpen",
        summary="Sign up",
        guards=[throttles.sign_ups],
        responses=problems(403, 415, 429, 503, _409=TAKEN, _422=SIGN_UP_REFUSED),
    )
    async def sign_up(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[SignUp]
    ) -> Response[Tokens]:
        """Open an account and sign in to it."""
        if data.refresh == "cookie":
            refuse_other_sites(request)
        return answer(request, await auth.accounts.sign_up(data, visitor_of(request)), data.refresh)

    @get("/me", operation_id="AccountMine", summary="See my account", guards=[GUESTS_TOO], responses=problems(401))
    async def me(self, auth: NamedDependency[Auth], subject: NamedDependency[Subject]) -> AccountView:
        """Return the account that asks. An API key doesn't get the e-mail address."""
        return await auth.accounts.me(subject)

    @put(
        "/password",
        operation_id="PasswordChange",
        summary="Change my password",
        guards=[WRITING, limit("password", 60, per=300)],
        status_code=204,
        responses=problems(
            401,
            429,
            503,
            _403="`wrong-password`: it is another. `missing-scope`, `guest-refused`: only a user's session may.",
            _409="`password-changed`: it was changed a moment ago.",
            _422="`password-refused`: choose another.",
        ),
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
        responses=problems(401, 404, 429, _403="`missing-scope`: the token lacks `scope`; or you may not."),
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
        guards=[WRITING_MINE, throttles.sign_ups],
        responses=problems(
            401, 403, 415, 429, 503, _409=f"{TAKEN} `not-a-guest`: this is a user already.", _422=SIGN_UP_REFUSED
        ),
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
