"""By which channels I am told of what."""

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, TEXTS, WRITES
from services.notifications.kinds import Kind
from services.notifications.schemas import ChannelsEdit, Preferences
from services.notifications.service import Notifications


class PreferenceController(Controller):
    """By which channels I am told of what."""

    path = "/preferences"
    tags = ("Notifications",)

    @get(
        "/",
        operation_id="PreferenceList",
        summary="See what I am told of, and how",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def mine(
        self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject]
    ) -> Preferences:
        """Return each kind with its channels."""
        return await notifications.preferring.mine(subject)

    @patch(
        "/{kind:str}",
        operation_id="PreferenceEdit",
        summary="Choose how I am told of a kind",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 413, 429),
    )
    async def edit(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        kind: FromPath[Kind],
        data: JSONBody[ChannelsEdit],
    ) -> Preferences:
        """Switch channels on or off; it also holds for what has happened already."""
        return await notifications.preferring.edit(subject, kind, data)
