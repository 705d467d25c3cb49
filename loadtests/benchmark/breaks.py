"""`bench breaks`: an instance is killed, Redis and Postgres are restarted while many follow what is written."""

import asyncio
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

import aiohttp
import msgspec
from services.core.ids import new_id

from loadtests.benchmark.contestants import VoteWave
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.followers import Follower
from loadtests.benchmark.place import OPTIONS, Place, open_place
from loadtests.benchmark.processes import Server, free_port

MOST_SECONDS = 10.0
MEMBERS = 20
"""Of each conversation."""

_LATE_SECONDS = 90.0
_TRY_SECONDS = 10.0
_BETWEEN_SECONDS = 0.05
_LOOK_SECONDS = 0.02
_AHEAD_SECONDS = 2.0
"""How long is written before something breaks."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one break.

    Attributes:
        scene: What was followed.
        what: What broke.
        clients: How many followed.
        lost: How many connections were lost.
        p50_seconds, longest_seconds: From the break until a client had something that was written after it.
        written: What was written since the beginning, each taken once.
        again: How often something had to be written again, since it wasn't answered or couldn't be taken.
    """

    scene: str
    what: str
    clients: int
    lost: int
    p50_seconds: float
    longest_seconds: float
    written: int
    again: int

    @property
    def holds(self) -> bool:
        """Whether all were back in time."""
        return self.longest_seconds <= MOST_SECONDS


class Client(NamedTuple):
    """A client, and what it has been told."""

    follower: Follower
    told: list[tuple[int, str]]
    ballots: Counter[str]
    stream: str


class Scene(ABC):
    """What is followed, by two instances of one service.

    Attributes:
        title: What it is called.
        service: Whose streams are followed.
        exact: Whether what is missed always comes as changes.
        first: Serves Auth and Polls.
        servers: The instances.
        written: What was taken: of conversations the messages' client ids, of a poll the voters.
        again: How often something was written again.
        said: The last answer to what was written.
    """

    title: str
    service: str
    exact: bool

    def __init__(self, place: Place, people: int, first: Server) -> None:
        self.place = place
        self.people = people
        self.first = first
        self.servers: list[Server] = []
        self.written: list[str] = []
        self.again = 0
        self.said = ""

    async def start(self) -> None:
        """Start the instances."""
        self.servers += [self.place.run(self.service, port=free_port()) for _ in range(2)]

    def replace(self, number: int) -> None:
        """Start an instance anew that was killed, at the same address."""
        port = int(self.servers[number].url.rpartition(":")[2])
        self.servers[number] = self.place.run(self.service, port=port)

    @abstractmethod
    def open(self, http: aiohttp.ClientSession, number: int) -> Client:
        """Let a client follow."""

    @abstractmethod
    def topics(self) -> Sequence[Any]:
        """Return what can be written in, so that everybody follows one of them."""

    @abstractmethod
    async def write(self, http: aiohttp.ClientSession, topic: Any, number: int, server: Server) -> int | None:
        """Write something; return what those have who know of it, or None if it wasn't taken.

        The same number writes the same again.
        """

    @abstractmethod
    def has(self, client: Client, topic: Any, wanted: int) -> bool:
        """Say whether a client knows of what was written; if it doesn't follow that, it does."""

    @abstractmethod
    async def check(self, clients: Sequence[Client]) -> str:
        """Compare what is stored with what was written and what clients were told; return what differs."""

    async def write_until_taken(self, http: aiohttp.ClientSession, topic: Any, number: int) -> int:
        """Write something, again and again at either instance until it is taken.

        Raises:
            BenchError: It isn't taken in time.
        """
        deadline = time.monotonic() + _LATE_SECONDS
        turn = number
        while time.monotonic() < deadline:
            try:
                async with asyncio.timeout(_TRY_SECONDS):
                    found = await self.write(http, topic, number, self.servers[turn % 2])
            except (aiohttp.ClientError, OSError, TimeoutError) as exc:
                found, self.said = None, repr(exc)
            if found is not None:
                self.written.append(str(number))
                return found
            self.again += 1
            turn += 1
            await asyncio.sleep(0.1)
        raise BenchError(f"{self.title}: something wasn't taken within {_LATE_SECONDS:g} s: {self.said}")


