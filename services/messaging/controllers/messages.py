"""Messages after they were sent, reactions to them, and search."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.identity.subject import Subject
from services.messaging.controllers.rules import MESSAGE_BYTES, READS, SEARCHES, SENDS, TEXTS, WRITES
from services.messaging.schemas import MAX_QUERY, MessageEdit, MessageEmoji, MessageRevision, MessageView
from services.messaging.service import Messaging

_NOT_YOURS = "`not-the-owner`: it is somebody else's. `guest-refused`, `missing-scope`."
_GONE = "`message-gone`: it is deleted. `not-reachable`: they can't be written to."


class MessageController(Controller):
    """Messages after they were sent, reactions to them, and search."""

    path = "/messages"
    tags = ("Messages",)

    @get(
        "/",
        operation_id="MessageSearch",
        summary="Search in my messages",
        guards=SEARCHES,
        responses=problems(TEXTS, 400, 401, 403, 429, _422="`search-refused`: nothing to search for, or too much."),
    )
    async def search(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        q: Annotated[
            str,
            QueryParameter(
                max_length=MAX_QUERY, description='Words; `"two words"` in a row, `or` between, `-` before what isn\'t.'
            ),
        ],
        conversation: Annotated[UUID | None, QueryParameter(description="Only in this one.")] = None,
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[MessageView]:
        """Return messages of my conversations that have these words, the newest first."""
        return await messaging.reading.search(subject, q, conversation, cursor, limit)

    @get(
        "/{message_id:uuid}",
        operation_id="MessageRead",
        summary="See a message",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def read(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
    ) -> MessageView:
        """Return a message."""
        return await messaging.reading.message(subject, message_id)

    @get(
        "/{message_id:uuid}/history",
        operation_id="MessageHistory",
        summary="See what a message said before",
        guards=READS,
        responses=problems(TEXTS, 401, 403, 404, 429),
    )
    async def history(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
    ) -> list[MessageRevision]:
        """Return the earlier texts of an edited message, the first one first."""
        return await messaging.reading.history(subject, message_id)

    @patch(
        "/{message_id:uuid}",
        operation_id="MessageEdit",
        summary="Edit my message",
        guards=SENDS,
        request_max_body_size=MESSAGE_BYTES,
        responses=problems(
            TEXTS,
            400,
            401,
            404,
            413,
            422,
            429,
            _403=_NOT_YOURS,
            _409=f"{_GONE} `edit-window-over`: it was sent too long ago.",
        ),
    )
    async def edit(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
        data: JSONBody[MessageEdit],
    ) -> MessageView:
        """Give a message another text, within a day and 20 times at most; readers can see what it said before."""
        return await messaging.changing.edit(subject, message_id, data.text)

    @delete(
        "/{message_id:uuid}",
        operation_id="MessageDelete",
        summary="Delete a message",
        guards=WRITES,
        responses=problems(TEXTS, 401, 404, 429, _403=_NOT_YOURS),
    )
    async def erase(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
    ) -> None:
        """Delete a message for all, history and reactions included; who leads a group may delete anybody's."""
        await messaging.changing.delete(subject, message_id)

    @put(
        "/{message_id:uuid}/reaction",
        operation_id="MessageReact",
        summary="React to a message",
        guards=WRITES,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            429,
            _409=f"{_GONE} `not-accepted`: accept the conversation first. `too-many-emojis`: choose one that it has.",
            _422="`reaction-refused`: it isn't one emoji.",
        ),
    )
    async def react(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
        data: JSONBody[MessageEmoji],
    ) -> MessageView:
        """React with an emoji, in place of the one before."""
        return await messaging.changing.react(subject, message_id, data.emoji)

    @delete(
        "/{message_id:uuid}/reaction",
        operation_id="MessageReactionWithdraw",
        summary="Take my reaction back",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 429, _409=f"{_GONE} `not-accepted`: accept the conversation first."),
    )
    async def withdraw(
        self,
        messaging: NamedDependency[Messaging],
        subject: NamedDependency[Subject],
        message_id: FromPath[UUID],
    ) -> None:
        """React no longer. Where there is no reaction, it does nothing."""
        await messaging.changing.react(subject, message_id, None)
