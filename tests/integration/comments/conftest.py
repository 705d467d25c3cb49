"""People and threads for the tests of Comments: each call makes new ones, so that tests don't meet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from services.comments.service import Comments
from services.comments.settings import CommentsSettings
from services.core.kit import Kit, Shared
from tests.conftest import VoteWave
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside


class Speaker(Person):
    """Somebody who comments."""

    async def at(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, f"/v1/comments{path}", headers=headers, **more)

    async def poll(self, **more: Any) -> str:
        """Publish a poll; return its id."""
        body = {"title": "Lunch", "method": {"type": "single"}, "publish": True, **more}
        body["options"] = [{"label": "Soup"}, {"label": "Bread"}]
        answer = await self.http.post("/v1/polls", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def say(self, thread: str, text: str = "Yes.", parent: str | None = None) -> str:
        """Add a comment; return its id."""
        answer = await self.at("POST", f"/threads/{thread}/comments", json={"text": text, "parent": parent})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["comment"]["id"])

    async def done(self, method: str, path: str, **more: Any) -> Any:
        """Make a call that succeeds; return what it answers, if it does."""
        answer = await self.at(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def listed(self, path: str) -> list[str]:
        """Return the texts that a list shows, in its order; the state in brackets where there is no text."""
        items = (await self.done("GET", path))["items"]
        comments = [item.get("comment", item) for item in items]
        return [comment["text"] if comment["text"] is not None else f"[{comment['state']}]" for comment in comments]

    async def read(self, comment: str) -> dict[str, Any]:
        """Return a comment."""
        return dict((await self.done("GET", f"/{comment}"))["comment"])


async def speaker(http: httpx.AsyncClient) -> Speaker:
    """Return somebody new."""
    person = await sign_up(http)
    speaker = Speaker.__new__(Speaker)
    speaker.__dict__.update(person.__dict__)
    return speaker


@asynccontextmanager
async def comments_of(votewave: VoteWave, **settings: Any) -> AsyncIterator[Comments]:
    """The use cases of Comments, on a running VoteWave's servers."""
    comments = Comments(Kit("comments", CommentsSettings(**settings), Shared(settings_beside(votewave))))
    try:
        yield comments
    finally:
        await comments.kit.db.close()
        await comments.kit.shared.close()


async def recounted(votewave: VoteWave, thread: str) -> None:
    """Compare a thread's counts with its comments.

    Raises:
        AssertionError: They differ.
    """
    wrong = await votewave.sql(
        """
        SELECT c.id, c.replies, c.listed, c.support FROM comments.comment c
        LEFT JOIN LATERAL (SELECT count(*) FROM comments.comment r WHERE r.parent = c.id AND r.listed) r ON true
        LEFT JOIN LATERAL (SELECT count(*) FROM comments.support s WHERE s.comment = c.id) s ON true
        WHERE c.thread = $1
          AND (c.replies <> r.count OR c.support <> s.count OR c.listed <> (c.state = 'shown' OR r.count > 0))
        """,
        thread,
    )
    assert not wrong, wrong
    [row] = await votewave.sql(
        "SELECT t.comments, count(c.id) AS shown FROM comments.thread t "
        "LEFT JOIN comments.comment c ON c.thread = t.id AND c.state = 'shown' WHERE t.id = $1 GROUP BY t.id",
        thread,
    )
    assert row["comments"] == row["shown"]


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Speaker:
    return await speaker(client)


@pytest.fixture
async def ben(client: httpx.AsyncClient) -> Speaker:
    return await speaker(client)


@pytest.fixture
async def cleo(client: httpx.AsyncClient) -> Speaker:
    return await speaker(client)


@pytest.fixture
async def guest(client: httpx.AsyncClient) -> Speaker:
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return Speaker(client, answer.json())


@pytest.fixture
async def thread(ada: Speaker) -> str:
    """A poll of Ada's."""
    return await ada.poll()