class Talks(Scene):
    """Conversations of twenty people, each of whom follows theirs and the list of their own."""

    title = "conversations"
    service = "messaging"
    exact = True

    async def start(self) -> None:
        """Write who converses with whom, and start the instances."""
        self.accounts = [new_id() for _ in range(self.people)]
        self.of = {new_id(): self.accounts[start : start + MEMBERS] for start in range(0, self.people, MEMBERS)}
        self.conversation = {account: talk for talk, members in self.of.items() for account in members}
        people = [(account, 1, f"person_{number}", "", False) for number, account in enumerate(self.accounts)]
        talks = [(talk, "group", "Us", members[0]) for talk, members in self.of.items()]
        members = [
            (talk, account, "member" if place else "owner", "active", 0, 0, talk)
            for talk, those in self.of.items()
            for place, account in enumerate(those)
        ]
        async with self.place.connect("votewave") as connection:
            for table, columns, rows in (
                ("person", ["id", "version", "handle", "display_name", "deleted"], people),
                ("conversation", ["id", "kind", "title", "made_by"], talks),
                ("member", ["conversation", "account", "role", "state", "since", "read", "latest"], members),
            ):
                await connection.copy_records_to_table(table, schema_name="messaging", columns=columns, records=rows)
        await super().start()

    def open(self, http: aiohttp.ClientSession, number: int) -> Client:
        """See `Scene.open`."""
        account = self.accounts[number]
        told: list[tuple[int, str]] = []

        def take(event: Any) -> None:
            if event.get("type") == "message":
                told.append((event["message"]["seq"], event["message"]["client_id"]))

        stream = f"conversation:{self.conversation[account]}"
        streams = [stream, f"conversations:{account}"]
        headers = {**self._headers(account), "x-forwarded-for": f"198.18.{number // 250}.{number % 250}"}
        follower = Follower(http, self.servers, self.service, streams, headers, take, exact=self.exact)
        return Client(follower, told, Counter(), stream)

    def topics(self) -> Sequence[UUID]:
        """See `Scene.topics`."""
        return list(self.of)

    async def write(self, http: aiohttp.ClientSession, topic: UUID, number: int, server: Server) -> int | None:
        """See `Scene.write`."""
        sender = self.of[topic][number % len(self.of[topic])]
        url = f"{server.url}/v1/messaging/conversations/{topic}/messages"
        body = {"client_id": str(number), "text": f"This is message {number:,}."}
        async with http.post(url, json=body, headers=self._headers(sender)) as answer:
            self.said = f"{answer.status} {await answer.text()}"
            return int((await answer.json())["seq"]) if answer.status in {200, 201} else None

    def has(self, client: Client, topic: UUID, wanted: int) -> bool:
        """See `Scene.has`."""
        return client.stream != f"conversation:{topic}" or client.follower.at[client.stream][1] >= wanted

    async def check(self, clients: Sequence[Client]) -> str:
        """See `Scene.check`."""
        async with self.place.connect("votewave") as connection:
            rows = await connection.fetch(
                "SELECT 'conversation:' || conversation AS stream, seq, client_id FROM messaging.message"
                " ORDER BY conversation, seq"
            )
            stands = await connection.fetch(
                "SELECT 'conversation:' || id AS stream, seq FROM messaging.conversation"
                " UNION ALL SELECT 'conversations:' || id, seq FROM messaging.account"
            )
        heads = {row["stream"]: row["seq"] for row in stands}
        if sorted(row["client_id"] for row in rows) != sorted(self.written):
            return f"{len(self.written):,} messages were taken, and {len(rows):,} are stored"
        order: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            order.setdefault(row["stream"], []).append((row["seq"], row["client_id"]))
        wrong = sum(client.told != order.get(client.stream, []) for client in clients)
        if wrong:
            return f"{wrong} clients have other messages, or another order, than is stored"
        behind = sum(
            any(seq != heads.get(stream, 0) for stream, (_, seq) in client.follower.at.items()) for client in clients
        )
        return f"{behind} clients weren't told all" if behind else ""

    def _headers(self, account: UUID) -> dict[str, str]:
        return {"authorization": f"Bearer {self.place.voters.token(account, guest=False)}"}


