"""People and Waves for the tests of Expressions: each call makes new ones, so that tests don't meet."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.expressions.service import Expressions
from services.expressions.settings import ExpressionsSettings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside

NOBODY = "01999999-0000-7000-8000-000000000000"


class Author(Person):
    """Somebody who publishes Waves and looks at others'."""

    async def waves(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        headers = self.headers | more.pop("headers", {})
        return await self.http.request(method, f"/v1/expressions/waves{path}", headers=headers, **more)

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Publish a Wave."""
        made = await self.waves("POST", json={"text": text, **more})
        assert made.status_code == 201, made.text
        return dict(made.json())

    async def sees(self, wave: str) -> dict[str, Any] | None:
        """Return a Wave; None if it can't be seen."""
        answer = await self.waves("GET", f"/{wave}")
        assert answer.status_code in (200, 404), answer.text
        return dict(answer.json()) if answer.status_code == 200 else None

    async def finds(self, wave: str, *, there: bool = True) -> None:
        """Wait until a Wave can be seen, or can't."""

        async def settled() -> bool:
            return (await self.sees(wave) is not None) is there

        await eventually(settled)

    async def listed(self, author: Person, **query: Any) -> list[str]:  # type: ignore[override]
        """Return the ids of somebody's Waves, as far as they are seen."""
        answer = await self.waves("GET", params={"author": author.account, **query})
        assert answer.status_code == 200, answer.text
        return [wave["id"] for wave in answer.json()["items"]]

    async def rename(self, handle: str) -> None:
        """Take a handle, and wait until Expressions knows of it."""
        await self.edit(handle=handle)
        probe = await self.say("probe")

        async def known() -> bool:
            seen = await self.sees(probe["id"])
            return seen is not None and seen["author"]["handle"] == handle

        await eventually(known)
        assert (await self.waves("DELETE", f"/{probe['id']}")).status_code == 204

    async def make_private(self, wave: str, other: "Author") -> None:
        """Make the account private, and wait until somebody doesn't see a Wave any more."""
        await self.edit(private=True)
        await other.finds(wave, there=False)


async def author(http: httpx.AsyncClient) -> Author:
    """Return somebody new."""
    person = await sign_up(http)
    return Author(http, {"account": {"id": person.account}, "access_token": person.headers["authorization"][7:]})


async def told(votewave: VoteWave, kind: str, wave: str) -> list[dict[str, Any]]:
    """Return the events of a kind about a Wave, in the order in which they were written."""
    rows = await votewave.sql("SELECT payload FROM expressions.outbox WHERE kind = $1 ORDER BY position", kind)
    events = [json.loads(row["payload"]) for row in rows]
    return [event for event in events if event["wave"] == wave]


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Author:
    return await author(client)


@pytest.fixture
async def ben(client: httpx.AsyncClient) -> Author:
    return await author(client)


@pytest.fixture
async def cleo(client: httpx.AsyncClient) -> Author:
    return await author(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Author:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Author(client, answer.json())


@pytest.fixture
async def expressions(votewave: VoteWave) -> AsyncIterator[Expressions]:
    """The use cases of Expressions, on the running VoteWave's servers."""
    use_cases = Expressions(Kit("expressions", ExpressionsSettings(), Shared(settings_beside(votewave))))
    yield use_cases
    await use_cases.kit.db.close()
    await use_cases.kit.shared.close()
