"""Feed over HTTP."""

from services.feed.controllers.feeds import FeedController
from services.feed.controllers.search import SearchController
from services.feed.controllers.wishes import HiddenController, LessController

CONTROLLERS = [FeedController, HiddenController, LessController, SearchController]

__all__ = ["CONTROLLERS"]