class Votes(Scene):
    """A poll that everybody watches without signing in."""

    title = "a poll's results"
    service = "votebooth"
    exact = False

    async def start(self) -> None:
        """Start the instances, and publish a poll."""
        await super().start()
        self._poll = VoteWave(self.place)
        await self._poll.publish(self.first, self.servers[0])
        self._tokens: dict[int, str] = {}

    def open(self, http: aiohttp.ClientSession, number: int) -> Client:
        """See `Scene.open`."""
        ballots: Counter[str] = Counter()

        def take(event: Any) -> None:
            ballots["ballots"] = event.get("ballots", ballots["ballots"])

        stream = f"poll:{self._poll.poll}"
        headers = {"x-forwarded-for": f"198.19.{number // 250}.{number % 250}"}
        follower = Follower(http, self.servers, self.service, [stream], headers, take, exact=self.exact)
        return Client(follower, [], ballots, stream)

    def topics(self) -> Sequence[UUID]:
        """See `Scene.topics`."""
        return [UUID(str(self._poll.poll))]

    async def write(self, http: aiohttp.ClientSession, topic: UUID, number: int, server: Server) -> int | None:
        """See `Scene.write`."""
        token = self._tokens.setdefault(number, self.place.voters.token(new_id()))
        headers = {
            "authorization": f"Bearer {token}",
            "x-forwarded-for": f"198.20.{number // 250 % 250}.{number % 250}",
        }
        url = f"{server.url}/v1/votebooth/polls/{topic}/ballot"
        async with http.put(url, json={"picks": [number % OPTIONS + 1]}, headers=headers) as answer:
            self.said = f"{answer.status} {await answer.text()}"
            # Those before it, the poll's first vote, and this one.
            return len(self.written) + 2 if answer.status in {200, 201} else None

    def has(self, client: Client, topic: UUID, wanted: int) -> bool:
        """See `Scene.has`."""
        return client.ballots["ballots"] >= wanted

    async def check(self, clients: Sequence[Client]) -> str:
        """See `Scene.check`."""
        async with self.place.connect("votewave") as connection:
            stored = await connection.fetchval(
                "SELECT count(*) FROM votebooth.ballots WHERE poll_id = $1", self._poll.poll
            )
        await self._poll.stored()  # its counters are a recount of its ballots
        if stored != len(self.written) + 1:
            return f"{len(self.written) + 1:,} votes were acknowledged, and {stored:,} are stored"
        behind = sum(client.ballots["ballots"] != stored for client in clients)
        return f"{behind} clients see another number than is stored" if behind else ""


Break = Callable[[Place, Scene], Coroutine[Any, Any, None]]


async def _kill(place: Place, scene: Scene) -> None:
    scene.servers[0].kill()


async def _restart_redis(place: Place, scene: Scene) -> None:
    await asyncio.to_thread(place.embedded.valkey.stop)
    await asyncio.to_thread(place.embedded.valkey.start)


async def _restart_postgres(place: Place, scene: Scene) -> None:
    await asyncio.to_thread(place.embedded.postgres.stop)
    await asyncio.to_thread(place.embedded.postgres.start)


BREAKS: dict[str, Break] = {
    "an instance is killed": _kill,
    "Redis is restarted": _restart_redis,
    "Postgres is restarted": _restart_postgres,
}


async def run(*, clients: int, parent: Path | None) -> list[Measured]:
    """Break each thing once while as many clients follow conversations, and then while they follow a poll.

    Args:
        clients: How many.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something was lost, told twice, or told in another order.
    """
    settings = {"VOTEWAVE_LOG_LEVEL": "warning", "VOTEWAVE_TRUSTED_PROXIES": "1"}
    found = []
    async with open_place(parent, **settings) as place:
        first = place.run("auth", "polls")
        for kind in (Talks, Votes):
            scene: Scene = kind(place, clients, first)
            await scene.start()
            async with _following(scene, clients) as (http, followers):
                for what, act in BREAKS.items():
                    found.append(await _measure(scene, http, followers, what, act))
                    print(line(found[-1]), file=sys.stderr, flush=True)
            for server in scene.servers:
                server.stop()
    return found


