"""What is written down beside a poll's definition."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, IdempotencyKey, Limit
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.polls.controllers.answers import (
    KEY_USED,
    OWN,
    AnyRequest,
    created,
    poll,
    refusals,
    weighed,
)
from services.polls.controllers.throttles import CHANGING, WEIGHING, WRITING
from services.polls.schemas import NoteNew, PollLogEntry
from services.polls.service import Polls


class RecordController(Controller):
    """Notes and the log: what is added stays."""

    tags = ("Polls",)

    @post(
        "/{poll_id:uuid}/notes",
        operation_id="PollNote",
        summary="Add a note to a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        responses={
            **poll(201, "The poll with the new note."),
            **poll(200, "The poll; this Idempotency-Key has added the note before."),
            **OWN,
            **refusals(422, _409=f"`not-published`: it is a draft. `locked`: it is archived. {KEY_USED}"),
        },
    )
    async def note(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[NoteNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Add to a published poll what its locked question doesn't say. A note can't be changed or taken back."""
        seen, new = await polls.add_note(subject, poll_id, data.text, key)
        return await weighed(request, created(seen, new=new))

    @get(
        "/{poll_id:uuid}/log",
        operation_id="PollLog",
        summary="See what was done to a poll",
        guards=[ANY_TOKEN],
        responses=OWN,
    )
    async def log(
        self,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[PollLogEntry]:
        """Return every administrative act on your poll, the latest first. Nobody can change the log."""
        return await polls.log(subject, poll_id, cursor=cursor, limit=limit)
