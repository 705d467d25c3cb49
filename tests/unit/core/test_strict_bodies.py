"""A body that isn't what its route takes is refused by its type, before anything of it is looked through."""

import json

import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from litestar.testing import AsyncTestClient
from msgspec import Struct
from services.core.http import errors, request
from services.core.http.request import StrictRequest


class Body(Struct, forbid_unknown_fields=True):
    title: str


@post("/typed", status_code=200)
async def typed(data: JSONBody[Body]) -> str:
    return data.title


@pytest.mark.parametrize(
    ("body", "looked_through"),
    [
        (b"[" + b"{}," * 100_000 + b"{}]", 0),
        (json.dumps({str(number): 0 for number in range(50_000)}).encode(), 0),
        (b'{"title": "x", "title": "y"}', 1),
    ],
)
async def test_what_has_another_type_isn_t_looked_through(
    body: bytes, looked_through: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    check = request.check_json

    def noted(raw: bytes) -> None:
        calls.append(len(raw))
        check(raw)

    monkeypatch.setattr(request, "check_json", noted)
    app = Litestar(
        [typed],
        request_class=StrictRequest,
        exception_handlers=errors.HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    async with AsyncTestClient(app) as client:
        answer = await client.post("/typed", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert len(calls) == looked_through
        good = await client.post("/typed", json={"title": "x"})
        assert (good.status_code, good.text) == (200, "x")
