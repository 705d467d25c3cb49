"""Rooms that change together are looked up together: as many statements as for one."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.live.messages import Position
from services.core.live.source import Viewer
from services.core.problems import Problem
from services.votebooth.rooms.live import RoomSource
from services.votebooth.rooms.state import RoomRole
from services.votebooth.service import VoteBooth
from tests.integration.inside import statements_of

from .conftest import Somebody, a_room, joined


def viewer(account: str | None = None, token: str | None = None, kind: Kind = Kind.USER) -> Viewer:
    subject = None if account is None else Subject(UUID(account), kind, Role.USER, uuid4(), frozenset("*"), 2**40)
    return Viewer(subject, "127.0.0.1", token)


async def guest_of(person: Somebody) -> str:
    return str((await person.client.get("/v1/auth/me", headers=person.headers)).json()["id"])


async def test_many_rooms_take_as_many_statements_as_one(client: httpx.AsyncClient, booth: VoteBooth) -> None:
    source = RoomSource(booth.rooms.doors, booth.rooms.reading)
    host = await a_room(client)
    owner = await host.account()
    hosts = [host, *[await a_room(client, host.headers) for _ in range(7)]]
    keys = [str((await each.sees())["room"]) for each in hosts]
    people = [await joined(each) for each in hosts]
    accounts = [await guest_of(each) for each in people]
    screens = [(await each.do("PUT", f"/screens/{uuid4()}", {"label": "Hall"}))["token"] for each in hosts]
    for each in people:
        for number in range(3):
            await each.question(f"Question {number}")
    whole = {key: (await source.heads([key]))[key] for key in keys}

    async def look(some: list[int]) -> int:
        """Look at rooms at once, as all who are in them, and as strangers; return how many statements that took."""
        asked = []
        for number in some:
            inside = viewer(owner), viewer(accounts[number], kind=Kind.GUEST), viewer(token=screens[number])
            other = (number + 1) % len(keys)
            strangers = viewer(accounts[other], kind=Kind.GUEST), viewer(token=screens[other]), viewer()
            asked.append((number, inside, strangers))
        with statements_of(booth.kit.db.engine) as statements:
            looks = await asyncio.gather(
                *(source.look(keys[number], [*inside, *strangers], 2) for number, inside, strangers in asked)
            )
        for (number, inside, strangers), seen in zip(asked, looks, strict=True):
            assert seen.head == whole[keys[number]]
            assert [seen.view(each) for each in inside] == [RoomRole.HOST, RoomRole.AUDIENCE, RoomRole.SCREEN]
            for stranger in strangers:
                with pytest.raises(Problem):
                    seen.view(stranger)
            read = await seen.read(RoomRole.AUDIENCE, Position(seen.head.epoch, 2))
            texts = [each.part.text for each in read.events if each.act == "question.asked"]
            assert texts == [f"Question {part}" for part in range(3)], "each has what is its own"
        return len(statements)

    assert await look([0]) == await look(list(range(len(keys))))


async def test_one_that_isnt_there_costs_others_nothing(client: httpx.AsyncClient, booth: VoteBooth) -> None:
    source = RoomSource(booth.rooms.doors, booth.rooms.reading)
    host = await a_room(client)
    key, owner = str((await host.sees())["room"]), await host.account()
    odd = ["", "x", key.upper(), str(uuid4()), "\ud800"]
    found = await asyncio.gather(
        *(source.look(each, [viewer(owner)], None) for each in (*odd, key)), return_exceptions=True
    )
    assert [each.status for each in found if isinstance(each, Problem)] == [404] * len(odd)
    last = found[-1]
    assert not isinstance(last, BaseException)
    one = viewer(owner, token="\ud800")
    assert (await source.look(key, [one], None)).view(one) is RoomRole.HOST
