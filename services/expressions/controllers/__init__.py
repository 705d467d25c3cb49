"""Expressions over HTTP."""

from litestar import Controller

from services.expressions.controllers.images import UploadController, WaveImageController
from services.expressions.controllers.reactions import ReactionController
from services.expressions.controllers.waves import WaveController

CONTROLLERS: list[type[Controller]] = [WaveController, ReactionController, UploadController, WaveImageController]

__all__ = ["CONTROLLERS"]
