"""Polls over HTTP."""

from services.polls.controllers.definitions import DefinitionController
from services.polls.controllers.life import LifeController
from services.polls.controllers.records import RecordController
from services.polls.controllers.rules import RulesController

CONTROLLERS = [DefinitionController, LifeController, RecordController]
INTERNAL_CONTROLLERS = [RulesController]

__all__ = ["CONTROLLERS", "INTERNAL_CONTROLLERS"]
