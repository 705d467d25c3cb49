"""API keys over HTTP."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.auth.controllers import throttles
from services.auth.controllers.answers import READING, WRITING, AnyRequest, answer, problems
from services.auth.schemas import KeyRequest, KeyUse, KeyView, NewKey, Tokens
from services.auth.service import Auth
from services.core.data.pagination import DEFAULT_LIMIT, Page
from services.core.http.api import Cursor, IdempotencyKey, Limit
from services.core.http.limits import limit
from services.core.identity.subject import Subject


class KeyController(Controller):
    """Access for programs."""

    tags = ("API keys",)

    @post(
        "/keys",
        operation_id="KeyCreate",
        summary="Make an API key",
        guards=[WRITING, limit("key-create", 60, per=60)],
        responses=problems(
            401,
            403,
            429,
            _409="`too-many-keys`: delete one first. `already-done`, `idempotency-key-used`: of the key.",
            _422="`text-refused`: the name. `key-expired`: `expires_at` is past.",
        ),
    )
    async def create(
        self,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        data: JSONBody[KeyRequest],
        key: IdempotencyKey = None,
    ) -> Response[NewKey]:
        """Make a key. `api_key` is shown this once: the same Idempotency-Key again gets 409 `already-done`."""
        made = await auth.keys.create(subject, data, key)
        return Response(made, status_code=201, headers={"Cache-Control": "no-store"})

    @get("/keys", operation_id="KeyList", summary="List my API keys", guards=[READING], responses=problems(401, 403))
    async def list_keys(
        self,
        auth: NamedDependency[Auth],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[KeyView]:
        """List my good keys, newest first."""
        return await auth.keys.list(subject, cursor, limit)

    @delete(
        "/keys/{key:uuid}",
        operation_id="KeyEnd",
        summary="End an API key",
        guards=[WRITING],
        responses=problems(401, 403, 404),
    )
    async def end(self, auth: NamedDependency[Auth], subject: NamedDependency[Subject], key: FromPath[UUID]) -> None:
        """End a key. Access tokens got with it stop working within seconds."""
        await auth.keys.end(subject, key)

    @post(
        "/tokens",
        operation_id="KeyExchange",
        summary="Use an API key",
        guards=[throttles.sessions],
        responses=problems(429, _401="`bad-key`: it is none, has expired or was deleted."),
    )
    async def exchange(
        self, request: AnyRequest, auth: NamedDependency[Auth], data: JSONBody[KeyUse]
    ) -> Response[Tokens]:
        """Exchange an API key for a short access token with the key's scopes."""
        return answer(request, await auth.keys.exchange(data), "body")
