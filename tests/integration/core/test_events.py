import asyncio
import time
from collections.abc import AsyncIterator
from typing import ClassVar
from uuid import uuid4

import pytest
from core_place import HANDLERS, Heard, Place, Receiver, Said, open_place, until
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError
from services.core import personal
from services.core.data import database
from services.core.events import consumer as consumer_module
from services.core.events import relay as relay_module
from services.core.events.consumer import Consumer
from services.core.events.handler import Handler, NotNowError
from services.core.events.outbox import publish, stream_of
from services.core.kit import Kit
from services.core.operations import Lag, lags
from services.core.service import NoSettings, Service, UseCases
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

STREAM = stream_of("sender")


@pytest.fixture(scope="module")
async def servers_place() -> AsyncIterator[Place]:
    async with open_place() as place:
        yield place


@pytest.fixture
async def place(servers_place: Place) -> Place:
    await servers_place.prepare("sender", "receiver")
    async with Redis.from_url(servers_place.settings.redis_url) as redis:
        await redis.flushall()
    return servers_place


@pytest.fixture
async def redis(place: Place) -> AsyncIterator[Redis]:
    async with Redis.from_url(place.settings.redis_url) as redis:
        yield redis


async def sent(redis: Redis, number: int) -> bool:
    return int(await redis.xlen(STREAM)) >= number


async def none_pending(redis: Redis) -> bool:
    return bool((await redis.xpending(STREAM, "receiver"))["pending"] == 0)


async def publish_and_fail(kit: Kit[NoSettings], number: int) -> None:
    async with kit.db.transaction() as transaction:
        await publish(transaction, Said(number=number))
        raise ZeroDivisionError


async def test_an_event_is_seen_if_and_only_if_its_transaction_commits(place: Place) -> None:
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        with pytest.raises(ZeroDivisionError):
            await publish_and_fail(kit, 1)
        await place.say(kit, 2)
        assert await place.seen_all(2) == [2]
        assert await place.sql("SELECT count(*) FROM sender.outbox") == [1]


async def test_events_of_one_publisher_arrive_in_order_and_soon(place: Place) -> None:
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        await place.say(kit, 0)
        await place.seen_all(0)
        began = time.monotonic()
        await place.say(kit, *range(1, 100))
        assert await place.seen_all(99) == list(range(100))
        assert time.monotonic() - began < 10


async def test_a_batch_that_was_sent_and_not_marked_is_sent_again_and_handled_once(place: Place, redis: Redis) -> None:
    """The relay dies between XADD and commit."""
    async with place.kit("sender") as kit, place.consumer(Receiver()):
        async with place.relay(kit):
            await place.say(kit, *range(20))
            await place.seen_all(*range(20))
        await place.sql("UPDATE sender.outbox SET published_at = NULL")
        async with place.relay(kit):
            await place.say(kit, 20)
            assert await place.seen_all(20) == list(range(21))
        assert await redis.xlen(STREAM) == 41


