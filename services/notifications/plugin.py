"""Notifications as a `Service`."""

from services.core.circles import block_handler, follow_handler, mute_handler
from services.core.events.handler import Handler
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.notifications import events
from services.notifications.controllers import CONTROLLERS
from services.notifications.models import Block, Follow, Mute, Person
from services.notifications.repository.erasing import exported
from services.notifications.service import Notifications
from services.notifications.settings import NotificationsSettings

SERVICE = Service(
    "notifications",
    Notifications,
    settings=NotificationsSettings,
    controllers=CONTROLLERS,
    handlers=[
        Handler(events.CommentChanged, lambda told, session, event: told.hearing.comment(session, event)),
        Handler(events.WaveChanged, lambda told, session, event: told.hearing.wave(session, event)),
        Handler(events.ReactionChanged, lambda told, session, event: told.hearing.reaction(session, event)),
        Handler(events.PollChanged, lambda told, session, event: told.hearing.poll(session, event)),
        Handler(events.PollOpened, lambda told, session, event: told.hearing.opened(session, event)),
        Handler(events.PollClosed, lambda told, session, event: told.hearing.closed(session, event)),
        Handler(events.FollowChanged, lambda told, session, event: told.hearing.follow(session, event)),
        people_handler(events.ProfileChanged),
        follow_handler(events.FollowChanged, Follow),
        block_handler(events.BlockChanged, Block),
        mute_handler(events.MuteChanged, Mute),
    ],
    personal=Personal(events.AccountDeleted, Notifications.erase, exported, Person),
    needs=["polls", "profiles"],
    jobs=[Job("sends", 1, lambda told: told.sending.work()), Job("old", 3_600, Notifications.sweep)],
)
