"""Follows as a `Service`."""

from services.core.events.handler import Handler
from services.core.service import Service
from services.follows.controllers import CONTROLLERS
from services.follows.events import ProfileChanged
from services.follows.service import Follows

SERVICE = Service(
    "follows",
    Follows,
    controllers=CONTROLLERS,
    handlers=[Handler(ProfileChanged, Follows.on_profile_changed)],
    needs=["profiles"],
)
