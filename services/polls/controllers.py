"""Polls over HTTP."""

import re
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, MediaType, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import UNCHANGED, Cursor, IdempotencyKey, IfMatch, IfNoneMatch, Limit, problems
from services.core.http.compression import COMPRESSED
from services.core.http.dependencies import site_of
from services.core.http.guards import ANY_TOKEN, requires
from services.core.http.limits import LARGE_BODY_BYTES, ByteLimit, limit_address
from services.core.http.limits import limit as rate
from services.core.identity.subject import Subject
from services.core.problems import Problem, malformed
from services.polls.events import PollChanged
from services.polls.methods import Status
from services.polls.reading import Seen
from services.polls.schemas import NoteNew, PollCard, PollEdit, PollLogEntry, PollNew, PollView
from services.polls.service import Polls

WRITING = requires("polls:write")
CREATING = rate("poll-create", 300, per=60)
CHANGING = rate("poll-change", 300, per=60)
WEIGHING = ByteLimit("poll-bytes", subject=10_000_000, address=40_000_000, per=600)
"""Of all that is sent and answered: each answer holds the whole poll, whose reading and writing it stands for."""

FINDING = limit_address("poll-by-code", 1_200, per=60)
_MISS = 20
"""What a code that is no poll's costs, so that an audience finds its poll and nobody finds others' by trying."""

MOST_VERSIONS = 100
"""How many polls' versions are told in one answer."""

AnyRequest = Request[Any, Any, Any]

_KEY = re.compile(r"[\x21-\x7e]{1,128}")

_SAID = {
    403: "This is somebody else's poll, or the token lacks a scope, or you are a guest.",
    404: "There is no such poll, or you may not see it.",
    409: "It contradicts what the poll is now.",
    412: "The poll has changed since you read it.",
    503: "Whether somebody has voted already can't be found out; nothing was changed.",
}

_problems = partial(problems, _SAID, 400)


_KEY_USED = "The Idempotency-Key was sent with another request."


def _poll(status: int, description: str) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(PollView, description=description, generate_examples=False)}


_MADE_BEFORE = _poll(200, "The poll that this Idempotency-Key made before.")
_OWN = _problems(401, 403, 404, 429)
_CHANGED = {**_poll(200, "The poll as it is now."), **_OWN}
_LATER = "It is done here, and VoteBooth isn't known to have heard of it yet: it may take ballots for a moment."
_TIMED = {**_CHANGED, **_poll(202, f"{_LATER} The body is as with 200; the same request asks again.")}
_READ = {
    **_poll(200, "The poll."),
    304: UNCHANGED,
    **_problems(404),
}


def _answer(seen: Seen, status: int = 200) -> Response[bytes]:
    # `no-cache` lets others keep the answer and makes them ask each time whether it holds.
    headers = {"ETag": seen.etag, "Cache-Control": "no-cache" if seen.public else "private, no-store"}
    if not seen.body:
        return Response(b"", status_code=304, headers=headers)
    if not seen.arrived:
        status, headers["Retry-After"] = 202, "1"
    return Response(seen.body, status_code=status, media_type=MediaType.JSON, headers=headers)


async def _weighed(request: AnyRequest, answer: Response[bytes]) -> Response[bytes]:
    """Return an answer, and have those who asked for it feel its size with their next request."""
    await WEIGHING.charge(request, len(answer.content))
    return answer


def _checked(key: str | None) -> str | None:
    if key is not None and not _KEY.fullmatch(key):
        raise malformed("Idempotency-Key must be 1–128 visible ASCII characters.")
    return key


def _created(seen: Seen, *, new: bool = True) -> Response[bytes]:
    answer = _answer(seen, 201 if new else 200)
    answer.headers["Location"] = f"/v1/polls/{seen.poll_id}"
    return answer


