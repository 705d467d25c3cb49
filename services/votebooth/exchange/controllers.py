"""Export and count over HTTP."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, MediaType, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath, QueryParameter

from services.core.http.api import problems
from services.core.http.compression import COMPRESSED
from services.core.http.dependencies import site_of
from services.core.http.guards import ANY_TOKEN
from services.core.http.limits import LARGE_BODY_BYTES, ByteLimit, limit, limit_address
from services.core.http.streaming import BoundStream
from services.core.identity.subject import Subject
from services.core.problems import Problem, malformed
from services.votebooth.description import RESULTS
from services.votebooth.exchange.service import Exchange, Format
from services.votebooth.results import schemas
from services.votebooth.results.controllers import VISIBLE, hidden
from services.votebooth.results.state import Viewer
from services.votebooth.tally.model import MAX_SCORE

FileFormat = Literal["ranks", "scores", "grid", "blt", "preflib", "scottish", "json"]
Delimiter = Literal[",", ";", "tab"]

_EXPORT = {
    200: ResponseSpec(
        str, description="The file, in the format asked for.", media_type="text/csv", generate_examples=False
    ),
    **problems(
        RESULTS,
        400,
        401,
        403,
        404,
        429,
        503,
        _409="`poll-open`: the ballots can be had once the poll is over.",
        _422="`format-unfit`: only ranked ballots go into blt and preflib.",
    ),
}
_COUNT = {
    200: ResponseSpec(schemas.Results, description="The result; its `poll` is null.", generate_examples=False),
    **problems(
        RESULTS,
        400,
        401,
        429,
        503,
        types={422: "uncountable"},
        _413="The file is too large for this; use `votewave tally`.",
        _422="`uncountable`: `detail` says why, `line` and `column` where.",
    ),
}


WEIGHING = ByteLimit("count-bytes", subject=10_000_000, address=40_000_000, per=600)
EXPORTING = ByteLimit("export-bytes", subject=200_000_000, address=800_000_000, per=600)
"""Of files that leave; the largest one there may be passes, and has to be waited for afterwards."""

_CHARGED_BYTES = 1_000_000


@dataclass
class CountOperation(Operation):
    """Describes the file, which the handler reads by itself."""

    def __post_init__(self) -> None:
        """Add the body."""
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        form = Schema(type=OpenAPIType.OBJECT, title="BallotFile", required=["file"], properties={"file": file})
        self.request_body = RequestBody(
            {
                "application/octet-stream": OpenAPIMediaType(schema=file),
                "multipart/form-data": OpenAPIMediaType(schema=form),
            },
            description="The file, whatever its type is said to be, or a form with it.",
            required=True,
        )


class ExchangeController(Controller):
    """Ballots as files."""

    tags = ("Results",)

    @get(
        "/polls/{poll_id:uuid}/export",
        operation_id="BallotExport",
        summary="Get a poll's ballots as a file",
        opt=COMPRESSED,
        guards=[limit("export", 60, per=60), EXPORTING],
        responses=_EXPORT,
    )
    async def export(
        self,
        request: Request[Any, Any, Any],
        exchange: NamedDependency[Exchange],
        viewer: NamedDependency[Subject | None],
        poll_viewer: NamedDependency[Viewer],
        poll_id: FromPath[UUID],
        file_format: Annotated[Format, QueryParameter(name="format", description="The file's format.")] = "csv",
    ) -> Response[Any]:
        """Return counts of equal ballots, once the poll is over, to those who may see its result.

        There is no voter, receipt or time in it, and nothing that shows the order in which ballots came.
        The file says how it is counted, the seed included: `votewave tally FILE` comes to the same result.
        """
        with ExitStack() as stack:
            try:
                place = stack.enter_context(exchange.export_place(viewer, site_of(request)))
                file = await exchange.export(poll_id, poll_viewer, viewer, file_format)
            except Problem as exc:
                return hidden(exc)
            stack.pop_all()  # from now on it is the answer's
        headers = {**VISIBLE, "content-disposition": f'attachment; filename="{file.name}"'}
        return BoundStream(_weighed(request, file.content), file.media_type, headers, place=place)

    @post(
        "/count",
        operation_id="FileCount",
        operation_class=CountOperation,
        summary="Count a file of ballots",
        opt=COMPRESSED,
        status_code=200,
        guards=[ANY_TOKEN, limit("count", 20, per=60), limit_address("count", 60, per=60), WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses=_COUNT,
    )
    async def count(
        self,
        exchange: NamedDependency[Exchange],
        subject: NamedDependency[Subject],
        request: Request[Any, Any, Any],
        method: Annotated[schemas.MethodName, QueryParameter(description="How to count.")],
        seats: Annotated[
            int | None, QueryParameter(ge=1, le=1000, description="Options to elect; else the file's, or 1.")
        ] = None,
        file_format: Annotated[
            FileFormat | None, QueryParameter(name="format", description="Guessed from the content if left out.")
        ] = None,
        prefix: Annotated[
            str, QueryParameter(max_length=200, description="What stands before the number of a column of ranks.")
        ] = "rank",
        ignore: Annotated[
            str,
            QueryParameter(max_length=2000, description="Columns of CSV to leave out, by commas."),
        ] = "",
        delimiter: Annotated[
            Delimiter | None, QueryParameter(description="What separates columns of CSV; a comma if left out.")
        ] = None,
        words: Annotated[
            str,
            QueryParameter(
                max_length=2000,
                description="Words in cells of CSV, as `n/a=skipped,XX=overvote`; also `writein`, `total`, `name`.",
            ),
        ] = "",
        options: Annotated[str, QueryParameter(max_length=4000, description="The options there are, by commas.")] = "",
        max_score: Annotated[
            int | None,
            QueryParameter(
                ge=1, le=MAX_SCORE, description="Highest score of the scale; else the file's, 5 in STAR, or any."
            ),
        ] = None,
        seed: Annotated[
            str | None, QueryParameter(max_length=200, description="Of the order that breaks ties; else the file's.")
        ] = None,
    ) -> Response[Any]:
        """Count a file as `votewave tally --json` does, and keep nothing of it.

        The file is the body, or the part `file` of a multipart form: CSV (ranks, scores or a grid), BLT, PrefLib, or
        the JSON of an export. A refusal names the options of the command; here they are parameters of the same names.
        """
        address = site_of(request)
        with exchange.upload_place(subject, address):  # before the file is read
            data = await _file(request)
            answer = await exchange.count(
                subject,
                address,
                data,
                method=method,
                seats=seats,
                form=file_format,
                prefix=prefix,
                ignore=ignore,
                delimiter=delimiter,
                words=words,
                options=options,
                max_score=max_score,
                seed=seed,
            )
        return Response(answer, media_type=MediaType.JSON)


async def _weighed(request: Request[Any, Any, Any], content: AsyncIterator[str]) -> AsyncGenerator[bytes, None]:
    """Yield a file, and have those who asked for it feel with their next request how much of it was made."""
    size = 0
    try:
        async for piece in content:
            data = piece.encode()
            size += len(data)
            if size > _CHARGED_BYTES:  # now: whoever goes away in the middle may not come to the end
                await EXPORTING.charge(request, size)
                size = 0
            yield data
    finally:
        await EXPORTING.charge(request, size)


async def _file(request: Request[Any, Any, Any]) -> bytes:
    """Return the uploaded file.

    Raises:
        Problem: 400 if a form has no part `file`.
    """
    if request.content_type[0] != "multipart/form-data":
        # Not `body()`, which takes what begins like JSON for JSON: a quoted heading does.
        return b"".join([piece async for piece in request.stream()])
    try:
        part = (await request.form()).get("file")
    except ClientException as exc:
        raise malformed("The form can't be read.") from exc
    if not isinstance(part, UploadFile):
        raise malformed("Send the ballots as the form's part `file`.")
    return await part.read()
