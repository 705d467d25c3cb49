"""`bench messages`: messages through two instances, some of them sent twice, to devices that read from both."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import quantiles

import aiohttp
import msgspec
from services.core.ids import new_id
from services.core.observe.progress import Progress

from loadtests.benchmark.chats import MEMBERS, Chat, Clock, Device, Letter, People, Plain, VoteWave
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.place import Place, open_place
from loadtests.benchmark.processes import tree_cpu_seconds

MOST_EACH = 160
"""Messages of a conversation; a sender of more, repetitions included, might meet the limit of 120 a minute."""

_SETTLE_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_REPEATED = 5
"""One of so many messages is sent twice at once, and another one again after it was answered."""
_READ = 4
"""After one of so many messages somebody says that they have read it."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """How a contestant did.

    Attributes:
        title: Which.
        messages: How many were sent.
        repeated: How many of them were sent once more.
        busy: How many had to be sent again, since an instance was too busy.
        devices: How many read them.
        rate: Messages answered a second, those that were sent once more counted once.
        p50_ms, p95_ms: From when a message was sent to its answer.
        delivered_p50_ms, delivered_p95_ms: From when a message was sent until one of the devices had it.
        server_ms: Processor time of both instances for a message.
        database_ms: Processor time of the database for a message.
        generator: Share of one processor that sending and all devices took.
    """

    title: str
    messages: int
    repeated: int
    busy: int
    devices: int
    rate: float
    p50_ms: float
    p95_ms: float
    delivered_p50_ms: float
    delivered_p95_ms: float
    server_ms: float
    database_ms: float
    generator: float


async def run(*, messages: int, conversations: int, at_once: int, parent: Path | None) -> list[Measured]:
    """Send as many messages through VoteWave, then through a plain chat.

    Args:
        messages: How many.
        conversations: Over how many they are spread.
        at_once: How many are under way at a time.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something failed, or a device hasn't what is stored.
    """
    settings = {"VOTEWAVE_LOG_LEVEL": "warning", "VOTEWAVE_TRUSTED_PROXIES": "1"}
    people = _people(conversations)
    found = []
    async with open_place(parent, **settings) as place:
        chats: list[Chat] = [VoteWave(place, people), Plain(place, people)]
        for chat in chats:
            await chat.start()
            await place.checkpoint()
            found.append(await _measure(place, chat, people, messages, at_once))
            print(line(found[-1]), file=sys.stderr, flush=True)
            for server in chat.servers:
                server.stop()
    return found


def _people(conversations: int) -> People:
    """Return people of whom each is in two conversations, with other people in either."""
    accounts = [new_id() for _ in range(max(MEMBERS, conversations * MEMBERS // 2))]
    some = MEMBERS // 2
    return People(
        {
            new_id(): [accounts[(number * some + place) % len(accounts)] for place in range(MEMBERS)]
            for number in range(conversations)
        }
    )


async def _measure(place: Place, chat: Chat, people: People, messages: int, at_once: int) -> Measured:
    dice = Random(1)  # noqa: S311  (the same load each time)
    order = [(conversation, member) for conversation, members in people.of.items() for member in members]
    letters = [Letter(number, *order[number % len(order)]) for number in range(messages)]
    dice.shuffle(letters)
    clock = Clock()
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http,
        _devices(http, chat, people, clock) as devices,
    ):
        load = _Load(http, chat, people, clock)
        server, database = _server_seconds(chat), tree_cpu_seconds(place.postgres_pid)
        begun, own = time.perf_counter(), time.process_time()
        await load.send(letters, at_once)
        seconds = time.perf_counter() - begun
        await _settle(chat, devices)
        server, database = _server_seconds(chat) - server, tree_cpu_seconds(place.postgres_pid) - database
        busy = (time.process_time() - own) / (time.perf_counter() - begun)
        await chat.check(devices, messages)
        if len(clock.took_ms) != messages * MEMBERS * 2:
            raise BenchError(f"Devices had {len(clock.took_ms):,} messages of {messages * MEMBERS * 2:,}.")
    sent, delivered = quantiles(load.took_ms, n=100), quantiles(clock.took_ms, n=100)
    return Measured(
        title=chat.title,
        messages=messages,
        repeated=load.repeated,
        busy=chat.busy,
        devices=len(devices),
        rate=messages / seconds,
        p50_ms=sent[49],
        p95_ms=sent[94],
        delivered_p50_ms=delivered[49],
        delivered_p95_ms=delivered[94],
        server_ms=server * 1e3 / messages,
        database_ms=database * 1e3 / messages,
        generator=busy,
    )


class _Load:
    """Sends messages, those of one pair of instances in turns.

    Attributes:
        took_ms: From when each was sent first to its answer.
        repeated: How many were sent once more.
    """

    def __init__(self, http: aiohttp.ClientSession, chat: Chat, people: People, clock: Clock) -> None:
        self.took_ms: list[float] = []
        self.repeated = 0
        self._http = http
        self._chat = chat
        self._people = people
        self._clock = clock

    async def send(self, letters: Sequence[Letter], at_once: int) -> None:
        """Send all of them, so many at a time.

        Raises:
            BenchError: One wasn't taken.
        """
        waiting = iter(letters)
        progress = Progress({"messages": len(letters)})

        async def work() -> None:
            for letter in waiting:
                await self._one(letter)
                progress("messages")

        try:
            async with asyncio.TaskGroup() as working:
                for _ in range(at_once):
                    working.create_task(work())
        except ExceptionGroup as failed:
            raise BenchError(f"Messages couldn't be sent: {failed.exceptions[0]}") from failed
        finally:
            progress.end()

    async def _one(self, letter: Letter) -> None:
        one, other = self._chat.servers if letter.number % 2 else reversed(self._chat.servers)
        self._clock.sent[str(letter.number)] = begun = time.perf_counter()
        send = self._chat.send
        again = letter.number % _REPEATED if self._chat.repeats else None
        if again == 0:
            answers = await asyncio.gather(send(self._http, letter, one), send(self._http, letter, other))
        else:
            answers = [await send(self._http, letter, one)]
        self.took_ms.append((time.perf_counter() - begun) * 1_000)
        if again == 1:
            answers = [*answers, await send(self._http, letter, other)]
        self.repeated += len(answers) - 1
        if len({(seq, made) for _, seq, made in answers}) != 1 or sum(new for new, _, _ in answers) > 1:
            raise BenchError(f"A message that was sent twice was answered with {answers}.")
        if letter.number % _READ == 0:
            readers = [each for each in self._people.of[letter.conversation] if each != letter.sender]
            reader = readers[letter.number // _READ % len(readers)]
            await self._chat.read(self._http, reader, letter, answers[0][1], other)


@asynccontextmanager
async def _devices(
    http: aiohttp.ClientSession, chat: Chat, people: People, clock: Clock
) -> AsyncIterator[list[Device]]:
    """Open two devices of each account, one at each instance."""
    devices: list[Device] = []
    try:
        for account in people.accounts:
            devices += [await chat.open(http, account, server, clock) for server in chat.servers]
        for device in devices:
            await device.opened()
        yield devices
    finally:
        for device in devices:
            await device.close()


async def _settle(chat: Chat, devices: Sequence[Device]) -> None:
    """Wait until all devices have been told all.

    Raises:
        BenchError: They aren't.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        behind = await chat.behind(devices)
        if wrong := next((device.wrong for device in devices if device.wrong), ""):
            raise BenchError(f"A device couldn't follow what happened: {wrong}.")
        if not behind:
            return
        if time.monotonic() > deadline:
            raise BenchError(f"{behind} of {len(devices)} devices weren't told all within {_SETTLE_SECONDS:g} s.")
        await asyncio.sleep(0.05)


def _server_seconds(chat: Chat) -> float:
    return sum(server.cpu_seconds() for server in chat.servers)


def line(found: Measured) -> str:
    """Return what was measured for people."""
    return (
        f"{found.title:<24} {found.messages:,} messages, {found.repeated:,} twice, to {found.devices:,} devices: "
        f"{found.busy:,} had to wait; {found.rate:,.0f} a second; sent in {found.p50_ms:.1f} ms (p50), "
        f"{found.p95_ms:.1f} (p95), "
        f"delivered in {found.delivered_p50_ms:.1f}, {found.delivered_p95_ms:.1f}; processor "
        f"{found.server_ms:.1f} + {found.database_ms:.1f} ms a message; the devices took {found.generator:.0%} of one"
    )


def comparison(found: Sequence[Measured]) -> str:
    """Return how VoteWave compares with the plain chat."""
    ours, theirs = found
    spent = (ours.server_ms + ours.database_ms) / (theirs.server_ms + theirs.database_ms)
    return f"{ours.title} / {theirs.title}: rate {ours.rate / theirs.rate:.2f}, processor time {spent:.1f}"
