"""How and when I get mail, and how I get no more."""

from typing import Any

from litestar import Controller, MediaType, Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.http.limits import limit_address
from services.core.http.mail_page import Ending, EndingPages
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, TEXTS, WRITES
from services.notifications.schemas import DeliveryView
from services.notifications.service import Notifications

_CLICKS = limit_address("notifications-unsubscribe", 600, per=60)
_PAGES = EndingPages(
    {
        "en": Ending(
            about="mails",
            ask="Get no more mails about notifications",
            ended="You get no more mails about notifications. Your settings let you change this.",
        ),
        "de": Ending(
            about="Mails",
            ask="Keine Mails über Benachrichtigungen mehr bekommen",
            ended="Du bekommst keine Mails über Benachrichtigungen mehr. In deinen Einstellungen kannst du das ändern.",
        ),
    }
)


class DeliveryController(Controller):
    """How and when I get mail."""

    tags = ("Notifications",)

    @get(
        "/delivery",
        operation_id="DeliveryRead",
        summary="See how and when I get mail",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def mine(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject]
    ) -> DeliveryView:
        """Return what I have chosen."""
        return await notifications.delivering.mine(subject)

    @put(
        "/delivery",
        operation_id="DeliveryPut",
        summary="Choose how and when I get mail",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 413, 429, _422="`delivery-refused`: `errors` names the fields."),
    )
    async def put(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        data: JSONBody[DeliveryView],
    ) -> DeliveryView:
        """Choose all of it; what is left out is as it is for those who haven't chosen."""
        return await notifications.delivering.put(subject, data)

    @get(
        "/unsubscribe/{token:str}",
        operation_id="UnsubscribeAsk",
        summary="The page behind a mail's link",
        guards=[_CLICKS],
        media_type=MediaType.HTML,
        responses=problems(TEXTS, 404, 429),
    )
    async def ask(
        self, request: Request[Any, Any, Any], notifications: NamedDependency[Notifications], token: FromPath[str]
    ) -> Response[str]:
        """Return a page with a button. It changes nothing: programs look at links before people do."""
        await notifications.unsubscribing.account_of(token)
        return _PAGES.asking(request)

    @post(
        "/unsubscribe/{token:str}",
        operation_id="Unsubscribe",
        summary="Get no more mails",
        status_code=200,
        guards=[_CLICKS],
        media_type=MediaType.HTML,
        responses=problems(TEXTS, 404, 429),
    )
    async def end(
        self, request: Request[Any, Any, Any], notifications: NamedDependency[Notifications], token: FromPath[str]
    ) -> Response[str]:
        """End mails about notifications by one click (RFC 8058), without signing in. Again, it does nothing."""
        await notifications.unsubscribing.end(token)
        return _PAGES.ended(request)
