"""Many who come in at once: the room is put together once for them, and is never older than what was done before."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.votebooth.rooms import reading
from services.votebooth.rooms.doors import Seat
from services.votebooth.rooms.repository import QuestionRepository
from services.votebooth.rooms.state import AskedQuestion, RoomRole
from services.votebooth.service import VoteBooth

from .conftest import a_room, joined


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The rooms of which all questions were read, in this process."""
    rooms: list[UUID] = []
    read = QuestionRepository.all

    async def counted(self: QuestionRepository, room: UUID) -> list[AskedQuestion]:
        rooms.append(room)
        return await read(self, room)

    monkeypatch.setattr(QuestionRepository, "all", counted)
    return rooms


async def test_a_hall_that_comes_in_at_once_reads_its_room_once(
    client: httpx.AsyncClient, booth: VoteBooth, reads: list[UUID]
) -> None:
    host = await a_room(client, moderated=True)
    bo = await joined(host)
    hidden = await bo.question("Not for you yet?")
    room = UUID((await host.sees())["room"])
    look = booth.rooms.reading.snapshot

    async def all_look(role: RoomRole) -> list[Any]:
        return list(await asyncio.gather(*(look(Seat(room, role), None) for _ in range(100))))

    seen = await all_look(RoomRole.AUDIENCE)
    assert reads == [room]
    assert {(each.seq, tuple(each.questions), each.agenda) for each in seen} == {(seen[0].seq, (), None)}
    await host.do("PATCH", f"/questions/{hidden}", {"shown": True})
    seen = await all_look(RoomRole.AUDIENCE)
    assert reads == [room, room]
    assert all([str(question.id) for question in each.questions] == [hidden] for each in seen), "none is older"
    assert {each.role for each in await all_look(RoomRole.SCREEN)} == {RoomRole.SCREEN}
    assert len(reads) == 3
    hosts = await look(Seat(room, RoomRole.HOST), None)
    assert hosts.agenda is not None
    assert (await look(Seat(room, RoomRole.AUDIENCE), None)).agenda is None


async def test_each_sees_their_own_part_and_what_they_just_did(client: httpx.AsyncClient) -> None:
    host = await a_room(client)
    people = await asyncio.gather(*(joined(host, f"P{number}") for number in range(10)))
    asked = await asyncio.gather(*(person.question(f"Mine, {number}?") for number, person in enumerate(people)))
    for person, question, number in zip(people, asked, range(10), strict=True):
        seen = await person.sees()
        assert seen["mine"] == {"name": f"P{number}", "questions": [question], "votes": []}
        assert {each["id"] for each in seen["questions"]} == set(asked)


async def test_what_moves_no_log_is_seen_a_moment_later(
    client: httpx.AsyncClient, booth: VoteBooth, monkeypatch: pytest.MonkeyPatch, reads: list[UUID]
) -> None:
    host = await a_room(client)
    room = UUID((await host.sees())["room"])
    for _ in range(2):
        await booth.rooms.reading.snapshot(Seat(room, RoomRole.AUDIENCE), None)
    assert len(reads) == 1
    monkeypatch.setattr(reading, "_KEPT_SECONDS", 0.0)
    await booth.rooms.reading.snapshot(Seat(room, RoomRole.AUDIENCE), None)
    assert len(reads) == 2
