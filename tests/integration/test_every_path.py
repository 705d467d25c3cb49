"""What holds on every path of the running services: no token in a URL, one list of methods, limits that are told."""

import gzip
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.integration.votebooth.booth_world import PASSWORD, a_guest, a_poll, a_user, bearer, cast, close

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture
async def paths(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Every path of the document, with something in place of its parameters, and what it takes."""
    document = (await client.get("/openapi.json")).json()
    return {re.sub(r"{\w+}", str(uuid4()), path): item for path, item in document["paths"].items()}


async def test_a_token_in_a_url_is_refused_on_every_path_and_never_logged(
    client: httpx.AsyncClient, votewave: Any, paths: dict[str, dict[str, Any]]
) -> None:
    answer = await client.post("/v1/auth/accounts", json={"email": f"{uuid4().hex}@example.org", "password": PASSWORD})
    tokens = answer.json()
    key = await client.post(
        "/v1/auth/keys", json={"name": "k", "scopes": ["polls:write"]}, headers=bearer(tokens["access_token"])
    )
    assert key.status_code == 201, key.text
    secrets = [tokens["access_token"], tokens["refresh_token"], key.json()["api_key"]]
    queries = [f"access_token={secrets[0]}", f"ticket={secrets[0]}", f"refresh_token={secrets[1]}"]
    queries += [f"t={secrets[1]}", f"limit=5&key={secrets[2]}"]
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                for query in queries:
                    refused = await client.request(method, f"{path}?{query}")
                    assert refused.status_code == 400, (method, path)
                    assert refused.json()["type"].endswith("/token-in-url"), (method, path)
    log = votewave.log()
    assert not [secret[:12] for secret in secrets if secret in log]


async def test_options_and_405_agree_on_every_path(client: httpx.AsyncClient, paths: dict[str, dict[str, Any]]) -> None:
    for path, item in paths.items():
        options = await client.options(path)
        assert options.status_code == 204, path
        said = options.headers["allow"].split(", ")
        taken = {method.upper() for method in METHODS if method in item}
        taken |= {"OPTIONS"} | ({"HEAD"} if "GET" in taken else set())
        assert set(said) == taken, path
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - taken:
            refused = await client.request(method, path)
            assert refused.status_code == 405, (method, path)
            assert refused.headers["allow"].split(", ") == said, (method, path)
    assert (await client.options("/v1/nothing")).status_code == 404


async def test_a_limited_route_says_what_is_left(client: httpx.AsyncClient) -> None:
    guest = await client.post("/v1/auth/guests")
    assert re.fullmatch(r'"guest";q=\d+;w=60', guest.headers["ratelimit-policy"])
    user = await a_user(client)
    left = []
    for _ in range(2):
        edited = await client.patch("/v1/profiles/me", json={"display_name": "Ada"}, headers=user)
        policy, now = edited.headers["ratelimit-policy"], edited.headers["ratelimit"]
        named = re.fullmatch(r'"(.+)";q=(\d+);w=(\d+)', policy)
        assert named, policy
        told = re.fullmatch(r'"(.+)";r=(\d+);t=(\d+)', now)
        assert told, now
        assert told[1] == named[1]
        left.append(int(told[2]))
        assert left[-1] < int(named[2])
    assert left[1] == left[0] - 1
    assert "ratelimit" not in (await client.get("/health/live")).headers


async def test_a_refusal_by_a_limit_says_which_and_when(client: httpx.AsyncClient) -> None:
    poll, user = await a_poll(client, await a_user(client)), await a_user(client)
    body = {"stream": f"poll:{poll}"}
    for _ in range(80):
        answer = await client.post("/v1/votebooth/live/tickets", json=body, headers=user)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert answer.headers["ratelimit"] == f'"live-ticket";r=0;t={answer.headers["retry-after"]}'


async def test_a_compressed_result_keeps_its_conditions(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner, "ranked_robin", tuple(f"Option {number}" for number in range(12)))
    await cast(client, poll, await a_guest(client), {"ranking": [1, 2, 3]})
    path = f"/v1/votebooth/polls/{poll}/results"
    packed = await client.get(path, headers={"accept-encoding": "gzip"})
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    assert packed.json() == plain.json()
    for tag in (packed.headers["etag"], plain.headers["etag"]):
        assert (await client.get(path, headers={"if-none-match": tag})).status_code == 304
    await close(client, poll, owner)
    export = f"/v1/votebooth/polls/{poll}/export?format=csv"
    async with client.stream("GET", export, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == (await client.get(export, headers={"accept-encoding": "identity"})).content


async def test_a_vote_and_its_receipt_are_not_compressed(client: httpx.AsyncClient) -> None:
    poll, voter = await a_poll(client, await a_user(client)), await a_guest(client)
    answer = await client.put(
        f"/v1/votebooth/polls/{poll}/ballot", json={"picks": [1]}, headers={**voter, "accept-encoding": "gzip, zstd"}
    )
    assert answer.status_code == 201
    assert not {"content-encoding", "vary"} & answer.headers.keys()


GUESTS = {"BallotPut", "BallotRead", "BallotWithdraw", "VoteBoothLiveTicketIssue"}
GUESTS |= {"AccountMine", "GuestUpgrade", "SessionEnd", "SessionEndAll", "SessionEndCurrent", "SessionList"}
GUESTS |= {"AccountDelete", "ArchiveAsk", "ArchiveRead"}
GUESTS |= {"RoomBeat", "RoomJoin", "RoomLeave", "RoomQuestionDelete", "RoomQuestionPut", "RoomQuestionVoteDelete"}
GUESTS |= {"RoomQuestionVotePut", "RoomReact"}
"""What guests do: vote, follow, take part in rooms, and leave or become users."""

OPEN = {
    "AccountOpen",
    "GuestAdmit",
    "SessionOpen",
    "SessionRefresh",
    "KeyExchange",
    "PollBatch",
    "ThreadBatch",
    "WaveBatch",
}
OPEN |= {"EmailConfirm", "PasswordReset", "PasswordResetAsk", "ReminderUnsubscribe", "Unsubscribe"}
"""What needs no token: ways to get one, what a mail's link stands for, questions that are too long for a URL."""


async def test_a_guest_votes_and_follows_and_does_nothing_else(
    client: httpx.AsyncClient, paths: dict[str, dict[str, Any]]
) -> None:
    """Whatever can't be done without a token is refused a guest's, on every route of every service."""
    guest, refused, allowed = await a_guest(client), 0, set()
    for path, item in paths.items():
        for method in METHODS:
            if method not in item:
                continue
            name = item[method]["operationId"]
            nobody = await client.request(method, path)
            if name in OPEN:
                continue
            if name in GUESTS:
                allowed.add(name)
                answer = await client.request(method, path, headers=await a_guest(client))
                assert nobody.status_code == 401, name
                assert answer.status_code != 401, name
                assert "guest-refused" not in answer.text, name
            elif nobody.status_code == 401:
                answer = await client.request(method, path, headers=guest)
                assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "guest-refused"), name
                refused += 1
            else:
                assert method == "get", name
    assert allowed == GUESTS
    assert refused > 40
