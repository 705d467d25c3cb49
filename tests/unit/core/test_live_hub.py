"""What a process does once a second for its live connections."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

import pytest
from services.core.live.connection import Connection
from services.core.live.hub import Hub
from services.core.live.messages import Follow, Position
from services.core.live.source import Look, Silent, Viewer
from services.core.problems import not_found

ADDRESS = "198.18.0.1"


class Slow(Silent):
    """Streams by id, of which nothing is known before `answers` is set; another name is none of theirs."""

    kind: ClassVar[str] = "slow"
    state: ClassVar[Any] = int
    events: ClassVar[tuple[Any, ...]] = ()

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.looked = 0

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> Look:
        self.looked += 1
        await self.answers.wait()
        raise not_found("stream")

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        return {key: Position("a", UUID(key).int) for key in keys}


class Outlet:
    is_socket = False
    handle: int | None = None
    waiting = 0

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, message: Any) -> None:
        self.sent.append(message.data)

    def close(self, code: int, reason: str) -> None: ...

    def abort(self) -> None: ...


class Trial(Hub):
    async def _read_timeline(self) -> int:
        return 1


class Place:
    """A hub with the slow source, and clients of it."""

    def __init__(self) -> None:
        verifier = SimpleNamespace(has_ended=lambda _: False)
        broadcast = SimpleNamespace(listen=lambda *_: lambda: None)
        settings = SimpleNamespace(live_seconds=60.0, live_connections=10, live_per_account=10, live_per_address=10)
        kit: Any = SimpleNamespace(
            name="trial", settings=settings, shared=SimpleNamespace(verifier=verifier, broadcast=broadcast)
        )
        self.source = Slow()
        self.hub = Trial(kit, [self.source])
        self.connections: list[Connection] = []

    def follow(self, stream: str) -> Outlet:
        outlet = Outlet()
        connection = self.hub.join(None, ADDRESS, outlet)
        self.connections.append(connection)
        self.hub.follow(connection, Follow(stream=stream), ADDRESS)
        return outlet

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.01)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    yield place
    for connection in place.connections:
        place.hub.leave(connection)


async def test_a_name_that_means_nothing_doesnt_end_the_look_at_all_others(place: Place) -> None:
    """Anybody may ask to follow `room:x`, and until that is refused others' streams are looked after as before."""
    outlet = place.follow("slow:x")
    await place.until(lambda: place.source.looked)
    await place.hub._wake_changed()
    place.source.answers.set()
    await place.until(lambda: outlet.sent)
    assert b"not-found" in outlet.sent[-1]


async def test_who_came_after_a_look_began_isnt_refused_by_it(place: Place) -> None:
    """What wasn't there when the look began may have been made since, by the very person who comes now."""
    early = place.follow("slow:x")
    await place.until(lambda: place.source.looked)
    late = place.follow("slow:x")
    place.source.answers.set()
    await place.until(lambda: early.sent)
    assert not late.sent
    await place.until(lambda: late.sent)
    assert place.source.looked == 2


async def test_who_asks_anew_while_a_look_is_under_way_isnt_refused_by_it(place: Place) -> None:
    place.follow("slow:x")  # keeps the watch
    outlet = place.follow("slow:x")
    await place.until(lambda: place.source.looked)
    place.hub.follow(place.connections[1], Follow(stream="slow:x"), ADDRESS)
    place.source.answers.set()
    await place.until(lambda: outlet.sent)
    assert place.source.looked == 2, "the one that it asked for"
