"""People for the tests of Follows: each call makes new ones, so that tests don't meet."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.follows.service import Follows
from tests.conftest import VoteWave, eventually
from tests.integration.inside import settings_beside

PASSWORD = "a boat, a lamp and 3 keys"
NOBODY = "01999999-0000-7000-8000-000000000000"


class Person:
    """Somebody with an access token."""

    def __init__(self, http: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
        self.http = http
        self.account = tokens["account"]["id"]
        self.headers = {"authorization": f"Bearer {tokens['access_token']}"}

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(method, f"/v1/follows{path}", headers=self.headers, **more)

    async def follow(self, other: "Person") -> httpx.Response:
        return await self.call("PUT", f"/people/{other.account}")

    async def unfollow(self, other: "Person") -> httpx.Response:
        return await self.call("DELETE", f"/people/{other.account}")

    async def block(self, other: "Person") -> httpx.Response:
        return await self.call("PUT", f"/blocks/{other.account}")

    async def unblock(self, other: "Person") -> httpx.Response:
        return await self.call("DELETE", f"/blocks/{other.account}")

    async def relation(self, other: "Person") -> dict[str, Any]:
        answer = await self.call("GET", f"/people/{other.account}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def counts(self) -> dict[str, int]:
        """Return the counts that aren't 0."""
        answer = await self.call("GET", "/me")
        assert answer.status_code == 200, answer.text
        return {name: number for name, number in answer.json().items() if number}

    async def listed(self, path: str) -> list[str]:
        """Return whom a list names, in its order."""
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return [item["person"]["id"] for item in answer.json()["items"]]

    async def edit(self, **profile: Any) -> None:
        answer = await self.http.patch("/v1/profiles/me", json=profile, headers=self.headers)
        assert answer.status_code == 200, answer.text

    async def make(self, *, private: bool) -> None:
        """Make the account private or public, and wait until Follows knows of it."""
        await self.edit(private=private)

        async def known() -> bool:
            # Whoever looks at oneself sees what Follows knows.
            return bool((await self.relation(self))["private"] is private)

        await eventually(known)


async def sign_up(http: httpx.AsyncClient) -> Person:
    """Return somebody new, with a profile."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await http.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    person = Person(http, answer.json())
    await person.edit()
    return person


@asynccontextmanager
async def follows_of(votewave: VoteWave) -> AsyncIterator[Follows]:
    """The use cases of Follows, on a running VoteWave's servers."""
    follows = Follows(Kit("follows", NoSettings(), Shared(settings_beside(votewave))))
    try:
        yield follows
    finally:
        await follows.kit.db.close()
        await follows.kit.shared.close()


async def told(votewave: VoteWave, kind: str, people: Sequence[Person]) -> list[dict[str, Any]]:
    """Return the events of a kind between some people, in the order in which they were written."""
    rows = await votewave.sql("SELECT payload FROM follows.outbox WHERE kind = $1 ORDER BY position", kind)
    accounts = {person.account for person in people}
    events = [json.loads(row["payload"]) for row in rows]
    return [event for event in events if accounts.intersection(map(str, event.values()))]


async def recounted(votewave: VoteWave, person: Person) -> dict[str, int]:
    """Return the counts of an account that aren't 0, counted in the tables."""
    [row] = await votewave.sql(
        """
        SELECT count(*) FILTER (WHERE followee = $1 AND state = 'accepted') AS followers,
               count(*) FILTER (WHERE follower = $1 AND state = 'accepted') AS following,
               count(*) FILTER (WHERE followee = $1 AND state = 'requested') AS requests,
               count(*) FILTER (WHERE follower = $1 AND state = 'requested') AS requests_sent,
               (SELECT count(*) FROM follows.block WHERE account = $1) AS blocks,
               (SELECT count(*) FROM follows.mute WHERE account = $1) AS mutes
        FROM follows.follow
        """,
        person.account,
    )
    return {name: number for name, number in row.items() if number}


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a problem and the last part of its type."""
    return answer.status_code, str(answer.json()["type"]).rpartition("/")[2]


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def ben(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def cleo(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Person:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Person(client, answer.json())
