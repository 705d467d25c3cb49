import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from .conftest import bearer, opened, status
from .test_accounts import soon


async def made(client: httpx.AsyncClient, person: Any, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/auth/keys", json={"name": "export", "scopes": [], **body}, headers=bearer(person))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    new: dict[str, Any] = answer.json()
    return new


async def exchange(client: httpx.AsyncClient, api_key: str) -> httpx.Response:
    return await client.post("/v1/auth/tokens", json={"api_key": api_key})


async def test_a_key_is_shown_once_and_gives_short_tokens_with_its_scopes(client: httpx.AsyncClient) -> None:
    ada = await opened(client)
    new = await made(client, ada, name="  nightly\u0301 export ", scopes=["votes:write", "polls:write"])
    assert new["api_key"].startswith(new["key"]["start"])
    assert len(new["key"]["start"]) == 7
    answer = await exchange(client, new["api_key"])
    assert answer.status_code == 201
    tokens = answer.json()
    assert "refresh_token" not in tokens
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["scope"], claims["sub"]) == ("polls:write votes:write", ada["account"]["id"])
    assert claims["sid"] == new["key"]["id"]
    listed = (await client.get("/v1/auth/keys", headers=bearer(ada))).json()["items"]
    assert [key["id"] for key in listed] == [new["key"]["id"]]
    assert listed[0]["last_used_at"] is not None
    assert "api_key" not in listed[0]


async def test_a_key_does_what_its_scopes_say_and_nothing_with_the_account(client: httpx.AsyncClient) -> None:
    ada = await opened(client)
    reader = (await exchange(client, (await made(client, ada))["api_key"])).json()
    writer = (await exchange(client, (await made(client, ada, scopes=["profiles:write"]))["api_key"])).json()
    edit = {"display_name": "Ada"}
    assert (await client.patch("/v1/profiles/me", json=edit, headers=bearer(reader))).status_code == 403
    assert (await client.patch("/v1/profiles/me", json=edit, headers=bearer(writer))).status_code == 200
    me = await client.get("/v1/auth/me", headers=bearer(writer))
    assert me.json()["email"] is None
    session = ada["session_id"]
    calls = [
        ("GET", "/v1/auth/sessions", None),
        ("DELETE", "/v1/auth/sessions", None),
        ("DELETE", "/v1/auth/sessions/current", None),
        ("DELETE", f"/v1/auth/sessions/{session}", None),
        ("GET", "/v1/auth/keys", None),
        ("POST", "/v1/auth/keys", {"name": "more", "scopes": ["polls:write"]}),
        ("DELETE", f"/v1/auth/keys/{writer['session_id']}", None),
        ("PUT", "/v1/auth/password", {"current": "x", "new": "another boat, lamp and keys"}),
        ("PUT", f"/v1/auth/accounts/{ada['account']['id']}/role", {"role": "admin"}),
    ]
    for method, path, body in calls:
        answer = await client.request(method, path, json=body, headers=bearer(writer))
        assert answer.status_code == 403, (method, path)
    assert await status(client, ada) == 200


async def test_an_ended_key_and_its_tokens_stop_working(client: httpx.AsyncClient) -> None:
    ada, eve = await opened(client), await opened(client)
    new = await made(client, ada)
    tokens = (await exchange(client, new["api_key"])).json()
    assert await status(client, tokens) == 200
    path = f"/v1/auth/keys/{new['key']['id']}"
    assert (await client.delete(path, headers=bearer(eve))).status_code == 404
    assert (await client.delete(path, headers=bearer(ada))).status_code == 204
    assert (await client.delete(path, headers=bearer(ada))).status_code == 404
    assert (await exchange(client, new["api_key"])).status_code == 401
    await soon(client, tokens, 401)
    assert (await client.get("/v1/auth/keys", headers=bearer(ada))).json()["items"] == []


