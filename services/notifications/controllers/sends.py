"""What many people are told of, for administrators."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, WRITES
from services.notifications.schemas import SendView
from services.notifications.service import Notifications

_TEXTS = {
    403: "This is for administrators. `guest-refused`: for guests even less. `missing-scope`: the token lacks `scope`.",
    404: "There is no such send.",
}


class SendController(Controller):
    """What many people are told of, such as that a poll has closed: jobs that are done shard by shard."""

    path = "/sends"
    tags = ("Moderation",)

    @get(
        "/",
        operation_id="SendList",
        summary="List sends",
        guards=READS,
        responses=problems(_TEXTS, 400, 401, 403, 429),
    )
    async def listed(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[SendView]:
        """Return them with how far each has come, the latest first."""
        return await notifications.sending.listed(subject, cursor, limit)

    @put(
        "/{send_id:uuid}/pause",
        operation_id="SendPause",
        summary="Pause a send",
        status_code=204,
        guards=WRITES,
        responses=problems(_TEXTS, 401, 403, 404, 429),
    )
    async def pause(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject], send_id: FromPath[UUID]
    ) -> None:
        """Tell nobody more for now; what is being written this moment, a thousand at most each, is still told."""
        await notifications.sending.pause(subject, send_id, paused=True)

    @delete(
        "/{send_id:uuid}/pause",
        operation_id="SendResume",
        summary="Let a send go on",
        guards=WRITES,
        responses=problems(_TEXTS, 401, 403, 404, 429),
    )
    async def resume(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject], send_id: FromPath[UUID]
    ) -> None:
        """Go on where it was paused: nobody is told twice, and nobody is left out."""
        await notifications.sending.pause(subject, send_id, paused=False)
