"""Comments as a `Service`."""

from services.comments.controllers import CONTROLLERS
from services.comments.events import AccountDeleted, BlockChanged, FollowChanged, PollChanged, ProfileChanged
from services.comments.models import Block, Follow, Person
from services.comments.repository import FILTERS_LEFT, LIMITS_LEFT, exported
from services.comments.service import Comments
from services.comments.settings import CommentsSettings
from services.core.circles import TAKE_OVER_SECONDS, block_handler, follow_handler
from services.core.events.handler import Handler
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Job, Service

SERVICE = Service(
    "comments",
    Comments,
    settings=CommentsSettings,
    controllers=CONTROLLERS,
    parts=lambda comments: {"cases": comments.reporting},
    handlers=[
        Handler(PollChanged, Comments.on_poll_changed),
        people_handler(ProfileChanged),
        follow_handler(FollowChanged, Follow),
        block_handler(BlockChanged, Block),
    ],
    personal=Personal(AccountDeleted, Comments.erase, exported, Person),
    needs=["follows", "polls", "profiles"],
    jobs=[
        Job("earlier", TAKE_OVER_SECONDS, lambda comments: comments.earlier.take_over()),
        Job("limits", 2, lambda comments: comments.limiting.follow(), LIMITS_LEFT),
        Job("rounds", 2, lambda comments: comments.rounds.follow(), FILTERS_LEFT),
        Job("filters", 30, lambda comments: comments.limiting.tell_filters()),
    ],
)
