import asyncio
import json
import time
from typing import Any
from uuid import UUID

import httpx
import pytest
import redis.asyncio
from services.auth.service import Auth
from services.core.kit import Kit

from .conftest import bearer, opened, refreshed, signed_in, status
from .test_accounts import soon

AGE = "UPDATE auth.refresh_token SET used_at = used_at - interval '11 seconds' WHERE session_id = $1"


async def test_a_refresh_gives_a_new_pair_of_the_same_session(client: httpx.AsyncClient) -> None:
    ada = await opened(client)
    answer = await refreshed(client, ada["refresh_token"])
    assert answer.status_code == 201
    new = answer.json()
    assert new["session_id"] == ada["session_id"]
    assert new["refresh_token"] != ada["refresh_token"]
    assert await status(client, new) == 200


async def test_sixteen_racing_refreshes_give_one_successor_and_sign_nobody_out(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    ada = await opened(client)
    answers = await asyncio.gather(*(refreshed(client, ada["refresh_token"]) for _ in range(16)))
    assert [answer.status_code for answer in answers] == [201] * 16
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    unused = "SELECT count(*) FROM auth.refresh_token WHERE session_id = $1 AND used_at IS NULL"
    assert (await votewave.sql(unused, UUID(ada["session_id"])))[0][0] == 1
    assert (await refreshed(client, successors.pop())).status_code == 201


async def test_a_retry_within_the_grace_gets_where_the_others_have_got_to(client: httpx.AsyncClient) -> None:
    ada = await opened(client)
    token = ada["refresh_token"]
    for _ in range(3):
        token = (await refreshed(client, token)).json()["refresh_token"]
    assert (await refreshed(client, ada["refresh_token"])).json()["refresh_token"] == token


async def test_reuse_after_the_grace_ends_the_family_for_thief_and_owner(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    ada = await opened(client)
    other = await signed_in(client, ada)
    new = (await refreshed(client, ada["refresh_token"])).json()
    await votewave.sql(AGE, UUID(ada["session_id"]))
    stolen = await refreshed(client, ada["refresh_token"])
    assert stolen.status_code == 401
    assert (await refreshed(client, new["refresh_token"])).status_code == 401, "the whole family"
    await soon(client, new, 401)
    assert await status(client, other) == 200, "and no other session"
    log = await votewave.sql(
        "SELECT detail::text FROM auth.audit_log WHERE action = 'session.ended' AND target = $1",
        UUID(ada["session_id"]),
    )
    assert len(log) == 1
    assert "reused" in log[0][0]


async def test_sixteen_racing_reuses_end_the_family_once(client: httpx.AsyncClient, votewave: Any) -> None:
    ada = await opened(client)
    await refreshed(client, ada["refresh_token"])
    await votewave.sql(AGE, UUID(ada["session_id"]))
    answers = await asyncio.gather(*(refreshed(client, ada["refresh_token"]) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {401}
    log = await votewave.sql("SELECT 1 FROM auth.audit_log WHERE target = $1", UUID(ada["session_id"]))
    assert len(log) == 1


async def test_every_bad_refresh_token_gets_the_same_answer(client: httpx.AsyncClient, votewave: Any) -> None:
    ada, bob = await opened(client), await opened(client)
    await client.delete("/v1/auth/sessions/current", headers=bearer(ada))
    expire = "UPDATE auth.session SET expires_at = now() WHERE id = $1"
    await votewave.sql(expire, UUID(bob["session_id"]))
    tokens = [ada["refresh_token"], bob["refresh_token"], "vr_" + "A" * 43, "", "x" * 128, ada["access_token"][:128]]
    answers = [await refreshed(client, token) for token in tokens]
    answers.append(await client.post("/v1/auth/sessions/refresh"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_salts_that_lead_to_newer_tokens_are_forgotten_after_the_grace(
    client: httpx.AsyncClient, votewave: Any
) -> None:
    ada = await opened(client)
    session = UUID(ada["session_id"])
    new = (await refreshed(client, ada["refresh_token"])).json()
    await votewave.sql(AGE, session)
    await refreshed(client, new["refresh_token"])
    salts = "SELECT count(*) FROM auth.refresh_token WHERE session_id = $1 AND salt IS NOT NULL"
    assert (await votewave.sql(salts, session))[0][0] == 1, "only that of the last few seconds"


async def test_somebody_sees_their_sessions_and_nobody_elses(client: httpx.AsyncClient) -> None:
    here, eve = await opened(client), await opened(client)
    for n in range(4):
        await client.post(
            "/v1/auth/sessions",
            json={"email": here["account"]["email"], "password": "a boat, a lamp and 3 keys"},
            headers={"user-agent": f"Browser {n}"},
        )
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get("/v1/auth/sessions", params={"limit": 2, "cursor": cursor}, headers=bearer(here))
        seen += page.json()["items"]
        cursor = page.json()["next"]
    assert [session["user_agent"] for session in seen[:4]] == [f"Browser {n}" for n in (3, 2, 1, 0)]
    assert [session["id"] for session in seen if session["current"]] == [here["session_id"]]
    assert {session["network"] for session in seen} == {"127.0.0.0/24"}
    theirs = await client.delete(f"/v1/auth/sessions/{here['session_id']}", headers=bearer(eve))
    assert theirs.status_code == 404
    assert (await client.get("/v1/auth/sessions?cursor=nonsense", headers=bearer(here))).status_code == 400
    of_sessions = (await client.get("/v1/auth/sessions?limit=1", headers=bearer(here))).json()["next"]
    assert (await client.get(f"/v1/auth/keys?cursor={of_sessions}", headers=bearer(here))).status_code == 400
    assert await status(client, here) == 200


async def test_an_ended_session_stops_working_within_three_seconds(client: httpx.AsyncClient) -> None:
    here = await opened(client)
    there = await signed_in(client, here)
    assert await status(client, there) == 200, "it is remembered as good"
    ended = await client.delete(f"/v1/auth/sessions/{there['session_id']}", headers=bearer(here))
    assert ended.status_code == 204
    assert (await refreshed(client, there["refresh_token"])).status_code == 401, "at once"
    await soon(client, there, 401)
    assert await status(client, here) == 200
    again = await client.delete(f"/v1/auth/sessions/{there['session_id']}", headers=bearer(here))
    assert again.status_code == 404


async def test_signing_out_ends_this_session_and_everywhere_ends_all(client: httpx.AsyncClient) -> None:
    one = await opened(client)
    two, three = await signed_in(client, one), await signed_in(client, one)
    assert (await client.delete("/v1/auth/sessions/current", headers=bearer(one))).status_code == 204
    await soon(client, one, 401)
    assert await status(client, two) == 200
    assert (await client.delete("/v1/auth/sessions", headers=bearer(two))).status_code == 204
    await soon(client, two, 401)
    await soon(client, three, 401)


async def test_signing_out_twice_at_once_is_no_error(client: httpx.AsyncClient) -> None:
    ada = await opened(client)
    answers = await asyncio.gather(*(client.delete("/v1/auth/sessions/current", headers=bearer(ada)) for _ in range(4)))
    found = {answer.status_code for answer in answers}
    assert 204 in found
    assert found <= {204, 401}


async def test_a_flushed_redis_is_told_again_of_ended_sessions(client: httpx.AsyncClient, votewave: Any) -> None:
    ada = await opened(client)
    await client.delete("/v1/auth/sessions/current", headers=bearer(ada))
    store = redis.asyncio.Redis.from_url(votewave.redis_url)
    try:
        await store.delete("votewave:revoked", "votewave:revoked:version")
        deadline = time.monotonic() + 5
        while await store.zscore("votewave:revoked", UUID(ada["session_id"]).bytes) is None:
            assert time.monotonic() < deadline, "the job runs every two seconds"
            await asyncio.sleep(0.1)
    finally:
        await store.aclose()


async def test_a_browser_keeps_the_refresh_token_where_no_script_can_read_it(client: httpx.AsyncClient) -> None:
    guest = await client.post("/v1/auth/guests", json={"refresh": "cookie"})
    assert "refresh_token" not in guest.json()
    cookie = guest.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/v1/auth"))
    new = await client.post("/v1/auth/sessions/refresh")
    assert new.status_code == 201
    assert "refresh_token" not in new.json()
    assert new.headers["set-cookie"] != guest.headers["set-cookie"]
    assert (await client.post("/v1/auth/sessions/refresh", json={})).status_code == 201
    out = await client.delete("/v1/auth/sessions/current", headers=bearer(new.json()))
    assert "max-age=0" in out.headers["set-cookie"].lower()
    assert (await client.post("/v1/auth/sessions/refresh")).status_code == 401


async def test_another_sites_page_can_neither_use_nor_plant_the_cookie(client: httpx.AsyncClient) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    planted = await client.post("/v1/auth/guests", json={"refresh": "cookie"}, headers=foreign)
    assert planted.status_code == 403
    assert "set-cookie" not in planted.headers
    assert (await client.post("/v1/auth/sessions/refresh", headers=foreign)).status_code == 403


COOKIE_DOORS = [
    ("/v1/auth/accounts", {"email": "eve@example.org", "password": "a boat, a lamp and 3 keys"}),
    ("/v1/auth/sessions", {"email": "eve@example.org", "password": "a boat, a lamp and 3 keys"}),
    ("/v1/auth/guests", {}),
]


@pytest.mark.parametrize(("path", "body"), COOKIE_DOORS)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1"]
)
async def test_a_foreign_origin_plants_no_cookie(
    client: httpx.AsyncClient, path: str, body: dict[str, str], origin: str
) -> None:
    answer = await client.post(path, json={**body, "refresh": "cookie"}, headers={"origin": origin})
    assert answer.status_code == 403, answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("path", "body"), COOKIE_DOORS)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", None]
)
async def test_what_a_foreign_form_can_send_plants_no_cookie(
    client: httpx.AsyncClient, path: str, body: dict[str, str], kind: str | None
) -> None:
    content = json.dumps({**body, "refresh": "cookie"}).encode()
    headers = {} if kind is None else {"content-type": kind}
    answer = await client.post(path, content=content, headers=headers)
    assert answer.status_code == 415, answer.text
    assert "set-cookie" not in answer.headers


async def test_the_cookie_is_used_from_our_own_pages_only(client: httpx.AsyncClient, votewave: Any) -> None:
    await client.post("/v1/auth/guests", json={"refresh": "cookie"})
    path = "/v1/auth/sessions/refresh"
    assert (await client.post(path, headers={"origin": "https://evil.example"})).status_code == 403
    assert (await client.post(path, content=b"null", headers={"content-type": "text/plain"})).status_code == 415
    assert (await client.post(path, headers={"origin": votewave.url})).status_code == 201
    proxied = {"origin": "https://vote.example.org", "host": "vote.example.org"}
    assert (await client.post(path, headers=proxied)).status_code == 201


async def test_what_has_been_over_for_a_month_is_forgotten_and_nothing_else(
    client: httpx.AsyncClient, votewave: Any, kit: Kit[Any]
) -> None:
    old, live = await opened(client), await opened(client)
    await client.delete("/v1/auth/sessions/current", headers=bearer(old))
    month = "UPDATE auth.session SET ended_at = ended_at - interval '31 days' WHERE id = $1"
    await votewave.sql(month, UUID(old["session_id"]))
    following = (await refreshed(client, live["refresh_token"])).json()["refresh_token"]
    used = "UPDATE auth.refresh_token SET used_at = used_at - interval '31 days' WHERE session_id = $1"
    await votewave.sql(used, UUID(live["session_id"]))
    await Auth(kit).forget()
    left = "SELECT session_id FROM auth.refresh_token WHERE session_id = ANY($1::uuid[])"
    rows = await votewave.sql(left, [UUID(old["session_id"]), UUID(live["session_id"])])
    assert [row[0] for row in rows] == [UUID(live["session_id"])]
    assert (await refreshed(client, following)).status_code == 201
    assert (await refreshed(client, live["refresh_token"])).status_code == 401
