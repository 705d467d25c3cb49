"""People for the tests of Notifications, and events as others tell them: each call makes new ones."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.core.data.models import utc_now
from services.core.events.outbox import Event
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.kit import Kit, Shared
from services.notifications import events
from services.notifications.plugin import SERVICE
from services.notifications.schemas import NotificationView
from services.notifications.service import Notifications
from services.notifications.settings import NotificationsSettings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside


class Reader(Person):
    """Somebody who is told of what others do."""

    async def at(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        return await self.http.request(method, f"/v1/notifications{path}", headers=self.headers, **more)

    async def post(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        """Make something in another service."""
        answer = await self.http.request(method, path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def poll(self, **more: Any) -> str:
        """Publish a poll; return its id."""
        body = {"title": "Lunch", "method": {"type": "single"}, "publish": True, **more}
        body["options"] = [{"label": "Soup"}, {"label": "Bread"}]
        return str((await self.post("/v1/polls", body))["id"])

    async def another(self) -> "Reader":
        """Return somebody else who is new."""
        return await reader(self.http)

    async def told(self) -> list[dict[str, Any]]:
        """Return the first page of notifications."""
        answer = await self.at("GET", params={"limit": 100})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def finds(self, *kinds: str) -> list[dict[str, Any]]:
        """Wait until there are notifications of exactly these kinds, in any order; return them."""

        async def same() -> list[dict[str, Any]]:
            told = await self.told()
            return told if sorted(one["kind"] for one in told) == sorted(kinds) else []

        try:
            return list(await eventually(same))
        except AssertionError:
            assert sorted(one["kind"] for one in await self.told()) == sorted(kinds)  # says what is different
            raise

    async def unread(self) -> int:
        answer = await self.at("GET", "/unread")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["count"])


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
async def notifications(votewave: VoteWave) -> AsyncIterator[Notifications]:
    """The use cases of Notifications, on the running VoteWave's servers."""
    kit = Kit("notifications", NotificationsSettings(kept_per_account=50), Shared(settings_beside(votewave)))
    yield Notifications(kit)
    await kit.db.close()
    await kit.shared.close()


async def hear(told: Notifications, *heard: Event) -> None:
    """Handle events as the consumer does, each in a transaction of its own."""
    for event in heard:
        for handler in SERVICE.handlers:
            if isinstance(event, handler.event):
                async with told.kit.db.transaction() as session:
                    await handler.handle(told, session, event)


def subject(account: UUID) -> Subject:
    """Return an account as it asks for something."""
    return Subject(account, Kind.USER, Role.USER, new_id(), frozenset("*"), 0)


async def listed(told: Notifications, account: UUID, limit: int = 100) -> list[NotificationView]:
    """Return what somebody is told of, page by page."""
    page = await told.reading.listed(subject(account), None, limit)
    found = list(page.items)
    while page.next is not None:
        page = await told.reading.listed(subject(account), page.next, limit)
        found += page.items
    return found


async def kinds(told: Notifications, account: UUID) -> list[str]:
    """Return the kinds of what somebody is told of, and hold the badge against it."""
    found = await listed(told, account)
    unread = (await told.reading.unread(subject(account))).count
    assert unread == sum(not one.read for one in found)
    return [one.kind for one in found]


def person_of(account: UUID, version: int = 1, **more: Any) -> events.ProfileChanged:
    values = {"handle": account.hex, "display_name": "", **more}
    return events.ProfileChanged(account=account, version=version, **values)


def poll_of(owner: UUID, version: int = 1, **more: Any) -> events.PollChanged:
    values = {"poll": new_id(), "owner": owner, "title": "Lunch", "deleted": False, **more}
    return events.PollChanged(version=version, **values)


def wave_of(author: UUID, version: int = 1, **more: Any) -> events.WaveChanged:
    values: dict[str, Any] = {"wave": new_id(), "text": "A Wave", "visibility": "public", "mentions": [], **more}
    return events.WaveChanged(author=author, version=version, **{"ripple_of": None, "deleted": False, **values})


def reaction_of(wave: events.WaveChanged, account: UUID, version: int = 1, **more: Any) -> events.ReactionChanged:
    values = {"kind": "like", "present": True, **more}
    return events.ReactionChanged(wave=wave.wave, author=wave.author, account=account, version=version, **values)


def comment_of(poll: events.PollChanged, author: UUID, version: int = 1, **more: Any) -> events.CommentChanged:
    values = {"comment": new_id(), "answered": None, "text": "Yes.", "state": "shown", "created_at": utc_now(), **more}
    return events.CommentChanged(thread=poll.poll, owner=poll.owner, author=author, version=version, **values)


def thread_of(
    poll: events.PollChanged, account: UUID, version: int = 1, *, following: bool = True
) -> events.ThreadFollowed:
    return events.ThreadFollowed(thread=poll.poll, account=account, version=version, following=following)


def follow_of(follower: UUID, followee: UUID, version: int = 1, state: str = "accepted") -> events.FollowChanged:
    return events.FollowChanged(follower=follower, followee=followee, version=version, state=state)
