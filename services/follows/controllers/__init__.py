"""Follows over HTTP."""

from services.follows.controllers.apart import BlockController, MuteController
from services.follows.controllers.people import FollowController
from services.follows.controllers.requests import RequestController

CONTROLLERS = [FollowController, RequestController, BlockController, MuteController]

__all__ = ["CONTROLLERS"]
