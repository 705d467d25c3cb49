"""What the document says of tokens is what happens: the gateway's list of open routes is made of it."""

from typing import Any

import httpx
import pytest

SAMPLES = {"handle": "nobody_here", "code": "ABCDEF", "after": "0"}  # all others are ids
ID = "01890000-0000-7000-8000-000000000000"


def of(path: str, operation: dict[str, Any]) -> str:
    asked = []
    for parameter in operation.get("parameters", ()):
        value = SAMPLES.get(parameter["name"], ID)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", value)
        elif parameter["in"] == "query" and parameter.get("required"):
            asked.append(f"{parameter['name']}={value}")
    return path + ("?" + "&".join(asked) if asked else "")


@pytest.fixture
async def operations(client: httpx.AsyncClient) -> list[tuple[str, str, dict[str, Any]]]:
    document = (await client.get("/openapi.json")).json()
    return [
        (method.upper(), of(path, operation), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


async def test_an_operation_that_asks_for_a_token_refuses_who_has_none(
    client: httpx.AsyncClient, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    asking = [(method, path) for method, path, operation in operations if operation.get("security") == [{"bearer": []}]]
    assert ("PUT", f"/v1/votebooth/polls/{ID}/ballot") in asking
    assert ("POST", "/v1/polls") in asking
    for method, path in asking:
        answer = await client.request(method, path, json={} if method in {"POST", "PUT", "PATCH"} else None)
        # What is sent may be looked at first; nobody gets further than that.
        assert answer.status_code in {400, 401}, (method, path, answer.text)
        assert method != "GET" or answer.status_code == 401, path


async def test_reading_what_is_open_needs_no_token(
    client: httpx.AsyncClient, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    reading = [
        path for method, path, operation in operations if method == "GET" and operation.get("security", [{}])[-1] == {}
    ]
    assert f"/v1/polls/{ID}" in reading
    for path in reading:
        assert (await client.get(path)).status_code in {200, 404}, path


async def test_a_bad_token_is_refused_where_none_is_needed(
    client: httpx.AsyncClient, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    wrong = {"authorization": "Bearer wrong"}
    reading = [
        path
        for method, path, operation in operations
        if method == "GET" and operation.get("security") == [{"bearer": []}, {}]
    ]
    for path in reading:
        assert (await client.get(path, headers=wrong)).status_code == 401, path
