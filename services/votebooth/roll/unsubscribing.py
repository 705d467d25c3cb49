"""The link in reminders that ends them, over HTTP."""

from typing import Any

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.http.api import problems
from services.core.http.limits import limit_address
from services.core.http.mail_page import Ending, EndingPages
from services.votebooth.description import VOTING
from services.votebooth.roll.reminders import RollReminders

_CLICKS = limit_address("votebooth-unsubscribe", 600, per=60)
_PAGES = EndingPages(
    {
        "en": Ending(
            about="reminders",
            ask="Get no more reminders of polls",
            ended="You get no more reminders of polls at this address. Invitations still come.",
        ),
        "de": Ending(
            about="Erinnerungen",
            ask="Keine Erinnerungen an Umfragen mehr bekommen",
            ended="An diese Adresse kommen keine Erinnerungen an Umfragen mehr. Einladungen kommen weiterhin.",
        ),
    }
)


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
    async def ask(
        self, request: Request[Any, Any, Any], roll_reminders: NamedDependency[RollReminders], token: FromPath[str]
    ) -> Response[str]:
        """Return a page with a button. It changes nothing: programs look at links before people do."""
        roll_reminders.key_of(token)
        return _PAGES.asking(request)

    @post(
        "/{token:str}",
        operation_id="ReminderUnsubscribe",
        summary="Get no more reminders",
        status_code=200,
        guards=[_CLICKS],
        media_type=MediaType.HTML,
        responses=problems(VOTING, 404, 429),
    )
    async def end(
        self, request: Request[Any, Any, Any], roll_reminders: NamedDependency[RollReminders], token: FromPath[str]
    ) -> Response[str]:
        """End reminders to an address by one click (RFC 8058), without signing in. Again, it does nothing."""
        await roll_reminders.end(token)
        return _PAGES.ended(request)
