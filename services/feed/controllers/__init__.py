"""Feed over HTTP."""

from services.feed.controllers.feeds import FeedController
from services.feed.controllers.search import SearchController

CONTROLLERS = [FeedController, SearchController]

__all__ = ["CONTROLLERS"]
