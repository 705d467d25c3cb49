"""A poll's life, from draft to archive."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.identity.subject import Subject
from services.polls.controllers.answers import CHANGED, TIMED, AnyRequest, answer, refusals, weighed
from services.polls.controllers.throttles import CHANGING, WEIGHING, WRITING
from services.polls.service import Polls


class LifeController(Controller):
    """Steps of a poll's life."""

    tags = ("Polls",)

    @post(
        "/{poll_id:uuid}/publish",
        operation_id="PollPublish",
        summary="Publish a draft",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**CHANGED, **refusals(_422="`poll-refused`: closes_at is past.")},
    )
    async def publish(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Publish: it opens at opens_at, or now. Repeating it changes nothing."""
        return await weighed(request, answer(await polls.publish(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/close",
        operation_id="PollClose",
        summary="Close a poll now",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**TIMED, **refusals(_409="`not-open`: it isn't open yet.")},
    )
    async def close(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Close for good: after a 200 no ballot is taken any more. Repeating it changes nothing."""
        return await weighed(request, answer(await polls.close(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/archive",
        operation_id="PollArchive",
        summary="Archive a closed poll",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses={**CHANGED, **refusals(_409="`not-closed`: it isn't closed.")},
    )
    async def archive(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Take a closed poll out of the lists; its address stays good."""
        return await weighed(request, answer(await polls.archive(subject, poll_id)))

    @post(
        "/{poll_id:uuid}/unarchive",
        operation_id="PollUnarchive",
        summary="Take a poll out of the archive",
        guards=[WRITING, CHANGING, WEIGHING],
        status_code=200,
        responses=CHANGED,
    )
    async def unarchive(
        self,
        request: AnyRequest,
        polls: NamedDependency[Polls],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
    ) -> Response[Any]:
        """Put an archived poll back into the lists; it stays closed."""
        return await weighed(request, answer(await polls.unarchive(subject, poll_id)))