@asynccontextmanager
async def _following(scene: Scene, number: int) -> AsyncIterator[tuple[aiohttp.ClientSession, list[Client]]]:
    """Let clients follow, all of them at the first instance."""
    clients: list[Client] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        try:
            for start in range(0, number, 50):
                some = [scene.open(http, each) for each in range(start, min(start + 50, number))]
                clients += some
                async with asyncio.timeout(_LATE_SECONDS):
                    await asyncio.gather(*(client.follower.is_open.wait() for client in some))
            yield http, clients
        finally:
            await asyncio.gather(*(client.follower.close() for client in clients))


async def _measure(
    scene: Scene, http: aiohttp.ClientSession, clients: Sequence[Client], what: str, act: Break
) -> Measured:
    lost, again = sum(client.follower.lost for client in clients), scene.again
    wanted_on = asyncio.Event()
    wanted_on.set()
    writing = asyncio.create_task(_write_on(scene, http, wanted_on))
    try:
        await asyncio.sleep(_AHEAD_SECONDS)
        begun = time.monotonic()
        breaking = asyncio.create_task(act(scene.place, scene))
        await asyncio.sleep(0)
        topics = scene.topics()
        number = 1_000_000 + len(scene.written) * 100
        # What is written now is taken as soon as it can be, and seen by all who are back.
        wanted = await asyncio.gather(
            *(scene.write_until_taken(http, topic, number + place) for place, topic in enumerate(topics))
        )
        took = await _back(scene, clients, dict(zip(topics, wanted, strict=True)), begun)
        await breaking
    finally:
        wanted_on.clear()
        await asyncio.wait({writing})
    await writing  # raises what went wrong
    await _settle(scene, clients)
    if what == next(iter(BREAKS)):
        await asyncio.to_thread(scene.replace, 0)
    return Measured(
        scene=scene.title,
        what=what,
        clients=len(clients),
        lost=sum(client.follower.lost for client in clients) - lost,
        p50_seconds=median(took),
        longest_seconds=max(took),
        written=len(scene.written),
        again=scene.again - again,
    )


async def _write_on(scene: Scene, http: aiohttp.ClientSession, wanted: asyncio.Event) -> None:
    """Write one thing after the other, until nobody wants it any more; what is under way then is written to its end."""
    topics, number = scene.topics(), len(scene.written)
    while wanted.is_set():
        number += 1
        await scene.write_until_taken(http, topics[number % len(topics)], number)
        await asyncio.sleep(_BETWEEN_SECONDS)


async def _back(scene: Scene, clients: Sequence[Client], wanted: dict[Any, int], begun: float) -> list[float]:
    """Return after how many seconds each client knew what was written after the break.

    Raises:
        BenchError: They don't in time, or were told wrong.
    """
    took: dict[int, float] = {}
    while len(took) < len(clients):
        now = time.monotonic() - begun
        for number, client in enumerate(clients):
            if number not in took and all(scene.has(client, topic, seq) for topic, seq in wanted.items()):
                took[number] = now
        if now > _LATE_SECONDS:
            raise BenchError(f"{len(clients) - len(took)} of {len(clients)} clients aren't back.")
        await _refuse_wrong(clients)
        await asyncio.sleep(_LOOK_SECONDS)
    return list(took.values())


async def _settle(scene: Scene, clients: Sequence[Client]) -> None:
    """Wait until all clients have what is stored.

    Raises:
        BenchError: They haven't in time.
    """
    deadline = time.monotonic() + _LATE_SECONDS
    while differs := await scene.check(clients):
        await _refuse_wrong(clients)
        if time.monotonic() > deadline:
            raise BenchError(f"{scene.title}: {differs}.")
        await asyncio.sleep(0.2)


async def _refuse_wrong(clients: Sequence[Client]) -> None:
    if wrong := next((client.follower.wrong for client in clients if client.follower.wrong), ""):
        raise BenchError(f"A client couldn't follow what happened: {wrong}.")


def line(found: Measured) -> str:
    """Return what was measured for people."""
    verdict = "" if found.holds else f"  MISSED: {MOST_SECONDS:g} s"
    return (
        f"{found.scene}, {found.what}: {found.lost:,} of {found.clients:,} connections lost, back after "
        f"{found.p50_seconds:.1f} s (p50), {found.longest_seconds:.1f} s (longest); {found.written:,} written, "
        f"{found.again:,} times again, nothing lost, doubled or out of order{verdict}"
    )