async def test_a_consumer_that_dies_after_its_commit_handles_nothing_twice(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise asyncio.CancelledError

    async with place.kit("sender") as kit, place.relay(kit):
        await place.say(kit, 1, 2, 3)
        async with place.consumer(Receiver()) as consumer:
            monkeypatch.setattr(consumer._redis, "xack", die)
            await place.seen_all(1)
            await asyncio.sleep(0.1)
        assert await place.seen() == [1]
        assert (await redis.xpending(STREAM, "receiver"))["pending"] >= 1
        async with place.consumer(Receiver()):
            assert await place.seen_all(1, 2, 3) == [1, 2, 3]
            await until(lambda: none_pending(redis))


async def test_what_an_instance_that_is_gone_had_read_another_handles(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "_CLAIM_IDLE_MS", 200)
    monkeypatch.setattr(consumer_module, "_CLAIM_SECONDS", 0)
    monkeypatch.setattr(consumer_module, "_GONE_MS", 100)
    async with place.kit("sender") as kit, place.relay(kit):
        await place.say(kit, *range(150))
        await asyncio.sleep(0.3)
        await redis.xgroup_create(STREAM, "receiver", id="0")
        assert len((await redis.xreadgroup("receiver", "gone", {STREAM: ">"}, 150))[0][1]) == 150
        async with place.consumer(Receiver(), "2"):
            assert sorted(await place.seen_all(*range(150))) == list(range(150))

            async def forgotten() -> bool:
                return [c["name"] for c in await redis.xinfo_consumers(STREAM, "receiver")][1:] == []

            await until(forgotten)


async def test_two_relays_and_two_consumers_handle_each_event_once(place: Place) -> None:
    async with (
        place.kit("sender") as one,
        place.kit("sender") as two,
        place.relay(one),
        place.relay(two),
        place.consumer(Receiver("a"), "1"),
        place.consumer(Receiver("b"), "2"),
    ):
        await asyncio.gather(place.say(one, *range(200)), place.say(two, *range(200, 400)))
        found = await place.seen_all(*range(400))
        assert sorted(found) == list(range(400))
        assert set(await place.sql("SELECT by FROM receiver.seen")) == {"a", "b"}


async def test_two_relays_keep_the_outbox_s_order(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as one, place.kit("sender") as two:
        await place.say(one, *range(300))
        async with place.relay(one), place.relay(two):
            for number in range(300, 400):
                await place.say(one if number % 2 else two, number)
            await until(lambda: sent(redis, 400))
        arrived = [fields[b"id"] for _, fields in await redis.xrange(STREAM)]
        written = [i.bytes for i in await place.sql("SELECT event_id FROM sender.outbox ORDER BY position")]
        assert arrived == written


async def test_after_a_flush_the_outbox_sends_again_and_nothing_is_handled_twice(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        await place.say(kit, *range(50))
        await place.seen_all(*range(50))
        await redis.flushall()
        await place.say(kit, 50)
        assert await place.seen_all(50) == list(range(51))
        await until(lambda: sent(redis, 51))
        await redis.flushall()  # also with nobody publishing
        await until(lambda: sent(redis, 51))
        await asyncio.sleep(0.5)
        assert await place.seen() == list(range(51))


async def test_a_flush_before_they_were_handled_loses_no_events(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.relay(kit):
        await place.say(kit, *range(30))
        await until(lambda: sent(redis, 30))
        await redis.flushall()
        async with place.consumer(Receiver()):
            assert await place.seen_all(*range(30)) == list(range(30))


async def test_what_was_cut_off_the_stream_before_it_was_read_is_sent_again(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.relay(kit):
        async with place.consumer(Receiver()):
            await place.say(kit, *range(10))
            await place.seen_all(*range(10))
        await place.say(kit, *range(10, 100))
        await until(lambda: sent(redis, 100))
        await redis.xtrim(STREAM, maxlen=20, approximate=False)
        async with place.consumer(Receiver()):
            assert sorted(await place.seen_all(*range(100))) == list(range(100))
            length = await redis.xlen(STREAM)
        async with place.consumer(Receiver()):  # asked for once
            await asyncio.sleep(0.5)
            assert await redis.xlen(STREAM) == length


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have relays look and try again at once."""
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(relay_module, "_RETRY_SECONDS", 0.05)


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let streams take 200 kB."""
    monkeypatch.setattr(relay_module, "_STREAM_BYTES", 200_000)
    monkeypatch.setattr(relay_module, "_KEPT_BYTES", 125_000)
    monkeypatch.setattr(relay_module, "_BATCH_BYTES", 25_000)
    hurry(monkeypatch)


async def say_much(kit: Kit[NoSettings], *numbers: int) -> None:
    """Publish numbers, each with 4 kB, in one transaction."""
    async with kit.db.transaction() as session:
        for number in numbers:
            await publish(session, Said(number=number, note="x" * 4_000))


async def test_a_stream_takes_so_many_bytes_and_who_reads_misses_nothing(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    receiver = Receiver()
    receiver.pause = 0.005
    largest = 0
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver):
        await say_much(kit, *range(300))  # 1.2 MB

        async def all_seen() -> bool:
            nonlocal largest
            largest = max(largest, await redis.memory_usage(STREAM, samples=0) or 0)
            return len(await place.seen()) >= 300

        await until(all_seen, 30)
    assert await place.seen() == list(range(300)), "in order, each once"
    assert largest <= 200_000
    assert receiver.calls == list(range(300)), "nothing was sent twice"


async def test_who_was_away_while_a_stream_ran_over_gets_all_when_it_is_back(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    async with place.kit("sender") as kit, place.relay(kit):
        async with place.consumer(Receiver()):
            await place.say(kit, 0)
            await place.seen_all(0)
        for consumer in await redis.xinfo_consumers(STREAM, "receiver"):  # as if it were away for long
            await redis.xgroup_delconsumer(STREAM, "receiver", consumer["name"])
        await say_much(kit, *range(1, 200))
        await until(lambda: all_sent_by(place), 20)
        assert await redis.memory_usage(STREAM, samples=0) <= 200_000
        async with place.consumer(Receiver()):
            assert sorted(await place.seen_all(*range(200))) == list(range(200))


async def test_a_new_consumer_gets_what_was_cut_off_before_it_came(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    async with place.kit("sender") as kit, place.relay(kit):
        await say_much(kit, *range(100))
        await until(lambda: all_sent_by(place), 20)
        async with place.consumer(Receiver()):
            assert sorted(await place.seen_all(*range(100))) == list(range(100))


async def all_sent_by(place: Place) -> bool:
    return await place.sql("SELECT count(*) FROM sender.outbox WHERE published_at IS NULL") == [0]


async def test_one_event_larger_than_a_batch_still_goes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch)
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        async with kit.db.transaction() as session:
            await publish(session, Said(number=1, note="x" * 60_000))
        await place.say(kit, 2)
        assert await place.seen_all(1, 2) == [1, 2]


async def fill(redis: Redis) -> None:
    """Fill Redis as an earlier version would, with large events."""
    for _ in range(1_000):
        await redis.xadd(STREAM, {b"id": b"x", b"kind": b"k", b"data": b"x" * 200_000, b"trace": b""})


async def test_the_relay_goes_on_when_redis_was_full_also_after_a_restart(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    await redis.config_set("maxmemory", "16mb")
    try:
        with pytest.raises(OutOfMemoryError):
            await fill(redis)
        async with place.kit("sender") as kit, place.consumer(Receiver()):
            for number in range(2):
                async with place.relay(kit):
                    await place.say(kit, number)
                    assert await place.seen_all(number) == list(range(number + 1))
        assert int((await redis.info("memory"))["used_memory"]) < 14_000_000
    finally:
        await redis.config_set("maxmemory", "128mb")


async def test_while_redis_takes_nothing_the_outbox_is_not_marked_again_and_again(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    async with place.kit("sender") as kit:
        async with place.relay(kit):
            await place.say(kit, *range(5))
            await until(lambda: sent(redis, 5))
        await redis.flushall()
        await redis.config_set("maxmemory", "1")  # it has more than that with nothing in it
        try:
            async with place.relay(kit):
                await asyncio.sleep(0.5)
                assert await place.sql("SELECT count(*) FROM sender.outbox WHERE published_at IS NULL") == [0]
                await redis.config_set("maxmemory", "128mb")
                await until(lambda: sent(redis, 5))
        finally:
            await redis.config_set("maxmemory", "128mb")


async def test_what_isn_t_to_be_had_right_now_lets_its_event_wait(place: Place) -> None:
    receiver = Receiver()
    receiver.fail[2] = NotNowError()
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver):
        await place.say(kit, 1, 2, 3)
        await until(lambda: tried(receiver, 7), 10)
        assert await place.seen() == [1], "in order"
        receiver.fail.clear()
        assert await place.seen_all(1, 2, 3) == [1, 2, 3]
        assert await place.sql("SELECT count(*) FROM receiver.parked") == [0]


async def tried(receiver: Receiver, times: int) -> bool:
    return receiver.calls.count(2) >= times


async def test_who_waits_for_long_while_a_stream_runs_over_misses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It isn't taken to be reading any more; and reading on makes Redis count what was cut off as read."""
    narrow(monkeypatch)
    monkeypatch.setattr(relay_module, "_READING_MS", 200)
    monkeypatch.setattr(consumer_module, "_CUT_SECONDS", 0.1)
    receiver = Receiver()
    receiver.fail[2] = NotNowError()
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver):
        await say_much(kit, 1, 2)
        await until(lambda: tried(receiver, 2), 10)
        await say_much(kit, *range(3, 200))
        await until(lambda: all_sent_by(place), 20)
        receiver.fail.clear()
        assert sorted(await place.seen_all(*range(1, 200))) == list(range(1, 200))


async def test_a_reader_of_whom_redis_can_t_say_how_far_it_is_misses_nothing(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch)
    async with place.kit("sender") as kit, place.relay(kit):
        await say_much(kit, *range(10))
        await until(lambda: sent(redis, 10))
        place_in_it = (await redis.xrange(STREAM, count=5))[-1][0]
        await redis.xgroup_create(STREAM, "other", id=place_in_it)
        await redis.xgroup_createconsumer(STREAM, "other", "reader")
        assert [group["lag"] for group in await redis.xinfo_groups(STREAM)] == [None]
        await say_much(kit, *range(10, 200))
        await asyncio.sleep(1.5)
        assert (await redis.xrange(STREAM, count=1))[0][0] <= place_in_it
        assert not await all_sent_by(place), "the rest waits for the reader"


async def test_a_relay_cuts_nothing_off_while_another_one_has_its_turn(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what it has seen of the stream may not be so any more."""
    narrow(monkeypatch)
    async with place.kit("sender") as kit:
        async with place.relay(kit):
            await say_much(kit, *range(30))
            await until(lambda: all_sent_by(place), 20)
        pool = await kit.db.pool()
        async with pool.acquire() as another, another.transaction():
            await another.execute(relay_module._LOCK, "sender")
            for _ in range(30):  # the other one's
                await redis.xadd(STREAM, {b"id": b"x" * 16, b"kind": b"k", b"data": b"x" * 4_000, b"trace": b""})
            async with place.relay(kit):
                await say_much(kit, 30)
                await asyncio.sleep(1)
                assert await redis.xlen(STREAM) == 60
        async with place.relay(kit):
            await until(lambda: all_sent_by(place), 20)
            assert await redis.xlen(STREAM) < 60


async def test_what_a_replica_that_took_over_never_got_is_sent_again(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.relay(kit):
        await place.say(kit, *range(10))
        await until(lambda: sent(redis, 10))
        newest = (await redis.xrevrange(STREAM, count=4))[::-1]
        await redis.xdel(STREAM, *(entry for entry, _ in newest))
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        await redis.execute_command("REPLICAOF", "NO", "ONE")  # a server of another name now, with the same data
        async with place.consumer(Receiver()):
            assert sorted(await place.seen_all(*range(10))) == list(range(10))


async def test_while_redis_is_away_publishing_goes_on_and_catches_up_after(place: Place) -> None:
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        await place.say(kit, 1)
        await place.seen_all(1)
        await asyncio.to_thread(place.servers.valkey.stop)
        began = time.monotonic()
        await place.say(kit, 2, 3)
        assert time.monotonic() - began < 1
        await asyncio.sleep(2)
        await asyncio.to_thread(place.servers.valkey.start)
        began = time.monotonic()
        assert await place.seen_all(1, 2, 3) == [1, 2, 3]
        assert time.monotonic() - began < 10


async def test_an_event_that_keeps_failing_is_parked_and_holds_up_nobody(place: Place) -> None:
    receiver = Receiver()
    receiver.fail[2] = ValueError("never")
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver):
        ids = await place.say(kit, 1, 2, 3)
        assert await place.seen_all(1, 3) == [1, 3]
        assert receiver.calls == [1, 2, 2, 2, 2, 2, 3]
        assert await place.sql("SELECT event_id FROM receiver.parked") == [ids[1]]
        assert await place.sql("SELECT error FROM receiver.parked") == ["ValueError"]


async def test_a_parked_event_is_replayed_once_and_only_when_it_can_be(place: Place, redis: Redis) -> None:
    receiver = Receiver()
    receiver.fail[1] = ValueError("not yet")
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver) as consumer:
        ids = await place.say(kit, 1, 2)
        await place.seen_all(2)
        with pytest.raises(ValueError, match="not yet"):
            await consumer.replay(ids[0])
        assert await place.sql("SELECT count(*) FROM receiver.parked") == [1]

        receiver.fail.clear()
        receiver.calls.clear()
        await redis.flushall()  # delivers it again: it is the operator's now
        await place.say(kit, 3)
        await place.seen_all(3)
        assert receiver.calls == [3]

        assert await consumer.replay(ids[0])
        assert not await consumer.replay(ids[0])
        assert not await consumer.replay(uuid4())
        assert await place.sql("SELECT count(*) FROM receiver.parked") == [0]
        await redis.flushall()
        await place.say(kit, 4)
        assert await place.seen_all(4) == [2, 3, 1, 4]


async def test_what_cannot_be_read_is_parked_and_what_is_nobody_s_is_left_out(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(Receiver()):
        await redis.xadd(STREAM, {"some": "thing"})
        await redis.xadd(STREAM, {"id": "short", "kind": "sender.number.said", "data": "{}", "trace": ""})
        await redis.xadd(STREAM, {"id": uuid4().bytes, "kind": "sender.other", "data": "{}", "trace": ""})
        await redis.xadd(STREAM, {"id": uuid4().bytes, "kind": "sender.number.said", "data": "{}", "trace": ""})
        await place.say(kit, 1)
        assert await place.seen_all(1) == [1]
        assert await place.sql("SELECT error FROM receiver.parked") == ["ValidationError"]
        await until(lambda: none_pending(redis))


async def test_a_handler_that_fails_because_postgres_restarts_is_not_parked(place: Place) -> None:
    receiver = Receiver()
    receiver.pause = 0.05
    async with place.kit("sender") as kit, place.relay(kit), place.consumer(receiver):
        await place.say(kit, *range(20))
        await place.seen_all(2)
        await asyncio.to_thread(place.servers.postgres.stop)
        await asyncio.sleep(3)
        await asyncio.to_thread(place.servers.postgres.start)
        assert await place.seen_all(*range(20)) == list(range(20))
        assert await place.sql("SELECT count(*) FROM receiver.parked") == [0]


async def test_a_handler_whose_statement_always_takes_too_long_is_parked(place: Place) -> None:
    """It fails as a restart does, while the database is well."""

    class Slow(Receiver):
        async def on_said(self, session: AsyncSession, event: Heard) -> None:
            await session.execute(text("SET LOCAL statement_timeout = '20ms'"))
            await session.execute(text("SELECT pg_sleep(1)"))

    async with place.kit("sender") as kit, place.relay(kit), place.kit("receiver") as other:
        consumer = Consumer("receiver", Slow(), [Handler(Heard, Slow.on_said)], other.db, other.shared.redis, "1")
        await consumer.start()
        await place.say(kit, 1)
        for _ in range(200):
            if await place.sql("SELECT error FROM receiver.parked") == ["DBAPIError"]:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("not parked")
        await consumer.stop()


async def test_what_is_older_than_anybody_needs_is_forgotten(place: Place, redis: Redis) -> None:
    async with place.kit("sender") as kit, place.consumer(Receiver()):
        async with place.relay(kit):
            await place.say(kit, 1, 2)
            await place.seen_all(1, 2)
        await place.sql(
            "UPDATE sender.outbox SET created_at = now() - interval '8 days', published_at = now() - interval '8 days'"
            " WHERE position = (SELECT min(position) FROM sender.outbox)"
        )
        await redis.delete(STREAM)
        old = int((time.time() - 8 * 86400) * 1000)
        await redis.xadd(STREAM, {"id": uuid4().bytes, "kind": "k", "data": "{}", "trace": ""}, id=f"{old}-1")
        async with place.relay(kit):

            async def forgotten() -> bool:
                return await place.sql("SELECT count(*) FROM sender.outbox") == [1] and not await redis.xlen(STREAM)

            await until(forgotten)


class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):
    """Sender: an account is gone."""

    KIND: ClassVar[str] = "sender.account.deleted"


class Slow:
    """Erases in a step that takes longer than a transaction may be idle."""

    def __init__(self, kit: Kit[NoSettings]) -> None:
        self.kit = kit
        self.steps = 0

    async def erase(self, session: AsyncSession, _: AccountDeleted) -> bool:
        self.steps += 1
        await session.execute(text("SELECT pg_sleep(0.6)"))
        return False


async def test_an_account_that_takes_long_to_erase_is_erased_once(
    place: Place, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_IN_TRANSACTION_TIMEOUT", "200ms")
    async with place.kit("sender") as sender, place.relay(sender), place.kit("receiver") as kit:
        slow = Slow(kit)
        handler = personal.Personal(AccountDeleted, Slow.erase, lambda _: []).handler()
        consumer = Consumer("receiver", slow, [handler], kit.db, kit.shared.redis, "1")
        await consumer.start()
        async with sender.db.transaction() as session:
            await publish(session, AccountDeleted(account=uuid4(), last=True))
        await until(lambda: sent(redis, 1))
        await until(lambda: none_pending(redis))
        await consumer.stop()
        assert slow.steps == 1
    assert await place.sql("SELECT count(*) FROM receiver.parked") == [0]
    assert await place.sql("SELECT count(*) FROM receiver.inbox") == [1]


async def test_lag_says_what_waits_where_and_for_how_long(place: Place, redis: Redis) -> None:
    services = {
        "sender": Service("sender", UseCases[NoSettings]),
        "receiver": Service("receiver", UseCases[NoSettings], handlers=HANDLERS),
    }

    async def lag() -> Lag:
        [found] = await lags(list(services.values()), services, place.settings)
        return found

    assert await lag() == Lag("receiver", "sender", unsent=0, behind=0, oldest=0.0, parked=0)
    async with place.kit("sender") as kit:
        await place.say(kit, 1, 2, 3)
        assert await lag() == Lag("receiver", "sender", unsent=3, behind=0, oldest=0.0, parked=0)
        async with place.relay(kit):
            await until(lambda: all_sent(place))
        await asyncio.sleep(0.2)
        unread = await lag()
        assert (unread.unsent, unread.behind) == (0, 3)
        assert 0.2 <= unread.oldest < 20

        receiver = Receiver()
        receiver.fail[1] = NotNowError()
        async with place.consumer(receiver):
            await until(lambda: called(receiver))
        held = await lag()
        assert (held.behind, held.parked) == (3, 0)
        assert held.oldest >= unread.oldest

        receiver.fail[1] = ValueError()
        async with place.consumer(receiver):
            assert await place.seen_all(2, 3) == [2, 3]
            await until(lambda: none_pending(redis))
        assert await lag() == Lag("receiver", "sender", unsent=0, behind=0, oldest=0.0, parked=1)


async def all_sent(place: Place) -> bool:
    return await place.sql("SELECT count(*) FROM sender.outbox WHERE published_at IS NULL") == [0]


async def called(receiver: Receiver) -> bool:
    return bool(receiver.calls)
