"""What one has unread, and what one lets others see."""

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.messaging.controllers.rules import READS, TEXTS, WRITES
from services.messaging.schemas import MessagingPreferences, MessagingPreferencesNew, UnreadCount
from services.messaging.service import Messaging


class OwnController(Controller):
    """What one has unread, and what one lets others see."""

    path = "/mine"
    tags = ("Conversations",)

    @get(
        "/unread",
        operation_id="UnreadCount",
        summary="See how much I haven't read",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unread(self, messaging: NamedDependency[Messaging], subject: NamedDependency[Subject]) -> UnreadCount:
        """Return how many messages in how many conversations, and how many requests wait."""
        return await messaging.reading.unread(subject)

    @get(
        "/preferences",
        operation_id="MessagingPreferencesRead",
        summary="See what I let others see",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def preferences(
        self, messaging: NamedDependency[Messaging], subject: NamedDependency[Subject]
    ) -> MessagingPreferences:
        """Return what I let others see."""
        return await messaging.marking.preferences(subject)

    @put(
        "/preferences",
        operation_id="MessagingPreferencesSet",
        summary="Say what I let others see",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 413, 429),
    )
    async def prefer(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        data: JSONBody[MessagingPreferencesNew],
    ) -> MessagingPreferences:
        """Let others see how far I have read, and whether I am there, or don't: from now on."""
        return await messaging.marking.prefer(subject, data)