async def test_a_key_that_has_expired_is_no_key_and_its_tokens_end_with_it(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    ada = await opened(client)
    new = await made(client, ada, expires_at=(datetime.now(UTC) + timedelta(seconds=60)).isoformat())
    tokens = (await exchange(client, new["api_key"])).json()
    assert tokens["expires_in"] <= 60
    await votewave.sql("UPDATE auth.api_key SET expires_at = now() WHERE id = $1", UUID(new["key"]["id"]))
    assert (await exchange(client, new["api_key"])).status_code == 401
    past = {"name": "late", "scopes": [], "expires_at": "2020-01-01T00:00:00Z"}
    assert (await client.post("/v1/auth/keys", json=past, headers=bearer(ada))).status_code == 422


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"scopes": ["account:write"]}, 400),
        ({"scopes": ["*"]}, 400),
        ({"scopes": "polls:write"}, 400),
        ({"name": ""}, 400),
        ({"name": " \t "}, 422),
        ({"name": "a\u0000b"}, 422),
        ({"expires_at": "2099-01-01T00:00:00"}, 400),
        ({"expires_at": "soon"}, 400),
    ],
)
async def test_keys_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, body: dict[str, Any], expected: int
) -> None:
    ada = await opened(client)
    answer = await client.post("/v1/auth/keys", json={"name": "export", "scopes": [], **body}, headers=bearer(ada))
    assert answer.status_code == expected, answer.text


@pytest.mark.parametrize("api_key", ["", "vw_", "vw_" + "A" * 43, "vr_" + "A" * 43, "vw_é", "vw_\u0000"])
async def test_every_wrong_key_gets_the_same_answer(client: httpx.AsyncClient, api_key: str) -> None:
    answer = await exchange(client, api_key)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "This API key is invalid, expired or deleted."


async def test_racing_requests_make_no_more_keys_than_allowed(strict: Any) -> None:
    async with httpx.AsyncClient(base_url=strict.url, timeout=20) as client:
        ada = await opened(client)
        answers = await asyncio.gather(
            *(client.post("/v1/auth/keys", json={"name": f"k{n}", "scopes": []}, headers=bearer(ada)) for n in range(8))
        )
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 6


async def test_a_session_ended_before_a_restart_stays_ended(strict: Any) -> None:
    async with httpx.AsyncClient(base_url=strict.url, timeout=20) as client:
        ada = await opened(client)
        new = await made(client, ada)
        tokens = (await exchange(client, new["api_key"])).json()
        await client.delete(f"/v1/auth/keys/{new['key']['id']}", headers=bearer(ada))
        await client.delete("/v1/auth/sessions/current", headers=bearer(ada))
    strict.kill()
    strict.restart()
    started = time.monotonic()
    async with httpx.AsyncClient(base_url=strict.url, timeout=20) as client:
        await soon(client, ada, 401)
        await soon(client, tokens, 401)
    assert time.monotonic() - started < 5


async def test_an_idempotency_key_makes_one_api_key_and_tells_it_once(client: httpx.AsyncClient) -> None:
    ada, bo = await opened(client), await opened(client)

    async def ask(person: Any, key: str, name: str = "nightly") -> tuple[int, str]:
        headers = {**bearer(person), "idempotency-key": key}
        answer = await client.post("/v1/auth/keys", json={"name": name, "scopes": []}, headers=headers)
        return answer.status_code, answer.json().get("type", "").rpartition("/")[2]

    answers = await asyncio.gather(*(ask(ada, "once") for _ in range(6)))
    assert sorted(answers) == [(201, "")] + [(409, "already-done")] * 5
    assert await ask(ada, "once", "another") == (409, "idempotency-key-used")
    assert [await ask(bo, "once"), await ask(ada, "twice")] == [(201, "")] * 2
    assert (await ask(ada, "not one"))[0] == 400
    listed = (await client.get("/v1/auth/keys", headers=bearer(ada))).json()["items"]
    assert len(listed) == 2
    for key in listed:
        await client.delete(f"/v1/auth/keys/{key['id']}", headers=bearer(ada))
    assert await ask(ada, "once") == (409, "already-done"), "a late repetition brings back no key that was ended"
