"""Messaging over HTTP."""

from services.messaging.controllers.attachments import AttachmentController
from services.messaging.controllers.conversations import ConversationController
from services.messaging.controllers.groups import GroupController
from services.messaging.controllers.messages import MessageController
from services.messaging.controllers.own import OwnController
from services.messaging.controllers.people import PersonController
from services.messaging.controllers.reports import MessageCaseController, MessageReportController

CONTROLLERS = [
    ConversationController,
    GroupController,
    MessageController,
    PersonController,
    OwnController,
    AttachmentController,
    MessageReportController,
    MessageCaseController,
]

__all__ = ["CONTROLLERS"]
