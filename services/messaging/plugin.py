"""Messaging as a `Service`."""

from services.core.circles import block_handler, follow_handler
from services.core.events.handler import Handler, forget_past
from services.core.live.controllers import live_controller
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.messaging.controllers import CONTROLLERS
from services.messaging.events import AccountDeleted, BlockChanged, FollowChanged, ProfileChanged
from services.messaging.models import Block, Follow, Person
from services.messaging.repository.erasing import exported
from services.messaging.service import Messaging
from services.messaging.settings import MessagingSettings

SERVICE = Service(
    "messaging",
    Messaging,
    settings=MessagingSettings,
    controllers=[*CONTROLLERS, live_controller("messaging", "Messaging")],
    parts=lambda messaging: {
        "hub": messaging.hub,
        "tickets": messaging.kit.shared.tickets,
        "cases": messaging.reporting,
    },
    handlers=[
        people_handler(ProfileChanged),
        follow_handler(FollowChanged, Follow),
        block_handler(BlockChanged, Block),
        Handler(BlockChanged, Messaging.apart, forget_past),
    ],
    personal=Personal(AccountDeleted, Messaging.erase, exported, Person),
    needs=["profiles"],
    jobs=[Job("attachments", 60, Messaging.sweep)],
)
