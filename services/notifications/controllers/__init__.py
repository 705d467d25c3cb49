"""Notifications over HTTP."""

from services.notifications.controllers.delivery import DeliveryController
from services.notifications.controllers.devices import DeviceController
from services.notifications.controllers.notifications import NotificationController
from services.notifications.controllers.preferences import PreferenceController
from services.notifications.controllers.sends import SendController
from services.notifications.controllers.watching import WatchController

CONTROLLERS = [
    NotificationController,
    PreferenceController,
    DeliveryController,
    DeviceController,
    WatchController,
    SendController,
]

__all__ = ["CONTROLLERS"]
