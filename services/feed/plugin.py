"""Feed as a `Service`."""

from services.core.circles import block_handler, follow_handler, mute_handler
from services.core.events.handler import Handler
from services.core.personal import Personal
from services.core.service import Job, Service
from services.feed.controllers import CONTROLLERS
from services.feed.events import (
    AccountDeleted,
    BlockChanged,
    FollowChanged,
    MuteChanged,
    PollChanged,
    ProfileChanged,
    TagChanged,
    WaveChanged,
)
from services.feed.models import Block, Follow, Mute, Person
from services.feed.repository.entries import exported
from services.feed.service import Feed
from services.feed.service.taking_over import SECONDS

SERVICE = Service(
    "feed",
    Feed,
    controllers=CONTROLLERS,
    handlers=[
        Handler(PollChanged, Feed.on_poll_changed, Feed.keep_polls),
        Handler(WaveChanged, Feed.on_wave_changed, Feed.keep_waves),
        Handler(ProfileChanged, Feed.on_profile_changed, Feed.keep_profiles),
        follow_handler(FollowChanged, Follow),
        block_handler(BlockChanged, Block),
        mute_handler(MuteChanged, Mute),
        Handler(TagChanged, Feed.on_tag_changed),
    ],
    personal=Personal(AccountDeleted, Feed.erase, exported, Person),
    needs=["expressions", "profiles"],
    jobs=[
        Job("words", 60, Feed.sweep),
        Job("tags", 3600, Feed.sweep_tags),
        Job("rankings", 3600, Feed.sweep_rankings),
        Job("trends", 60, Feed.reckon_trends),
        Job("earlier", SECONDS, lambda feed: feed.taking_over.run()),
    ],
)
