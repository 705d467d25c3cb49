"""The conversation with one person."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.http.api import problems
from services.core.identity.subject import Subject
from services.messaging.controllers.conversations import NOT_SENT, SENT, sent
from services.messaging.controllers.rules import MESSAGE_BYTES, READS, SENDS, TEXTS
from services.messaging.schemas import ConversationDetail, MessageNew
from services.messaging.service import Messaging


class PersonController(Controller):
    """The conversation with one person."""

    path = "/people/{account_id:uuid}"
    tags = ("Conversations",)

    @get(
        "/conversation",
        operation_id="ConversationWith",
        summary="See the conversation with somebody",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def read(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        account_id: FromPath[UUID],
    ) -> ConversationDetail:
        """Return the conversation of the two of you; there is one at most, since a first message was sent."""
        return await messaging.reading.with_person(subject, account_id)

    @post(
        "/messages",
        operation_id="MessageSendTo",
        summary="Send a message to somebody",
        guards=SENDS,
        request_max_body_size=MESSAGE_BYTES,
        responses={
            **SENT,
            **problems(
                TEXTS,
                400,
                401,
                403,
                404,
                413,
                429,
                503,
                _409=NOT_SENT,
                _422="`not-oneself`: it is your own account. `message-refused`: `errors` names the fields.",
            ),
        },
    )
    async def send(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        account_id: FromPath[UUID],
        data: JSONBody[MessageNew],
    ) -> Response[Any]:
        """Send a message; the first one begins the conversation. If they don't follow you, it waits as a request."""
        message, new = await messaging.sending.to_person(subject, account_id, data)
        return sent(message, new=new)
