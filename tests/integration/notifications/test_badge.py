"""The badge as a live stream: each change sends it anew, to its own account alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from services.core.ids import new_id
from services.core.live.source import Viewer
from services.core.problems import Problem
from services.notifications.events import BlockChanged
from services.notifications.live import InboxSource
from services.notifications.schemas import ChannelsEdit
from services.notifications.service import Notifications
from tests.integration.follows.conftest import kind_of
from tests.integration.inside import statements_of
from tests.integration.notifications.conftest import (
    Reader,
    follow_of,
    hear,
    reaction_of,
    subject,
    wave_of,
)

SECONDS = 10.0


@asynccontextmanager
async def following(reader: Reader, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Follow somebody's badge; give the messages with their `id`, without pings."""
    query = {"stream": f"notifications:{reader.account}"}
    path = "/v1/notifications/live/events"
    async with reader.http.stream("GET", path, params=query, headers=reader.headers | headers) as answer:
        assert answer.status_code == 200

        async def messages() -> AsyncIterator[dict[str, Any]]:
            position = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                if name == "id":
                    position = value.strip()
                elif name == "data" and (message := json.loads(value))["type"] != "ping":
                    yield message | {"id": position}

        yield messages()


async def unread(messages: AsyncIterator[dict[str, Any]], number: int) -> dict[str, Any]:
    """Wait for the badge to show a number; return the message."""
    async with asyncio.timeout(SECONDS):
        async for message in messages:
            if message["type"] == "snapshot" and message["state"] == {"unread": number}:
                return message
    raise AssertionError("the stream has ended")


async def test_the_badge_is_sent_whenever_it_changes(ada: Reader, ben: Reader) -> None:
    async with following(ada) as messages:
        await unread(messages, 0)
        assert (await ben.follow(ada)).is_success
        await unread(messages, 1)
        [told] = await ada.told()
        assert (await ada.at("PUT", f"/{told['id']}/read")).status_code == 204
        last = await unread(messages, 0)
        assert (await ada.at("DELETE", f"/{told['id']}/read")).status_code == 204
        await unread(messages, 1)
        assert (await ada.block(ben)).is_success
        await unread(messages, 0)
    # Whoever comes back from an earlier position has the badge as it is now.
    async with following(ada, **{"Last-Event-ID": last["id"]}) as messages:
        now = await unread(messages, 0)
        assert now["seq"] > last["seq"]


async def test_nobody_follows_the_badge_of_somebody_else(ada: Reader, ben: Reader) -> None:
    query = {"stream": f"notifications:{ada.account}"}
    for headers in (ben.headers, {}):
        refused = await ada.http.get("/v1/notifications/live/events", params=query, headers=headers)
        assert kind_of(refused) == (404, "not-found")
    for key in ("", "x", ada.account.upper()):
        query = {"stream": f"notifications:{key}"}
        refused = await ada.http.get("/v1/notifications/live/events", params=query, headers=ada.headers)
        assert refused.status_code in (400, 404)


async def test_many_badges_take_as_many_statements_as_one(notifications: Notifications) -> None:
    source = InboxSource(notifications.kit)
    accounts = [new_id() for _ in range(12)]
    for number, account in enumerate(accounts):
        wave = wave_of(account)
        await hear(notifications, wave, *(follow_of(new_id(), account) for _ in range(number % 3)))
        await hear(notifications, *(reaction_of(wave, new_id()) for _ in range(number % 2)))
    blocked = new_id()
    await hear(
        notifications,
        follow_of(blocked, accounts[0]),
        BlockChanged(account=accounts[0], other=blocked, blocked=True, version=1),
    )
    await notifications.preferring.edit(subject(accounts[1]), "reaction", ChannelsEdit(in_app=False))

    async def look(some: Sequence[UUID]) -> int:
        with statements_of(notifications.kit.db.engine) as statements:
            looks = await asyncio.gather(*(source.look(str(each), [viewer(each)], None) for each in some))
        for account, seen in zip(some, looks, strict=True):
            alone = await notifications.reading.unread(subject(account))
            assert seen.badge.unread == alone.count, "each sees what they would see by themselves"
            seen.view(viewer(account))
        return len(statements)

    assert await look(accounts[:1]) == await look(accounts) == await look([*accounts, *accounts]) == 2
    with statements_of(notifications.kit.db.engine) as statements:
        strangers = [viewer(new_id()), Viewer(None, "127.0.0.1")]
        for key in ("", "x", "\ud800"):
            with pytest.raises(Problem, match="stream"):
                await source.look(key, strangers, None)
        seen = await source.look(str(accounts[0]), strangers, None)
        for stranger in strangers:  # each by themselves: the account may begin to follow meanwhile
            with pytest.raises(Problem, match="stream"):
                seen.view(stranger)
    assert statements == [], "for nobody of theirs nothing is looked up"


def viewer(account: UUID) -> Viewer:
    return Viewer(subject(account), "127.0.0.1")
