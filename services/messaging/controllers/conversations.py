"""Conversations: lists, one of them, what happens in it."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.messaging.controllers.rules import MESSAGE_BYTES, READS, SENDS, TEXTS, WRITES
from services.messaging.schemas import (
    ConversationChanges,
    ConversationDetail,
    ConversationView,
    MessageNew,
    MessageView,
    ReadPosition,
    RequestAnswer,
)
from services.messaging.service import Messaging

SENT = {
    201: ResponseSpec(MessageView, description="The new message.", generate_examples=False),
    200: ResponseSpec(MessageView, description="What this client_id was sent as before.", generate_examples=False),
}
NOT_SENT = (
    "`client-id-used`: with another message. `request-pending`: your first one waits to be accepted. `not-reachable`: "
    "they can't be written to. `message-gone`: what it answers is deleted. "
    "`not-accepted`: nobody has accepted to get files from you. `image-used`: something attached isn't ready, or was "
    "sent already."
)


class ConversationController(Controller):
    """Conversations: lists, one of them, what happens in it."""

    path = "/conversations"
    tags = ("Conversations",)

    @get(
        "/",
        operation_id="ConversationList",
        summary="List my conversations",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 429),
    )
    async def listed(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConversationView]:
        """Return the conversations that I am in, the last that was written in first, without requests."""
        return await messaging.reading.conversations(subject, cursor, limit)

    @get(
        "/requests",
        operation_id="MessageRequestList",
        summary="List what waits for me to accept it",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 429),
    )
    async def requests(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConversationView]:
        """Return first messages of people whom I don't follow, and groups that they have asked me into."""
        return await messaging.reading.requests(subject, cursor, limit)

    @get(
        "/{conversation_id:uuid}",
        operation_id="ConversationRead",
        summary="See a conversation and who is in it",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def read(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
    ) -> ConversationDetail:
        """Return a conversation and its members."""
        return await messaging.reading.detail(subject, conversation_id)

    @put(
        "/{conversation_id:uuid}/request",
        operation_id="MessageRequestAnswer",
        summary="Accept or decline a request",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 404, 413, 429),
    )
    async def answer(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        data: JSONBody[RequestAnswer],
    ) -> None:
        """Accept or decline; who is declined isn't told. Where nothing waits, it does nothing. Writing accepts, too."""
        await messaging.marking.answer(subject, conversation_id, accepted=data.accept)

    @get(
        "/{conversation_id:uuid}/messages",
        operation_id="MessageList",
        summary="List the messages of a conversation",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 404, 429),
    )
    async def messages(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[MessageView]:
        """Return messages, the newest first, back to when you joined."""
        return await messaging.reading.messages(subject, conversation_id, cursor, limit)

    @post(
        "/{conversation_id:uuid}/messages",
        operation_id="MessageSend",
        summary="Send a message into a conversation",
        guards=SENDS,
        request_max_body_size=MESSAGE_BYTES,
        responses={**SENT, **problems(TEXTS, 400, 401, 403, 404, 413, 422, 429, _409=NOT_SENT)},
    )
    async def send(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        data: JSONBody[MessageNew],
    ) -> Response[Any]:
        """Send a message. With the same `client_id` and text it is one message, however often it is sent."""
        message, new = await messaging.sending.into(subject, conversation_id, data)
        return sent(message, new=new)

    @get(
        "/{conversation_id:uuid}/changes",
        operation_id="ChangeList",
        summary="Catch up with a conversation",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 403, 404, 429),
    )
    async def changes(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        after: Annotated[int, QueryParameter(ge=0, description="The `seq` that you have; 0 without any.")] = 0,
    ) -> ConversationChanges:
        """Return what has happened since a position, in its order; or, after more than 300 changes, all as it is."""
        return await messaging.catching_up.after(subject, conversation_id, after)

    @put(
        "/{conversation_id:uuid}/read",
        operation_id="ConversationMarkRead",
        summary="Say how far I have read",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 400, 401, 403, 404, 413, 429),
    )
    async def mark(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        conversation_id: FromPath[UUID],
        data: JSONBody[ReadPosition],
    ) -> None:
        """Mark messages as read up to a position, which never goes back. Others see it, unless you don't let them."""
        await messaging.marking.read(subject, conversation_id, data.seq)


def sent(message: MessageView, *, new: bool) -> Response[Any]:
    """Answer a message that was sent."""
    headers = {"Location": f"/v1/messaging/messages/{message.id}"}
    return Response(message, status_code=201 if new else 200, headers=headers)
