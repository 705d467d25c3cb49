"""In which browsers I am told by web push."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.notifications.controllers.rules import READS, TEXTS, WRITES
from services.notifications.schemas import DeviceNew, Devices, DeviceView, PushKey
from services.notifications.service import Notifications


class DeviceController(Controller):
    """In which browsers I am told by web push."""

    path = "/devices"
    tags = ("Notifications",)

    @get(
        "/",
        operation_id="DeviceList",
        summary="List the browsers in which I am told",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def mine(self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject]) -> Devices:
        """Return them, the latest first."""
        return await notifications.devices.mine(subject)

    @get(
        "/key",
        operation_id="DeviceKey",
        summary="The key for a browser's subscription",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def key(self, notifications: NamedDependency[Notifications], subject: NamedDependency[Subject]) -> PushKey:
        """Return what `PushManager.subscribe()` takes."""
        return await notifications.devices.key(subject)

    @put(
        "/",
        operation_id="DevicePut",
        summary="Be told in a browser",
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 413, 429, _422="`device-refused`: `errors` names the fields."),
    )
    async def put(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        data: JSONBody[DeviceNew],
    ) -> DeviceView:
        """Add a browser; the same one again is that one. A browser is told what concerns who added it last."""
        return await notifications.devices.put(subject, data)

    @delete(
        "/{device_id:uuid}",
        operation_id="DeviceDelete",
        summary="Be told in a browser no more",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def take_back(
        self,
        notifications: NamedDependency[Notifications],
        subject: NamedDependency[Subject],
        device_id: FromPath[UUID],
    ) -> None:
        """Remove a browser."""
        await notifications.devices.take_back(subject, device_id)
