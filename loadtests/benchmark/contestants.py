"""The contestants: each is started once, then measured again and again, in turns."""

import asyncio
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Protocol
from uuid import UUID

import httpx

from loadtests.benchmark import pgbench, wrk
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.machine import cores
from loadtests.benchmark.place import OPTIONS, Place
from loadtests.benchmark.processes import Server, free_port, tree_cpu_seconds
from loadtests.benchmark.samples import Sample

RAMP_SECONDS = 1
_MOST_CLIENTS = 64  # the embedded server takes 100 connections, and VoteWave has some
_PROJECTION_SECONDS = 15


class Contestant(Protocol):
    """Something that is measured in turns with others."""

    key: str
    title: str

    async def start(self) -> None:
        """Make its database, start its server."""

    async def measure(self, number: int, seconds: int, connections: int) -> Sample:
        """Put it under load for a round.

        Raises:
            BenchError: It failed, or what it stored isn't what it acknowledged.
        """

    async def stop(self) -> None:
        """End its server."""


class Http(ABC):
    """What contestants that serve HTTP share: load by wrk, CPU time, and the check of what was stored."""

    key: str
    title: str
    method = "PUT"
    stores = True
    fresh_voters = True

    def __init__(self, place: Place) -> None:
        self.place = place
        self.server: Server | None = None
        self.vote_url = ""
        self._acknowledged = 0

    @abstractmethod
    async def stored(self) -> int:
        """Return how many acknowledged votes (changes included) the database holds now."""

    async def measure(self, number: int, seconds: int, connections: int) -> Sample:
        """See `Contestant.measure`."""
        if self.server is None:
            raise RuntimeError("start() comes before measure()")
        tokens = self.place.fresh_voters if self.fresh_voters else self.place.new_voters(500)
        await self.place.checkpoint()
        ramp = await self._load(tokens, 0, RAMP_SECONDS, connections)
        cpu, database = self.server.cpu_seconds(), tree_cpu_seconds(self.place.postgres_pid)
        load = await self._load(tokens, ramp.sent, seconds, connections)
        cpu, database = self.server.cpu_seconds() - cpu, tree_cpu_seconds(self.place.postgres_pid) - database
        each = 1e6 / load.answered
        return Sample(
            contestant=self.key,
            round=number,
            rate=load.inside / seconds,
            p50_ms=load.p50_us / 1e3,
            p95_ms=load.p95_us / 1e3,
            p99_ms=load.p99_us / 1e3,
            max_ms=load.max_us / 1e3,
            acknowledged=self._acknowledged if self.stores else None,
            stored=await self._check(ramp, load) if self.stores else None,
            created=load.created,
            changed=load.changed,
            server_us=cpu * each,
            database_us=database * each if self.stores else None,
            generator_us=load.cpu_seconds * each,
            memory_mb=self.server.memory_mb(),
        )

    async def _load(self, tokens: Path, first: int, seconds: int, connections: int) -> wrk.Load:
        load = await asyncio.to_thread(
            wrk.run,
            self.vote_url,
            tokens,
            first=first,
            seconds=seconds,
            connections=connections,
            options=OPTIONS,
            method=self.method,
        )
        self._acknowledged += load.acknowledged
        return load

    async def _check(self, *loads: wrk.Load) -> int:
        """Compare what is stored with what was acknowledged; both count every vote since the start.

        A request without an answer (the server was stuck for a second at the end) may be stored or not.
        """
        unanswered = sum(load.sent - load.answered for load in loads)
        stored = await self.stored()
        if not self._acknowledged <= stored <= self._acknowledged + unanswered:
            raise BenchError(f"{self.title} acknowledged {self._acknowledged} votes and stored {stored}.")
        self._acknowledged = stored
        return stored

    async def stop(self) -> None:
        """See `Contestant.stop`."""
        if self.server is not None:
            self.server.stop()


class VoteWave(Http):
    """VoteWave itself: all services in one process, as `votewave run all` serves them."""

    key = "votewave"
    title = "VoteWave, new voters"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.poll: UUID | None = None

    async def start(self) -> None:
        """Start the server, publish a poll, let a guest vote."""
        self.server = self.place.run("all")
        await self.publish(self.server)

    async def publish(self, server: Server, booth: Server | None = None) -> None:
        """Publish a poll as an owner of its own, and let a guest vote: all through the public API.

        Args:
            server: Serves Auth and Polls.
            booth: Serves VoteBooth; None if that is the same.
        """
        async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
            account = {"email": f"{self.key}@example.org", "password": "a boat, a lamp and 3 keys"}
            owner = _ok(await client.post("/v1/auth/accounts", json=account))["access_token"]
            poll = {
                "title": "Which of these?",
                "method": {"type": "single"},
                "options": [{"label": f"Option {number}"} for number in range(1, OPTIONS + 1)],
                "rules": {"eligibility": "anyone", "strength": "guest"},
                "publish": True,
            }
            made = await client.post("/v1/polls/", json=poll, headers={"Authorization": f"Bearer {owner}"})
            self.poll = UUID(_ok(made)["id"])
            guest = _ok(await client.post("/v1/auth/guests"))["access_token"]
            self.vote_url = f"{(booth or server).url}/v1/votebooth/polls/{self.poll}/ballot"
            await self._first_vote(client, guest)
        self._acknowledged = 1

    async def _first_vote(self, client: httpx.AsyncClient, token: str) -> None:
        answer = None
        for _ in range(_PROJECTION_SECONDS * 10):
            answer = await client.put(self.vote_url, json={"picks": [1]}, headers={"Authorization": f"Bearer {token}"})
            if answer.is_success:
                return
            await asyncio.sleep(0.1)
        raise BenchError(f"VoteWave didn't take a guest's vote: {answer and answer.text}")

    async def stored(self) -> int:
        """Return the votes stored; the counters must agree with the ballots.

        Raises:
            BenchError: They don't.
        """
        async with self.place.connect("votewave") as connection:
            rows = await connection.fetch(
                "SELECT (convert_from(choice, 'UTF8')::jsonb -> 'picks' ->> 0)::int AS option, count(*) AS ballots,"
                " sum(revision) AS votes FROM votebooth.ballots WHERE poll_id = $1 GROUP BY 1",
                self.poll,
            )
            counter = await connection.fetchrow(
                "SELECT ballots, sums FROM votebooth.counters WHERE poll_id = $1", self.poll
            )
        counted = {option: total for option, total in enumerate(counter["sums"] if counter else (), 1) if total}
        recount = {row["option"]: row["ballots"] for row in rows}
        if counter is None or counted != recount or counter["ballots"] != sum(recount.values()):
            raise BenchError(f"VoteWave's counters {counted} aren't a recount of its ballots, {recount}.")
        return int(sum(row["votes"] for row in rows))


