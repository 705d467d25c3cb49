"""Follows as a `Service`."""

from services.core.events.handler import Handler
from services.core.personal import Personal
from services.core.service import Service
from services.follows.controllers import CONTROLLERS, INTERNAL_CONTROLLERS
from services.follows.events import AccountDeleted, ProfileChanged
from services.follows.models import Person
from services.follows.repository import exported
from services.follows.service import Follows

SERVICE = Service(
    "follows",
    Follows,
    controllers=CONTROLLERS,
    internal_controllers=INTERNAL_CONTROLLERS,
    handlers=[Handler(ProfileChanged, Follows.on_profile_changed, Follows.keep_profiles)],
    personal=Personal(AccountDeleted, Follows.erase, exported, Person),
    needs=["profiles"],
)
