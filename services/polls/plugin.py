"""Polls as a `Service`."""

from services.core.circles import TAKE_OVER_SECONDS, follow_handler
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.polls.controllers import CONTROLLERS, INTERNAL_CONTROLLERS
from services.polls.events import AccountDeleted, FollowChanged, ProfileChanged
from services.polls.models import Follow, Person
from services.polls.repository import MOMENTS_WAIT, exported
from services.polls.service import Polls
from services.polls.settings import PollsSettings

SERVICE = Service(
    "polls",
    Polls,
    settings=PollsSettings,
    controllers=CONTROLLERS,
    internal_controllers=INTERNAL_CONTROLLERS,
    handlers=[people_handler(ProfileChanged), follow_handler(FollowChanged, Follow)],
    personal=Personal(AccountDeleted, Polls.erase, exported, Person),
    needs=["auth", "follows", "profiles", "votebooth"],
    jobs=[
        Job("moments", 0.25, Polls.tell_moments, MOMENTS_WAIT),
        Job("keys", 3600, Polls.sweep),
        Job("earlier", TAKE_OVER_SECONDS, lambda polls: polls.earlier.take_over()),
    ],
)
