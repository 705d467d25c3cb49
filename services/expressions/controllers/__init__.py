"""Expressions over HTTP."""

from litestar import Controller

from services.expressions.controllers.images import UploadController, WaveImageController
from services.expressions.controllers.internal import ToldController
from services.expressions.controllers.moderation import CONTROLLERS as MODERATION
from services.expressions.controllers.reactions import ReactionController
from services.expressions.controllers.waves import WaveController

CONTROLLERS: list[type[Controller]] = [
    WaveController,
    ReactionController,
    UploadController,
    WaveImageController,
    *MODERATION,
]

INTERNAL_CONTROLLERS: list[type[Controller]] = [ToldController]

__all__ = ["CONTROLLERS", "INTERNAL_CONTROLLERS"]
