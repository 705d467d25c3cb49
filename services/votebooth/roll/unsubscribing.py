"""The link in reminders that ends them, over HTTP."""

from litestar import Controller, MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.http.api import problems
from services.core.http.limits import limit_address
from services.core.http.mail_page import mail_page
from services.votebooth.description import VOTING
from services.votebooth.roll.reminders import RollReminders

_CLICKS = limit_address("votebooth-unsubscribe", 600, per=60)


class RollReminderController(Controller):
    """Reminders to addresses that were invited to vote."""

    path = "/unsubscribe"
    tags = ("Voting",)

    @get(
        "/{token:str}",
        operation_id="ReminderUnsubscribeAsk",
        summary="The page behind a reminder's link",
        guards=[_CLICKS],
        media_type=MediaType.HTML,
        responses=problems(VOTING, 404, 429),
    )
    async def ask(self, roll_reminders: NamedDependency[RollReminders], token: FromPath[str]) -> Response[str]:
        """Return a page with a button. It changes nothing: programs look at links before people do."""
        roll_reminders.key_of(token)
        return mail_page("reminders", '<form method="post"><button>Get no more reminders of polls</button></form>')

    @post(
        "/{token:str}",
        operation_id="ReminderUnsubscribe",
        summary="Get no more reminders",
        status_code=200,
        guards=[_CLICKS],
        media_type=MediaType.HTML,
        responses=problems(VOTING, 404, 429),
    )
    async def end(self, roll_reminders: NamedDependency[RollReminders], token: FromPath[str]) -> Response[str]:
        """End reminders to an address by one click (RFC 8058), without signing in. Again, it does nothing."""
        await roll_reminders.end(token)
        return mail_page(
            "reminders", "<p>You get no more reminders of polls at this address. Invitations still come.</p>"
        )
