"""Confirming an address, changing it, and resetting a forgotten password."""

from litestar import Controller, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from services.auth.controllers.answers import WRITING, AnyRequest, problems, visitor_of
from services.auth.schemas import Confirmation, EmailChange, PasswordReset, ResetRequest
from services.auth.service import Auth
from services.core.http.limits import limit_address
from services.core.identity.subject import Subject

_ASKING = limit_address("letter", 60, per=3_600)
_USING = limit_address("letter-use", 60, per=300)
_OVER = "`link-over`: the token was used or has expired."


class LetterController(Controller):
    """Mails that only their reader can act on."""

    tags = ("Accounts",)

    @post(
        "/email/verification",
        operation_id="EmailVerify",
        summary="Have a mail sent that confirms my address",
        status_code=202,
        guards=[WRITING, _ASKING],
        responses=problems(401, 403, 429, 503, _409="`already-verified`: it is confirmed."),
    )
    async def verify(self, request: AnyRequest, auth: NamedDependency[Auth], subject: NamedDependency[Subject]) -> None:
        """Send a mail with a token that is good once, for a day."""
        await auth.letters.ask_to_verify(subject, visitor_of(request))

    @put(
        "/email",
        operation_id="EmailChange",
        summary="Change my address",
        status_code=202,
        guards=[WRITING, _ASKING],
        responses=problems(
            401, 422, 429, 503, _403="`wrong-password`; `guest-refused` or `missing-scope` before that."
        ),
    )
    async def change(
        self,
        request: AnyRequest,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        data: JSONBody[EmailChange],
    ) -> None:
        """Send a mail to another address; it becomes the account's when the mail's token is confirmed."""
        await auth.letters.change_email(subject, data, visitor_of(request))

    @post(
        "/email/confirmation",
        operation_id="EmailConfirm",
        summary="Confirm an address",
        status_code=204,
        guards=[_USING],
        responses=problems(429, _409="`email-taken`: another account has it by now.", _410=_OVER),
    )
    async def confirm(self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[Confirmation]) -> None:
        """Confirm the address that a mail went to. If it is another one than before, all sessions end."""
        await auth.letters.confirm(data.token, visitor_of(request))

    @post(
        "/password/reset",
        operation_id="PasswordResetAsk",
        summary="Have a mail sent that resets a password",
        status_code=202,
        guards=[_ASKING],
        responses=problems(422, 429, 503),
    )
    async def ask(self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[ResetRequest]) -> None:
        """Send a mail with a token that is good once, for an hour. The answer is the same if nobody has the address."""
        await auth.letters.ask_to_reset(data.email, visitor_of(request))

    @post(
        "/password/reset/completion",
        operation_id="PasswordReset",
        summary="Set a new password by a mail's token",
        status_code=204,
        guards=[_USING],
        responses=problems(422, 429, 503, _410=_OVER),
    )
    async def reset(self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[PasswordReset]) -> None:
        """Set the password. All sessions and API keys of the account end; sign in with the new password."""
        await auth.letters.reset(data, visitor_of(request))
