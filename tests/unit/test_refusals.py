"""The check that refusals stand in the document would notice one that doesn't."""

import httpx
from tests.refusals import Documented

_BASE = "https://votewave.example/problems/"
_DOCUMENT = {
    "paths": {
        "/v1/polls/{poll_id}": {"get": {"responses": {"200": {}, "404": {"x-problem-types": [f"{_BASE}not-found"]}}}},
        "/v1/polls/mine": {"get": {"responses": {"200": {}}}},
    }
}


def _answer(path: str, kind: str, status: int = 404) -> httpx.Response:
    return httpx.Response(
        status,
        json={"type": _BASE + kind},
        headers={"content-type": "application/problem+json"},
        request=httpx.Request("GET", f"http://127.0.0.1{path}"),
    )


async def test_types_that_the_document_lacks_are_found() -> None:
    documented = Documented(_DOCUMENT)
    await documented.hold(_answer("/v1/polls/some?x=1", "not-found"))
    await documented.hold(_answer("/v1/nothing", "not-found"))
    assert documented.missing == set()
    await documented.hold(_answer("/v1/polls/some", "gone"))
    await documented.hold(_answer("/v1/polls/some", "not-found", 403))
    await documented.hold(_answer("/v1/polls/mine", "not-found"))
    assert documented.missing == {
        "GET /v1/polls/{poll_id}: 404 gone",
        "GET /v1/polls/{poll_id}: 403 not-found",
        "GET /v1/polls/mine: 404 not-found",
    }
