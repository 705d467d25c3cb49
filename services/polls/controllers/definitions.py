"""Definitions of polls: made, found, read, changed, deleted."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, IdempotencyKey, IfMatch, IfNoneMatch, Limit
from services.core.http.compression import COMPRESSED
from services.core.http.dependencies import site_of
from services.core.http.limits import LARGE_BODY_BYTES
from services.core.identity.subject import Subject
from services.core.problems import Problem
from services.polls.controllers.answers import (
    KEY_USED,
    LATER,
    MADE_BEFORE,
    OWN,
    READ,
    TIMED,
    AnyRequest,
    answer,
    created,
    poll,
    refusals,
    weighed,
)
from services.polls.controllers.throttles import CHANGING, CREATING, FINDING, MISS, WEIGHING, WRITING
from services.polls.methods import Status
from services.polls.schemas import PollCard, PollEdit, PollNew
from services.polls.service import Polls


class DefinitionController(Controller):
    """Definitions of polls."""

    tags = ("Polls",)

    @post(
        "/",
        operation_id="PollCreate",
        summary="Create a poll",
        guards=[WRITING, CREATING, WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses={
            **poll(201, "The new poll."),
            **MADE_BEFORE,
            **refusals(401, 403, 413, 422, 429, _409=KEY_USED),
        },
    )
    async def create(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        data: JSONBody[PollNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Create a draft, or with `publish` a poll that opens at its time or at once."""
        seen, new = await polls.create(subject, data, key, address=site_of(request))
        return await weighed(request, created(seen, new=new))

    @get("/", operation_id="PollList", summary="List polls", opt=COMPRESSED, responses=refusals(401))
    async def list(
        self,
        polls: NamedDependency[Polls],
        viewer: NamedDependency[Subject | None],
        mine: Annotated[bool, QueryParameter(description="Your own polls, drafts included.")] = False,
        owner: Annotated[UUID | None, QueryParameter(description="Polls of this account.")] = None,
        status: Annotated[
            Status | None, QueryParameter(description="Polls with this status now. Archived ones are listed only so.")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[PollCard]:
        """Return published polls, the newest first."""
        return await polls.list(viewer, mine=mine, owner=owner, status=status, cursor=cursor, limit=limit)

    @get("/{poll_id:uuid}", operation_id="PollRead", summary="See a poll", opt=COMPRESSED, responses=READ)
    async def read(
        self,
        polls: NamedDependency[Polls],
        viewer: NamedDependency[Subject | None],
        poll_id: FromPath[UUID],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        """Return a poll with its method, options, rules, times and status; results are VoteBooth's."""
        return answer(await polls.read(viewer, poll_id, if_none_match))

    @get(
        "/by-code/{code:str}",
        operation_id="PollByCode",
        summary="Find a poll by its join code",
        guards=[FINDING],
        responses={**READ, **refusals(429)},
    )
    async def by_code(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        viewer: NamedDependency[Subject | None],
        code: FromPath[str],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        """Return the poll with a join code; case, spaces and hyphens don't matter."""
        try:
            return answer(await polls.read_by_code(viewer, code, if_none_match))
        except Problem as exc:
            if exc.status == 404:
                await FINDING.charge(request, MISS - 1)
            raise

    @patch(
        "/{poll_id:uuid}",
        operation_id="PollEdit",
        summary="Change a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses={**TIMED, **refusals(412, 413, 422, 503, _409="Too late: `locked` or `irreversible`.")},
    )
    async def edit(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[PollEdit],
        if_match: IfMatch = None,
    ) -> Response[Any]:
        """Change what is given.

        A draft takes any change. Once published, an anonymous poll stays anonymous. Once it is open, title,
        description and the options' descriptions and links may change until somebody votes, and closes_at until it
        closes; all else is locked.
        """
        return await weighed(
            request, answer(await polls.edit(subject, poll_id, data, if_match, address=site_of(request)))
        )

    @delete(
        "/{poll_id:uuid}",
        operation_id="PollDelete",
        summary="Delete a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        responses={202: ResponseSpec(None, description=LATER), **OWN},
    )
    async def delete(
        self, polls: NamedDependency[Polls], subject: NamedDependency[Subject], poll_id: FromPath[UUID]
    ) -> Response[None]:
        """Delete a poll. Moderators may delete others' published polls; that is logged too."""
        return Response(None, status_code=204 if await polls.delete(subject, poll_id) else 202)

    @post(
        "/{poll_id:uuid}/duplicate",
        operation_id="PollDuplicate",
        summary="Copy a poll",
        guards=[WRITING, CREATING, WEIGHING],
        responses={
            **poll(201, "The new draft."),
            **MADE_BEFORE,
            **refusals(401, 403, 404, 429, _409=KEY_USED),
        },
    )
    async def duplicate(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Make a draft of your own with the same definition and rules, without times, from any poll you see."""
        seen, new = await polls.duplicate(subject, poll_id, key)
        return await weighed(request, created(seen, new=new))
