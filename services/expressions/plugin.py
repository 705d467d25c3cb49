"""Expressions as a `Service`."""

from services.core.circles import block_handler, follow_handler, mute_handler
from services.core.events.handler import Handler
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.expressions.controllers import CONTROLLERS, INTERNAL_CONTROLLERS
from services.expressions.events import (
    AccountDeleted,
    AccountLimited,
    BlockChanged,
    FilterChanged,
    FollowChanged,
    MuteChanged,
    PollChanged,
    ProfileChanged,
)
from services.expressions.models import Block, Follow, Mute, Person
from services.expressions.repository import FILTERS_LEFT, LIMITS_LEFT, exported
from services.expressions.service import Expressions
from services.expressions.settings import ExpressionsSettings

SERVICE = Service(
    "expressions",
    Expressions,
    settings=ExpressionsSettings,
    controllers=CONTROLLERS,
    internal_controllers=INTERNAL_CONTROLLERS,
    parts=lambda expressions: {"images": expressions.picturing.images, "cases": expressions.moderating},
    handlers=[
        Handler(PollChanged, Expressions.on_poll_changed),
        Handler(AccountLimited, lambda expressions, session, event: expressions.limiting.hear(session, event)),
        Handler(
            FilterChanged, lambda expressions, session, event: expressions.moderating.on_filter_changed(session, event)
        ),
        people_handler(ProfileChanged),
        follow_handler(FollowChanged, Follow),
        block_handler(BlockChanged, Block),
        mute_handler(MuteChanged, Mute),
    ],
    personal=Personal(AccountDeleted, Expressions.erase, exported, Person),
    needs=["polls", "profiles"],
    jobs=[
        Job("keys", 3600, Expressions.sweep),
        Job("leftovers", 5, Expressions.clear),
        Job("limits", 2, lambda expressions: expressions.limiting.follow(), LIMITS_LEFT),
        Job("rounds", 2, lambda expressions: expressions.rounds.follow(), FILTERS_LEFT),
        Job("images", 60, Expressions.sweep_images),
    ],
)
