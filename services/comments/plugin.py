"""Comments as a `Service`."""

from services.comments.controllers import CONTROLLERS
from services.comments.events import AccountDeleted, BlockChanged, PollChanged, ProfileChanged
from services.comments.models import Block, Person
from services.comments.repository import exported
from services.comments.service import Comments
from services.comments.settings import CommentsSettings
from services.core.circles import block_handler
from services.core.events.handler import Handler
from services.core.people import people_handler
from services.core.personal import Personal
from services.core.service import Service

SERVICE = Service(
    "comments",
    Comments,
    settings=CommentsSettings,
    controllers=CONTROLLERS,
    handlers=[
        Handler(PollChanged, Comments.on_poll_changed),
        people_handler(ProfileChanged),
        block_handler(BlockChanged, Block),
    ],
    personal=Personal(AccountDeleted, Comments.erase, exported, Person),
    needs=["polls", "profiles"],
)
