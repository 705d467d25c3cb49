"""Rooms as live streams: what happens is told at once, to each as they may see it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from services.votebooth.service import VoteBooth
from tests.conftest import eventually
from websockets.asyncio.client import connect

from ..booth_world import Headers, a_guest, a_ticket, live_url
from .conftest import Somebody, a_room, folded, joined
from .test_replay import everything

APART = {"now", "mine"}
"""Of each look, and of the one who looks."""


class Follower:
    """A client that follows a room, and does with what it is told as the guide says."""

    def __init__(self) -> None:
        self.room: dict[str, Any] = {}
        self.at: tuple[str, int] | None = None
        self.refused: list[int] = []
        self.told = 0

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "snapshot":
            self.room = message["state"]
        elif message["type"] == "delta":
            assert self.at == (message["epoch"], message["prev"]), "a gap"
            self.room = folded(self.room, message["events"])
            self.told += len(message["events"])
        elif message["type"] == "refused":
            self.refused.append(message["problem"]["status"])
        if "seq" in message:
            self.at = (message["epoch"], message["seq"])


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, room: str, who: Headers | None, token: str | None = None
) -> AsyncIterator[Follower]:
    """Follow a room over a WebSocket."""
    follower = Follower()
    async with connect(live_url(client, await a_ticket(client, who) if who else None)) as connection:
        more = {} if token is None else {"token": token}
        await connection.send(json.dumps({"type": "follow", "stream": f"room:{room}", **more}))

        async def listen() -> None:
            async for text in connection:
                follower.take(json.loads(text))

        listening = asyncio.create_task(listen())
        yield follower
        listening.cancel()


def seen(room: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in room.items() if name not in APART | {"seq"}}


async def is_told_all(follower: Follower, person: Somebody) -> None:
    async def same() -> bool:
        return bool(follower.room) and seen(follower.room) == seen(await person.sees())

    await eventually(same, 15)


async def test_whoever_follows_has_what_a_fresh_look_shows_and_nothing_else(
    client: httpx.AsyncClient, booth: VoteBooth
) -> None:
    """Steps of reactions and of the audience's size come from another instance."""
    host = await a_room(client)
    cy = await joined(host, "Cy")
    room = (await host.sees())["room"]
    made = await host.do("PUT", f"/screens/{uuid4()}", {"label": "Hall"})
    async with (
        following(client, room, host.headers) as hosts,
        following(client, room, cy.headers) as audience,
        following(client, room, None, made["token"]) as screen,
        following(client, room, await a_guest(client)) as stranger,
        following(client, room, None) as nobody,
    ):
        await everything(host, booth)
        await is_told_all(hosts, host)
        await is_told_all(audience, cy)
        await eventually(lambda: _ended(screen))
        assert stranger.refused == nobody.refused == [404]
        assert stranger.room == nobody.room == {}
    assert "And now?" in str(hosts.room["questions"])
    for other in (audience, screen):
        assert "And now?" not in str(other.room["questions"]), "it waits for a host"
        assert other.room["agenda"] is None
        assert 0 < other.told < hosts.told


async def _ended(follower: Follower) -> bool:
    return bool(follower.room.get("ended"))


@pytest.mark.parametrize("room", ["x", "01890000-0000-7000-8000-000000000000"])
async def test_a_room_that_is_not_there_is_refused_as_one_that_one_is_not_in(
    client: httpx.AsyncClient, room: str
) -> None:
    async with following(client, room, None) as nobody:

        async def refused() -> bool:
            return nobody.refused == [404]

        await eventually(refused)
