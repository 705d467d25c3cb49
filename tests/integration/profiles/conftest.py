"""People for the tests of Profiles: each call makes new ones, so that tests don't meet."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

PASSWORD = "a boat, a lamp and 3 keys"


class Person:
    """Somebody with an access token, or nobody."""

    def __init__(self, http: httpx.AsyncClient, tokens: dict[str, Any] | None = None) -> None:
        self.http = http
        self.account = tokens["account"]["id"] if tokens else ""
        self.headers = {"authorization": f"Bearer {tokens['access_token']}"} if tokens else {}

    async def mine(self) -> httpx.Response:
        return await self.http.get("/v1/profiles/me", headers=self.headers)

    async def read(self, handle: str) -> httpx.Response:
        return await self.http.get(f"/v1/profiles/{handle}", headers=self.headers)

    async def edit(self, **values: Any) -> httpx.Response:
        return await self.http.patch("/v1/profiles/me", json=values, headers=self.headers)


async def sign_up(http: httpx.AsyncClient) -> Person:
    """Return somebody new."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await http.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return Person(http, answer.json())


def a_handle() -> str:
    """Return a handle that nobody has."""
    return f"h{uuid4().hex[:20]}"


@pytest.fixture
async def person(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def other(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Person:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Person(client, answer.json())


@pytest.fixture
async def anybody(client: httpx.AsyncClient) -> Person:
    """Somebody without a token."""
    return Person(client)
