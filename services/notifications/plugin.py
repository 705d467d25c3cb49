"""Notifications as a `Service`."""

from services.core.circles import block_handler, follow_handler, mute_handler
from services.core.events.handler import Handler, forget_past
from services.core.live.controllers import live_controller
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.notifications import events
from services.notifications.controllers import CONTROLLERS
from services.notifications.models import Block, Follow, Mute, Person
from services.notifications.repository.devices import PUSH_DUE
from services.notifications.repository.erasing import exported
from services.notifications.repository.mailboxes import MAIL_DUE
from services.notifications.repository.sends import SHARDS_LEFT
from services.notifications.service import Notifications
from services.notifications.service.devices import PUSH_KEY, new_push_key
from services.notifications.service.unsubscribing import LINK_KEY, new_link_key
from services.notifications.settings import NotificationsSettings

SERVICE = Service(
    "notifications",
    Notifications,
    settings=NotificationsSettings,
    controllers=[*CONTROLLERS, live_controller("notifications", "Notifications")],
    parts=lambda told: {"hub": told.hub, "tickets": told.kit.shared.tickets},
    handlers=[
        Handler(
            events.CommentChanged,
            lambda told, session, event: told.hearing.comment(session, event),
            Notifications.keep_past,
        ),
        Handler(
            events.ThreadFollowed,
            lambda told, session, event: told.hearing.thread_followed(session, event),
            lambda told, session, past: told.hearing.thread_followed(session, *past),
        ),
        Handler(
            events.WaveChanged, lambda told, session, event: told.hearing.wave(session, event), Notifications.keep_past
        ),
        Handler(events.WaveModerated, lambda told, session, event: told.hearing.moderated(session, event), forget_past),
        Handler(
            events.ReactionChanged, lambda told, session, event: told.hearing.reaction(session, event), forget_past
        ),
        Handler(
            events.PollChanged, lambda told, session, event: told.hearing.poll(session, event), Notifications.keep_past
        ),
        Handler(events.PollOpened, lambda told, session, event: told.hearing.opened(session, event)),
        Handler(events.PollClosed, lambda told, session, event: told.hearing.closed(session, event)),
        Handler(events.FollowChanged, lambda told, session, event: told.hearing.follow(session, event), forget_past),
        Handler(events.MessageSent, lambda told, session, event: told.hearing.message(session, event), forget_past),
        Handler(events.ConversationSeen, lambda told, session, event: told.hearing.seen(session, event), forget_past),
        people_handler(events.ProfileChanged),
        follow_handler(events.FollowChanged, Follow),
        block_handler(events.BlockChanged, Block),
        mute_handler(events.MuteChanged, Mute),
        Handler(events.BlockChanged, lambda told, session, event: told.hearing.apart(session, event)),
        Handler(events.MuteChanged, lambda told, session, event: told.hearing.apart(session, event)),
        Handler(events.SessionsEnded, lambda told, session, event: told.devices.forget(session, event), forget_past),
    ],
    personal=Personal(events.AccountDeleted, Notifications.erase, exported, Person),
    secrets={LINK_KEY: new_link_key, PUSH_KEY: new_push_key},
    mail=True,
    needs=["auth", "polls", "profiles", "votebooth"],
    jobs=[
        Job("sends", 1, lambda told: told.sending.work(), SHARDS_LEFT),
        Job("reminders", 5, lambda told: told.sending.remind()),
        Job("mails", 2, lambda told: told.mailing.work(), MAIL_DUE),
        Job("push", 2, lambda told: told.pushing.work(), PUSH_DUE),
        Job("old", 3_600, Notifications.sweep),
    ],
)
