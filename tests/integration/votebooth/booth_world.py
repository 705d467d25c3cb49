"""People, polls and ballots for the tests of results; each call makes new ones, so that tests don't meet."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
from services.polls.methods import PARAMETERS
from websockets.asyncio.client import ClientConnection, connect

Headers = dict[str, str]
PASSWORD = "a boat, a lamp and 3 keys"


def bearer(token: str) -> Headers:
    """Return the header for an access token."""
    return {"authorization": f"Bearer {token}"}


async def a_user(client: httpx.AsyncClient, email: str | None = None) -> Headers:
    """Sign somebody up; return their header."""
    body = {"email": email or f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await client.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["access_token"])


async def a_guest(client: httpx.AsyncClient) -> Headers:
    """Let a guest in; return their header."""
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["access_token"])


async def an_administrator(client: httpx.AsyncClient, votewave: Any) -> Headers:
    """Sign an administrator up; return their header."""
    email = f"{uuid4().hex}@example.org"
    await a_user(client, email)
    await votewave.sql("UPDATE auth.account SET role = 'admin' WHERE email = $1", email)
    answer = await client.post("/v1/auth/sessions", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert answer.json()["account"]["role"] == "admin"
    return bearer(answer.json()["access_token"])


async def a_poll(
    client: httpx.AsyncClient,
    owner: Headers,
    method: str = "single",
    options: tuple[str, ...] = ("Ada", "Bo", "Cy"),
    rules: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    """Publish a poll that anybody may vote in; return its id."""
    parameters = {name: more.pop(name) for name in PARAMETERS if name in more}
    body = {
        "title": "Who?",
        "method": {"type": method, **parameters},
        "options": [{"label": label} for label in options],
        "rules": {"eligibility": "anyone", **(rules or {})},
        "publish": True,
        **more,
    }
    answer = await client.post("/v1/polls/", json=body, headers=owner)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def cast(client: httpx.AsyncClient, poll: str, voter: Headers, ballot: dict[str, Any]) -> None:
    """Cast or change a ballot."""
    answer = await client.put(f"/v1/votebooth/polls/{poll}/ballot", json=ballot, headers=voter)
    assert answer.status_code in {200, 201}, answer.text


async def cast_many(client: httpx.AsyncClient, poll: str, ballots: list[dict[str, Any]]) -> None:
    """Cast each ballot as a guest of its own."""
    guests = await asyncio.gather(*(a_guest(client) for _ in ballots))
    await asyncio.gather(*(cast(client, poll, guest, ballot) for guest, ballot in zip(guests, ballots, strict=True)))


async def close(client: httpx.AsyncClient, poll: str, owner: Headers) -> None:
    """Close a poll and wait until VoteBooth knows: the fact travels as an event."""
    async with socket(client, poll) as connection:
        await heard(connection)
        answer = await client.post(f"/v1/polls/{poll}/close", headers=owner)
        assert answer.status_code == 200, answer.text
        await until(connection, status="final")


async def results(client: httpx.AsyncClient, poll: str, who: Headers | None = None) -> httpx.Response:
    """Ask for a poll's result."""
    return await client.get(f"/v1/votebooth/polls/{poll}/results", headers=who or {})


async def shown(client: httpx.AsyncClient, poll: str, who: Headers | None = None) -> dict[str, Any]:
    """Return a poll's result, which is to be seen."""
    answer = await results(client, poll, who)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def sums(result: dict[str, Any]) -> list[int]:
    """Return the sums of a result or snapshot, in the order of the options."""
    return [option["sum"] for option in result["options"]]


def stream_of(poll: str) -> str:
    """Return the name of a poll's live stream."""
    return f"poll:{poll}"


async def a_ticket(client: httpx.AsyncClient, who: Headers) -> str:
    """Get a ticket for a WebSocket."""
    answer = await client.post("/v1/votebooth/live/tickets", json={}, headers=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


async def a_stream_ticket(client: httpx.AsyncClient, poll: str, who: Headers) -> str:
    """Get a ticket for an EventSource."""
    body = {"stream": stream_of(poll), **({"token": who["ballot-token"]} if "ballot-token" in who else {})}
    answer = await client.post("/v1/votebooth/live/tickets", json=body, headers=who)
    assert answer.status_code == 201, answer.text
    assert 600 < answer.json()["expires_in"] <= 900, "as long as the token, with which the stream ends"
    return str(answer.json()["ticket"])


def live_url(client: httpx.AsyncClient, ticket: str | None = None) -> str:
    """Return the URL of the WebSocket."""
    query = f"?ticket={ticket}" if ticket else ""
    return f"{str(client.base_url).replace('http', 'ws', 1).rstrip('/')}/v1/votebooth/live{query}"


async def follow(connection: ClientConnection, poll: str, since: str | None = None, **more: Any) -> None:
    """Follow a poll, from a mark of SSE if there is one."""
    if since is not None:
        epoch, _, seq = since.rpartition("/")
        more |= {"epoch": epoch, "seq": int(seq)}
    await connection.send(json.dumps({"type": "follow", "stream": stream_of(poll), **more}))


@asynccontextmanager
async def socket(
    client: httpx.AsyncClient, poll: str, who: Headers | None = None, since: str | None = None
) -> AsyncIterator[ClientConnection]:
    """Follow a poll over a WebSocket."""
    more = {"token": who["ballot-token"]} if who and "ballot-token" in who else {}
    async with connect(live_url(client, await a_ticket(client, who) if who else None)) as connection:
        await follow(connection, poll, since, **more)
        yield connection


def flat(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message about a poll as one object: a state's fields, or what changed, beside the position."""
    if not message.get("stream", "").startswith("poll:"):
        return message
    if message["type"] == "snapshot":
        state = message.pop("state")
        kind = "hidden" if state.pop("kind") == "hidden" else "snapshot"
        return {**message, **state, "type": kind}
    if message["type"] == "delta":
        [changes] = message.pop("events")
        assert changes.pop("kind") == "sums"
        return {**message, "changes": changes}
    return message


async def heard(connection: ClientConnection, seconds: float = 5) -> dict[str, Any]:
    """Return the next message of a WebSocket."""
    return flat(json.loads(await asyncio.wait_for(connection.recv(), seconds)))


async def until(
    connection: ClientConnection, kind: str | None = None, seconds: float = 5, **wanted: Any
) -> dict[str, Any]:
    """Return the next message of a type, or any, with the fields that are wanted."""
    async with asyncio.timeout(seconds):
        while True:
            message = await heard(connection, seconds)
            if kind in {None, message["type"]} and all(message.get(key) == value for key, value in wanted.items()):
                return message


@asynccontextmanager
async def events(
    client: httpx.AsyncClient,
    poll: str,
    who: Headers | None = None,
    last: str | None = None,
    ticket: str | None = None,
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Follow a poll by SSE; each message has its event's id as `id`."""
    if who and "ballot-token" in who:
        who, ticket = None, await a_stream_ticket(client, poll, who)
    headers = {**(who or {}), **({"last-event-id": last} if last else {})}
    query = {"stream": stream_of(poll), **({"ticket": ticket} if ticket else {})}
    async with client.stream("GET", "/v1/votebooth/live/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    mark = None
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            mark = value
        elif name == "data":
            yield {**flat(json.loads(value)), "id": mark}
            mark = None


async def said(stream: AsyncIterator[dict[str, Any]], seconds: float = 5) -> dict[str, Any]:
    """Return the next message of an SSE stream."""
    return await asyncio.wait_for(anext(stream), seconds)
