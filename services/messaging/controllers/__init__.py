"""Messaging over HTTP."""

from litestar import Controller

from services.messaging.controllers.attachments import AttachmentController
from services.messaging.controllers.conversations import ConversationController
from services.messaging.controllers.groups import GroupController
from services.messaging.controllers.messages import MessageController
from services.messaging.controllers.own import OwnController
from services.messaging.controllers.people import PersonController
from services.messaging.controllers.reports import CONTROLLERS as REPORTS

CONTROLLERS: list[type[Controller]] = [
    ConversationController,
    GroupController,
    MessageController,
    PersonController,
    OwnController,
    AttachmentController,
    *REPORTS,
]

__all__ = ["CONTROLLERS"]
