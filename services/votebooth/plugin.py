"""VoteBooth as a `Service`: what `services.votebooth.SERVICE` is."""

import secrets

from services.core.events.handler import Handler
from services.core.service import Job, Service, ShortCut
from services.votebooth.audit.controllers import LogController
from services.votebooth.controllers import BallotController, CredentialController, ReceiptController, cast_ballot
from services.votebooth.events import PollChanged, on_poll_changed
from services.votebooth.exchange.controllers import ExchangeController
from services.votebooth.internal import VersionController
from services.votebooth.live.controllers import LiveController
from services.votebooth.results.controllers import ResultController
from services.votebooth.results.recounts import EVERY_SECONDS
from services.votebooth.seal import seal_ended
from services.votebooth.service import VoteBooth
from services.votebooth.settings import VoteBoothSettings
from services.votebooth.voters import HASH_KEY

SERVICE = Service(
    "votebooth",
    VoteBooth,
    settings=VoteBoothSettings,
    controllers=[
        BallotController,
        ReceiptController,
        CredentialController,
        ResultController,
        LiveController,
        ExchangeController,
        LogController,
    ],
    internal_controllers=[VersionController],
    handlers=[Handler("polls", PollChanged, on_poll_changed)],
    jobs=[
        Job("roll", 1.0, lambda votebooth: votebooth.roll.send_due()),
        Job("seal", 30.0, lambda votebooth: seal_ended(votebooth.kit)),
        Job("recount", EVERY_SECONDS, lambda votebooth: votebooth.recounts.check_one()),
    ],
    short_cut=ShortCut("PUT", "/v1/votebooth/polls/{poll_id}/ballot", cast_ballot),
    secrets={HASH_KEY: lambda: secrets.token_hex(32)},
    mail=True,
    needs=["auth", "polls"],
)
