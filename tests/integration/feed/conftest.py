"""People and polls for the tests of Feed: each call makes new ones, so that tests don't meet."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.feed.service import Feed
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside

POLL = {"method": {"type": "single"}, "options": [{"label": "Yes"}, {"label": "No"}]}

__all__ = ["Person", "sign_up"]


class Reader(Person):
    """Somebody who publishes polls and reads feeds."""

    async def publish(self, title: str, **more: Any) -> str:
        """Publish a poll; return its id."""
        body = {**POLL, "title": title, "publish": True, **more}
        made = await self.http.post("/v1/polls", json=body, headers=self.headers)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def feed(self, path: str = "/home", **query: Any) -> dict[str, Any]:
        """Return a page of a feed."""
        answer = await self.http.get(f"/v1/feed{path}", params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def titles(self, path: str = "/home", **query: Any) -> list[str]:
        return [entry["text"] for entry in (await self.feed(path, **query))["items"]]

    async def sees(self, *titles: str, path: str = "/home") -> None:
        """Wait until a feed has exactly these entries, in this order."""

        async def same() -> bool:
            return await self.titles(path) == list(titles)

        try:
            await eventually(same)
        except AssertionError:
            assert await self.titles(path) == list(titles)  # says what is different

    async def sees_not(self, thing: str, path: str) -> None:
        """Wait until the first page of a feed doesn't have something."""

        async def gone() -> bool:
            return thing not in [entry["id"] for entry in (await self.feed(path, limit=100))["items"]]

        await eventually(gone)


async def reader(http: httpx.AsyncClient) -> Reader:
    """Return somebody new."""
    person = await sign_up(http)
    return Reader(http, {"account": {"id": person.account}, "access_token": person.headers["authorization"][7:]})


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Reader:
    return await reader(client)


@pytest.fixture
async def ben(client: httpx.AsyncClient) -> Reader:
    return await reader(client)


@pytest.fixture
async def cleo(client: httpx.AsyncClient) -> Reader:
    return await reader(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Reader:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Reader(client, answer.json())


@pytest.fixture
async def feed(votewave: VoteWave) -> AsyncIterator[Feed]:
    """The use cases of Feed, on the running VoteWave's servers."""
    use_cases = Feed(Kit("feed", NoSettings(), Shared(settings_beside(votewave))))
    yield use_cases
    await use_cases.kit.db.close()
    await use_cases.kit.shared.close()
