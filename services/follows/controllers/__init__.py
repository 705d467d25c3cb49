"""Follows over HTTP."""

from services.follows.controllers.apart import BlockController, MuteController
from services.follows.controllers.internal import AcceptedController
from services.follows.controllers.people import FollowController
from services.follows.controllers.requests import RequestController
from services.follows.controllers.tags import TagController

CONTROLLERS = [FollowController, RequestController, BlockController, MuteController, TagController]
INTERNAL_CONTROLLERS = [AcceptedController]

__all__ = ["CONTROLLERS", "INTERNAL_CONTROLLERS"]
