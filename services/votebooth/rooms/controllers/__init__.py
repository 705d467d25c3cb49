"""Rooms over HTTP."""

from services.votebooth.rooms.controllers.audience import AudienceController
from services.votebooth.rooms.controllers.hosts import HostController
from services.votebooth.rooms.controllers.looking import LookController
from services.votebooth.rooms.controllers.rules import SCREEN_HEADER
from services.votebooth.rooms.controllers.stage import StageController

ROOM_CONTROLLERS = [HostController, StageController, LookController, AudienceController]

__all__ = ["ROOM_CONTROLLERS", "SCREEN_HEADER"]
