"""Expressions over HTTP."""

from services.expressions.controllers.reactions import ReactionController
from services.expressions.controllers.waves import WaveController

CONTROLLERS = [WaveController, ReactionController]

__all__ = ["CONTROLLERS"]
