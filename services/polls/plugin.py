"""Polls as a `Service`."""

from services.core.people import people_handler
from services.core.service import Job, Service
from services.polls.controllers import CONTROLLERS, INTERNAL_CONTROLLERS
from services.polls.events import ProfileChanged
from services.polls.service import Polls
from services.polls.settings import PollsSettings

SERVICE = Service(
    "polls",
    Polls,
    settings=PollsSettings,
    controllers=CONTROLLERS,
    internal_controllers=INTERNAL_CONTROLLERS,
    handlers=[people_handler(ProfileChanged)],
    needs=["auth", "profiles", "votebooth"],
    jobs=[Job("moments", 0.25, Polls.tell_moments), Job("keys", 3600, Polls.sweep)],
)
