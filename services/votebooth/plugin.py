"""VoteBooth as a `Service`."""

import secrets

from services.core.circles import TAKE_OVER_SECONDS, follow_handler
from services.core.events.handler import Handler
from services.core.live.controllers import live_controller
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.votebooth.audit.controllers import LogController
from services.votebooth.cards.controllers import CardController
from services.votebooth.casting.controllers import BallotController, cast_ballot
from services.votebooth.casting.dependencies import provide_claim
from services.votebooth.casting.seal import seal_ended
from services.votebooth.casting.short_cut import ShortCut
from services.votebooth.casting.signatures import signatures_of_crowds
from services.votebooth.events import AccountDeleted, DraftDeleted, FollowChanged, ProfileChanged
from services.votebooth.exchange.controllers import ExchangeController
from services.votebooth.models import Follow, Person
from services.votebooth.poll import erasing as ballots_erasing
from services.votebooth.poll.controllers import ReminderController, VersionController
from services.votebooth.poll.definition import PollNews
from services.votebooth.poll.voters import HASH_KEY, SECRET_HEADER, TOKEN_HEADER, VERSION_HEADER
from services.votebooth.recount.periodic import EVERY_SECONDS
from services.votebooth.results.controllers import ReceiptController, ResultController
from services.votebooth.results.dependencies import poll_viewer
from services.votebooth.roll.controllers import RollController
from services.votebooth.roll.unsubscribing import RollReminderController
from services.votebooth.rooms import erasing as rooms_erasing
from services.votebooth.rooms.controllers import ROOM_CONTROLLERS, SCREEN_HEADER
from services.votebooth.service import VoteBooth
from services.votebooth.settings import VoteBoothSettings

SERVICE = Service(
    "votebooth",
    VoteBooth,
    settings=VoteBoothSettings,
    controllers=[
        BallotController,
        ReceiptController,
        RollController,
        RollReminderController,
        ResultController,
        CardController,
        live_controller("votebooth", "VoteBooth", guests=True),
        ExchangeController,
        LogController,
        *ROOM_CONTROLLERS,
    ],
    internal_controllers=[VersionController, ReminderController],
    parts=lambda votebooth: {
        "projection": votebooth.projection,
        "question_lock": votebooth.question_lock,
        "ballots": votebooth.ballots,
        "reminding": votebooth.reminding,
        "tokens": votebooth.tokens,
        "roll": votebooth.roll,
        "roll_reminders": votebooth.roll_reminders,
        "results": votebooth.results,
        "receipts": votebooth.receipts,
        "cards": votebooth.cards,
        "hub": votebooth.hub,
        "tickets": votebooth.kit.shared.tickets,
        "exchange": votebooth.exchange,
        "log": votebooth.log,
        "rooms": votebooth.rooms,
    },
    dependencies=lambda votebooth: {"claim": provide_claim, "poll_viewer": poll_viewer(votebooth.viewers)},
    handlers=[
        Handler(PollNews, VoteBooth.on_poll_changed),
        Handler(DraftDeleted, VoteBooth.on_draft_deleted),
        people_handler(ProfileChanged),
        follow_handler(FollowChanged, Follow),
    ],
    jobs=[
        Job("roll", 1.0, lambda votebooth: votebooth.roll.send_due()),
        Job("roll-reminders", 15.0, lambda votebooth: votebooth.roll_reminders.plan()),
        Job("seal", 30.0, lambda votebooth: seal_ended(votebooth.kit)),
        Job("rooms", 1.0, lambda votebooth: votebooth.rooms.pulse.beat(votebooth.hub)),
        Job("room-codes", 600.0, lambda votebooth: votebooth.rooms.pulse.sweep()),
        Job("earlier", TAKE_OVER_SECONDS, lambda votebooth: votebooth.earlier.take_over()),
        Job("recount", EVERY_SECONDS, lambda votebooth: votebooth.periodic_recount.check_one()),
    ],
    personal=Personal(
        AccountDeleted,
        VoteBooth.erase,
        lambda account: [*ballots_erasing.exported(account), *rooms_erasing.exported(account)],
        Person,
    ),
    signatures=signatures_of_crowds,
    fronts=[ShortCut("PUT", "/v1/votebooth/polls/{poll_id}/ballot", cast_ballot)],
    single_headers=[SECRET_HEADER.lower(), TOKEN_HEADER.lower(), VERSION_HEADER.lower(), SCREEN_HEADER.lower()],
    secrets={HASH_KEY: lambda: secrets.token_hex(32)},
    mail=True,
    needs=["auth", "follows", "polls", "profiles"],
)
