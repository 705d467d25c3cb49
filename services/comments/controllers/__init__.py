"""Comments over HTTP."""

from litestar import Controller

from services.comments.controllers.comments import CommentController
from services.comments.controllers.limits import FilterController, LimitController
from services.comments.controllers.moderation import ModerationController
from services.comments.controllers.reports import CONTROLLERS as REPORTS
from services.comments.controllers.threads import ThreadController

CONTROLLERS: list[type[Controller]] = [
    ThreadController,
    CommentController,
    ModerationController,
    *REPORTS,
    FilterController,
    LimitController,
]

__all__ = ["CONTROLLERS"]
