"""People and polls for the tests of Polls: each call makes new ones, so that tests don't meet."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import jwt
import pytest

PASSWORD = "a boat, a lamp and 3 keys"


class Person:
    """Somebody with an access token, or nobody."""

    def __init__(self, http: httpx.AsyncClient, token: str = "", account: str = "", email: str = "") -> None:
        self.http = http
        self.account = account
        self.email = email
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if content is not None:
            named["content-type"] = "application/json"
        return await self.http.request(method, f"/v1/polls{path}", content=content, headers={**self.headers, **named})

    async def create(self, **values: Any) -> dict[str, Any]:
        answer = await self.call("POST", "", a_poll(**values))
        assert answer.status_code == 201, answer.text
        poll: dict[str, Any] = answer.json()
        return poll

    async def read(self, poll: dict[str, Any] | str, **headers: str) -> httpx.Response:
        return await self.call("GET", f"/{poll if isinstance(poll, str) else poll['id']}", **headers)

    async def edit(self, poll: dict[str, Any], headers: dict[str, str] | None = None, **values: Any) -> httpx.Response:
        return await self.call("PATCH", f"/{poll['id']}", values, **(headers or {}))

    async def act(self, poll: dict[str, Any], act: str) -> httpx.Response:
        return await self.call("POST", f"/{poll['id']}/{act}")

    async def delete(self, poll: dict[str, Any]) -> httpx.Response:
        return await self.call("DELETE", f"/{poll['id']}")

    async def acts(self, poll: dict[str, Any]) -> list[str]:
        """Return the names of the acts in the poll's log, the latest first."""
        answer = await self.call("GET", f"/{poll['id']}/log")
        assert answer.status_code == 200, answer.text
        return [item["act"] for item in answer.json()["items"]]


def a_poll(**values: Any) -> dict[str, Any]:
    """Return a body for a new poll."""
    base = {
        "title": "Lunch?",
        "method": {"type": "single"},
        "options": [{"label": "Soup"}, {"label": "Salad"}, {"label": "Rice"}],
    }
    return {**base, **values}


def after(seconds: float) -> str:
    """Return the moment so many seconds from now, with an odd offset."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone(ZoneInfo("Asia/Kathmandu")).isoformat()


async def sign_up(http: httpx.AsyncClient) -> Person:
    """Return somebody new."""
    email = f"{uuid4().hex}@example.org"
    answer = await http.post("/v1/auth/accounts", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    said = answer.json()
    return Person(http, said["access_token"], said["account"]["id"], email)


async def sign_in(person: Person) -> Person:
    """Return the same person with a new session."""
    answer = await person.http.post("/v1/auth/sessions", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return Person(person.http, answer.json()["access_token"], person.account, person.email)


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def other(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def anybody(client: httpx.AsyncClient) -> Person:
    """Somebody without a token."""
    return Person(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Person:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Person(client, answer.json()["access_token"])


def service_token(votewave: Any) -> str:
    """Return what a service shows to its peers."""
    key = json.loads((votewave.data_dir / "secrets.json").read_bytes())["internal/key"]
    now = int(time.time())
    claims = {"iss": "votebooth", "aud": "votewave-internal", "iat": now, "exp": now + 30}
    return jwt.encode(claims, key, algorithm="HS256")


async def told(votewave: Any, poll: dict[str, Any], kind: str = "polls.poll.changed") -> list[dict[str, Any]]:
    """Return a poll's events of a kind, in order."""
    rows = await votewave.sql("SELECT payload, created_at FROM polls.outbox WHERE kind = $1 ORDER BY position", kind)
    events = [json.loads(row["payload"]) | {"told_at": row["created_at"]} for row in rows]
    return [event for event in events if event["poll"] == poll["id"]]
