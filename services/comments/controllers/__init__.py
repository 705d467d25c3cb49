"""Comments over HTTP."""

from services.comments.controllers.comments import CommentController
from services.comments.controllers.limits import FilterController, LimitController
from services.comments.controllers.moderation import ModerationController
from services.comments.controllers.reports import CaseController, ReportController
from services.comments.controllers.threads import ThreadController

CONTROLLERS = [
    ThreadController,
    CommentController,
    ModerationController,
    ReportController,
    CaseController,
    FilterController,
    LimitController,
]

__all__ = ["CONTROLLERS"]