class PollController(Controller):
    """Definitions of polls and their life, from draft to archive."""

    tags = ["Polls"]  # noqa: RUF012  (Litestar's own form)

    @post(
        "/",
        operation_id="PollCreate",
        summary="Create a poll",
        guards=[WRITING, CREATING, WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses={
            **_poll(201, "The new poll."),
            **_MADE_BEFORE,
            **_problems(401, 403, 413, 422, 429, _409=_KEY_USED),
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
        seen, new = await polls.create(subject, data, _checked(key), address=site_of(request))
        return await _weighed(request, _created(seen, new=new))

    @get("/", operation_id="PollList", summary="List polls", opt=COMPRESSED, responses=_problems(401))
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

    @get("/{poll_id:uuid}", operation_id="PollRead", summary="See a poll", opt=COMPRESSED, responses=_READ)
    async def read(
        self,
        polls: NamedDependency[Polls],
        viewer: NamedDependency[Subject | None],
        poll_id: FromPath[UUID],
        if_none_match: IfNoneMatch = None,
    ) -> Response[Any]:
        """Return a poll with its method, options, rules, times and status; results are VoteBooth's."""
        return _answer(await polls.read(viewer, poll_id, if_none_match))

    @get(
        "/by-code/{code:str}",
        operation_id="PollByCode",
        summary="Find a poll by its join code",
        guards=[FINDING],
        responses={**_READ, **_problems(429)},
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
            return _answer(await polls.read_by_code(viewer, code, if_none_match))
        except Problem as exc:
            if exc.status == 404:
                await FINDING.charge(request, _MISS - 1)
            raise

    @patch(
        "/{poll_id:uuid}",
        operation_id="PollEdit",
        summary="Change a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses={**_TIMED, **_problems(412, 413, 422, 503, _409="Too late: `locked` or `irreversible`.")},
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
        return await _weighed(
            request, _answer(await polls.edit(subject, poll_id, data, if_match, address=site_of(request)))
        )

    @delete(
        "/{poll_id:uuid}",
        operation_id="PollDelete",
        summary="Delete a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        responses={202: ResponseSpec(None, description=_LATER), **_OWN},
    )
    async def delete(
        self, polls: NamedDependency[Polls], subject: NamedDependency[Subject], poll_id: FromPath[UUID]
    ) -> Response[None]:
        """Delete a poll. Moderators may delete others' published polls; that is logged too."""
        return Response(None, status_code=204 if await polls.delete(subject, poll_id) else 202)

    @post(
        "/{poll_id:uuid}/publish",
        operation_id="PollPublish",
        summary="Publish a draft",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**_CHANGED, **_problems(_422="closes_at is past.")},
    )
    async def publish(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Publish: it opens at opens_at, or now. Repeating it changes nothing."""
        return await _weighed(request, _answer(await polls.publish(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/close",
        operation_id="PollClose",
        summary="Close a poll now",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**_TIMED, **_problems(_409="It isn't open yet.")},
    )
    async def close(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Close for good: after a 200 no ballot is taken any more. Repeating it changes nothing."""
        return await _weighed(request, _answer(await polls.close(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/archive",
        operation_id="PollArchive",
        summary="Archive a closed poll",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**_CHANGED, **_problems(_409="It isn't closed.")},
    )
    async def archive(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Take a closed poll out of the lists; its address stays good."""
        return await _weighed(request, _answer(await polls.archive(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/unarchive",
        operation_id="PollUnarchive",
        summary="Take a poll out of the archive",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses=_CHANGED,
    )
    async def unarchive(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Put an archived poll back into the lists; it stays closed."""
        return await _weighed(request, _answer(await polls.unarchive(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/duplicate",
        operation_id="PollDuplicate",
        summary="Copy a poll",
        guards=[WRITING, CREATING, WEIGHING],
        responses={
            **_poll(201, "The new draft."),
            **_MADE_BEFORE,
            **_problems(401, 403, 404, 429, _409=_KEY_USED),
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
        seen, new = await polls.duplicate(subject, poll_id, _checked(key))
        return await _weighed(request, _created(seen, new=new))

    @post(
        "/{poll_id:uuid}/notes",
        operation_id="PollNote",
        summary="Add a note to a poll",
        guards=[WRITING, CHANGING, WEIGHING],
        responses={
            **_poll(201, "The poll with the new note."),
            **_poll(200, "The poll; this Idempotency-Key has added the note before."),
            **_OWN,
            **_problems(422, _409=f"It is a draft or archived. Or: {_KEY_USED}"),
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
        seen, new = await polls.add_note(subject, poll_id, data.text, _checked(key))
        return await _weighed(request, _created(seen, new=new))

    @get(
        "/{poll_id:uuid}/log",
        operation_id="PollLog",
        summary="See what was done to a poll",
        guards=[ANY_TOKEN],
        responses=_OWN,
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


class RulesController(Controller):
    """For other services."""

    @get("/{poll_id:uuid}/rules", summary="A published poll as its event tells it")
    async def rules(
        self,
        polls: NamedDependency[Polls],
        poll_id: FromPath[UUID],
        settled: Annotated[bool, QueryParameter(description="Wait for a change that is under way.")] = False,
    ) -> PollChanged:
        """Return the whole state of a poll that was published; `deleted` says whether it is gone."""
        return await polls.rules(poll_id, settled=settled)

    @get("/versions", summary="The versions of published polls")
    async def versions(
        self,
        polls: NamedDependency[Polls],
        poll: Annotated[list[UUID], QueryParameter(max_items=MOST_VERSIONS, description="Polls.")],
    ) -> dict[UUID, int]:
        """Return the version of each of them that was published, deleted or not."""
        return await polls.versions(poll)
