"""Notifications over HTTP."""

from services.notifications.controllers.notifications import NotificationController
from services.notifications.controllers.preferences import PreferenceController
from services.notifications.controllers.watching import WatchController

CONTROLLERS = [NotificationController, PreferenceController, WatchController]

__all__ = ["CONTROLLERS"]
