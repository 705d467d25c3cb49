import asyncio
from collections.abc import AsyncIterator

import pytest
from core_place import Place, open_place, until
from redis.asyncio import Redis
from services.core.redis import broadcast as live
from services.core.redis.broadcast import PREFIX, Broadcast


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        yield place


class Listener:
    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def __call__(self, _: str, message: bytes) -> None:
        self.heard.append(message)

    async def hears(self, message: bytes) -> bool:
        return message in self.heard


@pytest.fixture
async def pair(place: Place) -> AsyncIterator[tuple[Broadcast, Broadcast]]:
    """As in two processes."""
    one, two = Broadcast(place.settings.redis_url), Broadcast(place.settings.redis_url)
    yield one, two
    await one.close()
    await two.close()


async def listening(place: Place, number: int) -> None:
    async def subscribed() -> bool:
        async with Redis.from_url(place.settings.redis_url) as redis:
            return len(await redis.client_list(_type="pubsub")) == number

    await until(subscribed)


async def test_a_word_is_heard_here_at_once_and_elsewhere_soon_and_once(
    place: Place, pair: tuple[Broadcast, Broadcast]
) -> None:
    here, there = Listener(), Listener()
    pair[0].listen("poll:1", here)
    pair[1].listen("poll:1", there)
    other = Listener()
    pair[1].listen("poll:2", other)
    await listening(place, 2)
    here.heard.clear()
    there.heard.clear()
    other.heard.clear()
    pair[0].send("poll:1", b"x")
    assert here.heard == [b"x"]
    await until(lambda: there.hears(b"x"))
    await asyncio.sleep(0.1)
    assert (here.heard, there.heard, other.heard) == ([b"x"], [b"x"], [])


async def test_who_stops_listening_hears_no_more(place: Place, pair: tuple[Broadcast, Broadcast]) -> None:
    listener, rest = Listener(), Listener()
    end = pair[0].listen("poll:1", listener)
    pair[0].listen("poll:1", rest)
    end()
    pair[0].send("poll:1", b"x")
    assert (listener.heard, rest.heard) == ([], [b"x"])


async def test_after_a_break_everybody_is_told_that_something_may_have_been_missed(
    place: Place, pair: tuple[Broadcast, Broadcast]
) -> None:
    listener = Listener()
    pair[1].listen("poll:1", listener)
    await listening(place, 1)
    listener.heard.clear()
    await asyncio.to_thread(place.servers.valkey.stop)
    pair[0].send("poll:1", b"lost")
    await asyncio.sleep(0.3)
    await asyncio.to_thread(place.servers.valkey.start)
    await until(lambda: listener.hears(b""))
    assert b"lost" not in listener.heard
    await listening(place, 1)
    pair[0].send("poll:1", b"again")
    await until(lambda: listener.hears(b"again"))


async def test_a_connection_that_is_silent_for_too_long_is_given_up(
    place: Place, pair: tuple[Broadcast, Broadcast], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_SILENCE_SECONDS", 0.2)
    listener = Listener()
    pair[1].listen("poll:1", listener)
    await listening(place, 1)
    async with Redis.from_url(place.settings.redis_url) as redis:
        await asyncio.sleep(1)
        assert listener.heard.count(b"") == 1, "while it answers it stays"
        await redis.client_pause(1500)
        await until(lambda: twice(listener))


async def twice(listener: Listener) -> bool:
    return listener.heard.count(b"") >= 2


async def test_a_listener_that_fails_ends_nobody_s_hearing(place: Place, pair: tuple[Broadcast, Broadcast]) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    listener = Listener()
    end = pair[1].listen("poll:9", fail)
    pair[1].listen("poll:1", listener)
    await asyncio.sleep(0.3)
    async with Redis.from_url(place.settings.redis_url) as redis:
        await redis.publish(PREFIX + "poll:9", b"12345678x")
    end()
    await listening(place, 1)
    pair[0].send("poll:1", b"x")
    await until(lambda: listener.hears(b"x"))
