"""Waves: published, read, changed, deleted."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, IdempotencyKey, Limit, problems
from services.core.identity.subject import Subject
from services.expressions.controllers.rules import READS, TEXTS, WAVE_BYTES, WRITES
from services.expressions.schemas import History, WaveEdit, WaveNew, Waves, WavesWanted, WaveView
from services.expressions.service import Expressions

_CONFLICTS = (
    "`idempotency-key-used`: it was sent with another request, or what it made is deleted. "
    "`image-used`: an image isn't yours, isn't ready or is shown already."
)
_BROKEN = "`wave-refused`; `errors` names the fields. Or `not-for-all`: that Wave can't be shared on."


class WaveController(Controller):
    """Short posts."""

    path = "/waves"
    tags = ("Expressions",)

    @post(
        "/",
        operation_id="WaveCreate",
        summary="Publish a Wave",
        guards=WRITES,
        request_max_body_size=WAVE_BYTES,
        responses={
            201: ResponseSpec(WaveView, description="The new Wave.", generate_examples=False),
            200: ResponseSpec(WaveView, description="What this Idempotency-Key made before.", generate_examples=False),
            **problems(TEXTS, 400, 401, 403, 404, 413, 429, 503, _409=_CONFLICTS, _422=_BROKEN),
        },
    )
    async def create(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        data: JSONBody[WaveNew],
        key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Publish a text, perhaps with images, a poll, or a Wave that it shares on."""
        wave, new = await expressions.writing.create(subject, data, key)
        view = await expressions.reading.one(subject, wave)
        headers = {"Location": f"/v1/expressions/waves/{wave}"}
        return Response(view, status_code=201 if new else 200, headers=headers)

    @get(
        "/",
        operation_id="WaveList",
        summary="List somebody's Waves",
        guards=READS,
        responses=problems(TEXTS, 400, 401, 429),
    )
    async def by(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        author: Annotated[UUID, QueryParameter(description="Their account, or mine.")],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[WaveView]:
        """Return the Waves of somebody that I may see, Ripples included, the newest first."""
        return await expressions.reading.by(viewer, author, cursor, limit)

    @post(
        "/batch",
        operation_id="WaveBatch",
        summary="See many Waves",
        status_code=200,
        guards=READS,
        responses=problems(TEXTS, 400, 401, 413, 422, 429),
    )
    async def batch(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        data: JSONBody[WavesWanted],
    ) -> Waves:
        """Return up to 100 Waves in the order in which they are asked for; what I may not see is left out."""
        return await expressions.reading.some(viewer, data.waves)

    @get(
        "/{wave_id:uuid}",
        operation_id="WaveRead",
        summary="See a Wave",
        guards=READS,
        responses=problems(TEXTS, 401, 404, 429),
    )
    async def read(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        wave_id: FromPath[UUID],
    ) -> WaveView:
        """Return a Wave with its counts, and what I did with it."""
        return await expressions.reading.one(viewer, wave_id)

    @patch(
        "/{wave_id:uuid}",
        operation_id="WaveEdit",
        summary="Change a Wave",
        guards=WRITES,
        request_max_body_size=WAVE_BYTES,
        responses=problems(
            TEXTS,
            400,
            401,
            403,
            404,
            413,
            429,
            _409="`wave-hidden`: it can't be changed meanwhile.",
            _422="`wave-refused`, or `bare-ripple`: it has no text to change.",
        ),
    )
    async def edit(
        self,
        expressions: NamedDependency[Expressions],
        subject: NamedDependency[Subject],
        wave_id: FromPath[UUID],
        data: JSONBody[WaveEdit],
    ) -> WaveView:
        """Give my Wave another text. What it said before stays in its history."""
        await expressions.writing.edit(subject, wave_id, data)
        return await expressions.reading.one(subject, wave_id)

    @delete(
        "/{wave_id:uuid}",
        operation_id="WaveDelete",
        summary="Delete a Wave",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def delete(
        self, expressions: NamedDependency[Expressions], subject: NamedDependency[Subject], wave_id: FromPath[UUID]
    ) -> None:
        """Delete my Wave for good, with its history. Where there is none, it does nothing."""
        await expressions.writing.delete(subject, wave_id)

    @get(
        "/{wave_id:uuid}/history",
        operation_id="WaveHistory",
        summary="See what a Wave has said",
        guards=READS,
        responses=problems(TEXTS, 401, 404, 429),
    )
    async def history(
        self,
        expressions: NamedDependency[Expressions],
        viewer: NamedDependency[Subject | None],
        wave_id: FromPath[UUID],
    ) -> History:
        """Return all that a Wave has said, the latest first."""
        return await expressions.reading.history(viewer, wave_id)
