"""People and conversations for the tests of Messaging: each call makes new ones, so that tests don't meet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.kit import Kit, Shared
from services.messaging.service import Messaging
from services.messaging.settings import MessagingSettings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside


class Writer(Person):
    """Somebody who writes to others."""

    async def at(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, f"/v1/messaging{path}", headers=headers, **more)

    async def done(self, method: str, path: str, **more: Any) -> Any:
        """Make a call that succeeds; return what it answers, if it does."""
        answer = await self.at(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, **more: Any) -> str:
        """Make a call that is refused; return the status and the problem's type."""
        answer = await self.at(method, path, **more)
        assert answer.is_error, answer.text
        return f"{answer.status_code} {answer.json()['type'].rpartition('/')[2]}"

    async def to(self, other: "Writer", text: str = "Hello.", **more: Any) -> dict[str, Any]:
        """Send somebody a message; return it."""
        body = {"client_id": str(uuid4()), "text": text, **more}
        return dict(await self.done("POST", f"/people/{other.account}/messages", json=body))

    async def say(self, conversation: str, text: str = "Yes.", **more: Any) -> dict[str, Any]:
        """Send a message into a conversation; return it."""
        body = {"client_id": str(uuid4()), "text": text, **more}
        return dict(await self.done("POST", f"/conversations/{conversation}/messages", json=body))

    async def group(self, *others: "Writer", title: str = "Us") -> str:
        """Make a group of people who accept it; return the conversation."""
        body = {"title": title, "members": [other.account for other in others]}
        made = await self.done("POST", "/groups", json=body)
        conversation = str(made["conversation"]["id"])
        for other in others:
            await other.done("PUT", f"/conversations/{conversation}/request", json={"accept": True})
        return conversation

    async def texts(self, conversation: str) -> list[str | None]:
        """Return what a conversation says, in its order."""
        page = await self.done("GET", f"/conversations/{conversation}/messages?limit=100")
        return [item["text"] for item in reversed(page["items"])]

    async def card(self, conversation: str) -> dict[str, Any]:
        """Return a conversation."""
        return dict((await self.done("GET", f"/conversations/{conversation}"))["conversation"])

    async def after(self, conversation: str, seq: int) -> dict[str, Any]:
        """Return what has happened since a position."""
        return dict(await self.done("GET", f"/conversations/{conversation}/changes?after={seq}"))


async def writer(http: httpx.AsyncClient) -> Writer:
    """Return somebody new."""
    person = await sign_up(http)
    writer = Writer.__new__(Writer)
    writer.__dict__.update(person.__dict__)
    return writer


@asynccontextmanager
async def messaging_of(votewave: VoteWave, **settings: Any) -> AsyncIterator[Messaging]:
    """The use cases of Messaging, on a running VoteWave's servers."""
    messaging = Messaging(Kit("messaging", MessagingSettings(**settings), Shared(settings_beside(votewave))))
    try:
        yield messaging
    finally:
        await messaging.kit.db.close()
        await messaging.kit.shared.close()


def subject_of(person: Person) -> Subject:
    """Return somebody as use cases know them."""
    return Subject(UUID(person.account), Kind.USER, Role.USER, uuid4(), frozenset("*"), 2**40)


async def recounted(votewave: VoteWave, *conversations: str) -> None:
    """Compare what is counted in conversations with their messages.

    Raises:
        AssertionError: They differ, or positions aren't 1, 2, 3, …
    """
    wrong = await votewave.sql(
        """
        SELECT m.account, m.unread, c.count FROM messaging.member m
        LEFT JOIN LATERAL (
            SELECT count(*) FROM messaging.message s
            WHERE s.conversation = m.conversation AND s.seq > m.read AND s.seq > m.since
              AND s.sender <> m.account AND NOT s.deleted
        ) c ON true
        WHERE m.conversation = ANY($1) AND m.state IN ('active', 'requested') AND m.unread <> c.count
        """,
        list(conversations),
    )
    assert not wrong, wrong
    gaps = await votewave.sql(
        """
        SELECT v.id, v.seq, count(h.seq), min(h.seq), max(h.seq) FROM messaging.conversation v
        LEFT JOIN messaging.change h ON h.conversation = v.id
        WHERE v.id = ANY($1) GROUP BY v.id
        HAVING coalesce(max(h.seq), 0) <> v.seq OR count(h.seq) <> v.seq - coalesce(min(h.seq), 1) + 1
        """,
        list(conversations),
    )
    assert not gaps, gaps


async def heard(votewave: VoteWave, table: str, **pair: str) -> None:
    """Wait until Messaging has heard that somebody follows or blocks somebody."""
    (one, first), (other, second) = pair.items()
    flag = {"follow": "accepted", "block": "blocked"}[table]
    query = f"SELECT 1 FROM messaging.{table} WHERE {one} = $1 AND {other} = $2 AND {flag}"  # of names in tests
    await eventually(lambda: votewave.sql(query, first, second))


async def follow(votewave: VoteWave, one: Writer, other: Writer) -> None:
    """Have somebody follow somebody, and Messaging know it."""
    assert (await one.follow(other)).is_success
    await heard(votewave, "follow", follower=one.account, followee=other.account)


async def block(votewave: VoteWave, one: Writer, other: Writer) -> None:
    """Have somebody block somebody, and Messaging know it."""
    assert (await one.block(other)).is_success
    await heard(votewave, "block", account=one.account, other=other.account)


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Writer:
    return await writer(client)


@pytest.fixture
async def ben(client: httpx.AsyncClient) -> Writer:
    return await writer(client)


@pytest.fixture
async def cleo(client: httpx.AsyncClient) -> Writer:
    return await writer(client)