class VoteWaveSeen(VoteWave):
    """VoteWave again, with voters who have voted before: their tokens are known, their ballots change."""

    key = "votewave-seen"
    title = "VoteWave, returning voters"
    fresh_voters = False

    def __init__(self, place: Place, votewave: VoteWave) -> None:
        super().__init__(place)
        self._votewave = votewave

    async def start(self) -> None:
        """Publish another poll on the server that is there."""
        if self._votewave.server is None:
            raise RuntimeError("the other has to be started first")
        self.server = self._votewave.server
        await self.publish(self.server)

    async def stop(self) -> None:
        """The server is the other's."""


class Plain(Http):
    """A plain Litestar POST on the same server."""

    key = "plain"
    title = "plain Litestar POST"
    method = "POST"
    stores = False

    async def start(self) -> None:
        """Start the server."""
        port = free_port()
        log = self.place.folder / "plain.log"
        self.server = Server("plain Litestar", ["loadtests.peers.plain", str(port)], {}, port, "/ready", log)
        self.vote_url = f"{self.server.url}/votes"

    async def stored(self) -> int:
        """Return 0: it stores nothing."""
        return 0


class Classic(Http):
    """Flask, gunicorn, psycopg2, PyJWT: a database connection a request, as Flask's tutorial has it."""

    key = "flask"
    title = "Flask + psycopg2, a connection a request"
    pooled = False
    poll = "01900000-0000-7000-8000-000000000001"

    @property
    def _database(self) -> str:
        return self.key.replace("-", "_")

    async def start(self) -> None:
        """Make its database and start its workers."""
        from loadtests.peers import classic  # noqa: PLC0415  (its packages are for `./just bench votes` alone)

        await self.place.create_database(self._database, classic.TABLES)
        async with self.place.connect(self._database) as connection:
            await connection.execute("INSERT INTO polls VALUES ($1, $2)", self.poll, OPTIONS)
        port = free_port()
        environment = {
            "PEER_DSN": self.place.dsn(self._database),
            "PEER_JWKS": self.place.jwks,
            "PEER_POOL": str(int(self.pooled)),
        }
        workers = str(2 * cores() + 1)  # what gunicorn's documentation advises
        module = ["gunicorn", "--workers", workers, "--bind", f"127.0.0.1:{port}", "loadtests.peers.classic:app"]
        log = self.place.folder / f"{self.key}.log"
        self.server = Server("Flask on gunicorn", module, environment, port, "/ready", log)
        self.vote_url = f"{self.server.url}/polls/{self.poll}/vote"

    async def stored(self) -> int:
        """Return the votes stored, changes included."""
        async with self.place.connect(self._database) as connection:
            return int(await connection.fetchval("SELECT coalesce(sum(revision), 0) FROM votes"))


class Pooled(Classic):
    """The same with a connection pool in each worker."""

    key = "flask-pool"
    title = "Flask + psycopg2, pooled"
    pooled = True


class Database:
    """The database's own single-row insert.

    Args:
        place: Where.
        clients: Connections; None for as many as the other contestants get.
    """

    def __init__(self, place: Place, clients: int | None = None) -> None:
        self._place = place
        self._clients = clients
        self._database = "inserts" if clients is None else f"inserts_{clients}"
        self.key = "pgbench" if clients is None else f"pgbench-{clients}"
        self.title = "pgbench insert" + (f", {clients} client" if clients else "")

    async def start(self) -> None:
        """Make its database."""
        await self._place.create_database(self._database, pgbench.TABLE)

    async def measure(self, number: int, seconds: int, connections: int) -> Sample:
        """See `Contestant.measure`."""
        await self._place.checkpoint()
        found = await asyncio.to_thread(
            pgbench.run,
            self._place.dsn(self._database),
            ramp=RAMP_SECONDS,
            seconds=seconds,
            clients=self._clients or min(connections, _MOST_CLIENTS),
        )
        return Sample(
            contestant=self.key,
            round=number,
            rate=found.inside / seconds,
            p50_ms=found.p50_us / 1e3,
            p95_ms=found.p95_us / 1e3,
            p99_ms=found.p99_us / 1e3,
            max_ms=found.max_us / 1e3,
        )

    async def stop(self) -> None:
        """Nothing runs."""


def _ok(answer: httpx.Response) -> dict[str, str]:
    if not answer.is_success:
        raise BenchError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    values: dict[str, str] = answer.json()
    return values
