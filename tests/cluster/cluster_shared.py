"""The cluster that tests share, and voters who remember what they were told."""

import asyncio
import contextlib
import fcntl
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from os import getuid
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import asyncpg
import psutil
from cluster_place import ROOT
from tools.cluster.agents import Api
from tools.cluster.cluster import Cluster, ClusterError
from tools.cluster.place import Agent, Place
from tools.cluster.processes import MARK

S = TypeVar("S")
T = TypeVar("T")

SERVERS, CLIENTS = 3, 2
_AT_A_TIME = 8
_FIRST_PORT = 10_000


@contextmanager
def place() -> Iterator[Place]:
    """Give the tests' cluster its place: a folder that nobody else uses, in which a killed run's is stopped."""
    name = sha256(str(ROOT).encode()).hexdigest()[:8]
    for number in range(_AT_A_TIME):
        folder = Path(tempfile.gettempdir()).resolve() / f"votewave-test-{getuid()}-{name}-{number}"
        with folder.with_suffix(".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # other tests are at it
            with contextlib.suppress(ClusterError):
                Cluster.at(folder).reset()
            found = Place(folder, _FIRST_PORT + 1_000 * number, SERVERS, CLIENTS)
            if found.taken():
                continue
            yield found
            return
    raise AssertionError(f"no place for a cluster: the ports from {_FIRST_PORT} on are taken")


def command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `./just cluster`."""
    return subprocess.run(
        [sys.executable, "-m", "tools.cluster", "--folder", str(folder), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def marked(folder: Path) -> list[psutil.Process]:
    """Return every process with a cluster's mark, dead ones that nobody collects left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


class SharedCluster:
    """A cluster that runs; what tests need of it.

    Attributes:
        cluster: `tools.cluster.Cluster`: start, stop, deploy, status.
        said: What cluster.json says.
        built: The version that was started; others are made of it.
        version: The one of VoteBooth that runs now.
        gateway_url: Where users come in.
    """

    def __init__(self, cluster: Cluster, said: dict[str, Any]) -> None:
        self.cluster = cluster
        self.said = said
        self.built = self.version = str(said["version"])
        self.gateway_url = str(said["gateway_url"])
        self._counts: dict[tuple[str, int], int] = {}

    async def consul(self, path: str, **parameters: Any) -> Any:
        """Ask Consul as its administrator, at whichever server answers."""
        return await self._ask(self.cluster.agents.consul, path, parameters)

    async def nomad(self, path: str, **parameters: Any) -> Any:
        """Ask Nomad as its administrator, at whichever server answers."""
        return await self._ask(self.cluster.agents.nomad, path, parameters)

    async def _ask(self, api_of: Callable[[Any], Api], path: str, parameters: dict[str, Any]) -> Any:
        failure: Exception | None = None
        for agent in self.cluster.place.agents:
            name = "consul" if api_of == self.cluster.agents.consul else "nomad"
            process = self.cluster.processes.find(f"{name}-{agent.name}")
            if not agent.is_server or process is None or process.status() == "stopped":
                continue
            try:
                return await asyncio.to_thread(api_of(agent).get, path, **parameters)
            except Exception as exc:  # noqa: BLE001  (the next one is asked; the last one's failure is raised)
                failure = exc
        raise failure or AssertionError("no server runs")

    async def run(self, *arguments: str) -> str:
        """Run `nomad …` against it; return what it prints."""
        return await asyncio.to_thread(self.cluster.agents.run, *arguments, agent=self._server())

    async def plan(self, *arguments: str) -> str:
        """Run `nomad job plan …`, whose exit code tells whether something would change; return what it prints."""
        return await asyncio.to_thread(
            self.cluster.agents.run, "job", "plan", *arguments, agent=self._server(), good=(0, 1)
        )

    def _server(self) -> Agent:
        """Return the first server whose Nomad runs."""
        for agent in self.cluster.place.agents:
            if agent.is_server and self.cluster.processes.find(f"nomad-{agent.name}") is not None:
                return agent
        raise AssertionError("no server runs")

    async def instances(self, service: str) -> list[str]:
        """Return the URLs of a service's healthy instances."""
        entries = await self.consul(f"/v1/health/service/{service}", passing="1")
        return sorted(f"http://{entry['Service']['Address']}:{entry['Service']['Port']}" for entry in entries)

    async def allocations(self, job: str) -> list[dict[str, Any]]:
        """Return a job's allocations that run."""
        found = await self.nomad(f"/v1/job/{job}/allocations")
        return [one for one in found if one["ClientStatus"] == "running" and one["DesiredStatus"] == "run"]

    async def is_whole(self) -> bool:
        """Say whether every service has as many healthy instances as it should have, and no more."""
        try:
            jobs = [job for job in await self.nomad("/v1/jobs") if job["Type"] == "service" and not job["Stop"]]
            wanted = {job["ID"].removeprefix("votewave-"): await self._wanted(job) for job in jobs}
            healthy = await self._healthy()
        except Exception:  # noqa: BLE001  (not while it can't be asked)
            return False
        return all(healthy[service] == count for service, count in wanted.items())

    async def _wanted(self, job: dict[str, Any]) -> int:
        """Return how many instances a job of Nomad's list should have; asked once for each change of the job."""
        change = (job["ID"], job["JobModifyIndex"])
        if change not in self._counts:
            groups = (await self.nomad(f"/v1/job/{job['ID']}"))["TaskGroups"]
            self._counts[change] = sum(group["Count"] for group in groups)
        return self._counts[change]

    async def _healthy(self) -> Counter[str]:
        """Return how many healthy instances each service has: in one question, for this is asked again and again."""
        failing: set[tuple[str, str]] = set()
        services: dict[tuple[str, str], str] = {}
        for check in await self.consul("/v1/health/state/any"):
            instance = (check["Node"], check["ServiceID"])  # a node's own checks have no service
            services[instance] = check["ServiceName"]
            if check["Status"] != "passing":
                failing.add(instance)
        return Counter(
            service for (node, instance), service in services.items() if not {(node, instance), (node, "")} & failing
        )

    async def connect(self, user: str, password: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Log in to the database as somebody."""
        return await asyncpg.connect(self.said["database_url"], user=user, password=password)

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a query as the database's master user."""
        connection = await asyncpg.connect(self.said["admin_database_url"])
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    @asynccontextmanager
    async def voting(
        self, rate: float = 50.0, voters: int = 100, *, share: float | None = None
    ) -> AsyncIterator["Votes"]:
        """Let guests vote steadily in a new poll while the block runs; at its end, see that no ballot is lost.

        Args:
            rate: Ballots a second.
            voters: How many vote in turn, each again and again. Twice the rate, and answers may take two seconds
                before anybody is missing when a ballot is due.
            share: The rate is at most this part of what the cluster takes for some seconds before, so that a busy
                machine isn't taken for a bad cluster; None for the rate as it is.
        """
        async with Votes.begin(self.gateway_url, rate, voters, share) as votes:
            yield votes


@dataclass
class Sent:
    """One ballot.

    Attributes:
        at: When it was sent (monotonic seconds).
        took: Until the answer, in seconds.
        status: The answer's; 0 if there was none.
        why: What went wrong.
    """

    at: float
    took: float
    status: int
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether it was acknowledged."""
        return self.status in {200, 201}


@dataclass
class Voter:
    """A guest, with what he knows of his ballot.

    Attributes:
        token: His.
        stored: What was acknowledged last; None before.
        perhaps: What was sent after that without an acknowledgement: it may have been stored, or not.
    """

    token: str
    stored: int | None = None
    perhaps: set[int] = field(default_factory=set)


OPTIONS = 4
_PATIENCE_SECONDS = 30.0
_TRIED_SECONDS = 4.0
_TRIED_AT_A_TIME = 50


class Votes:
    """A poll with steady voters.

    Each voter has one ballot under way at most, so that what he was told last is what must be stored.

    Attributes:
        poll: Its id.
        rate: Ballots a second.
        sent: Every ballot.
        passed_over: Ballots that were due when every voter still waited for an answer, and so weren't sent.
        ballots: How many are stored, once the voting is over.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, rate: float, poll: str, voters: list[Voter]) -> None:
        self.poll = poll
        self.rate = rate
        self.sent: list[Sent] = []
        self.passed_over = 0
        self.ballots = 0
        self.refused_without_retry_after = 0
        self._session = session
        self._url = f"{url}/v1/votebooth/polls/{poll}"
        self._voters = voters
        self._seconds = 0.0
        self._stop = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def begin(cls, url: str, rate: float, voters: int, share: float | None) -> AsyncIterator["Votes"]:
        """Make the poll and the guests, and vote until the block ends; then `check`."""
        everybody = aiohttp.TCPConnector(limit=voters)  # of itself aiohttp lets a hundred ask at a time
        async with aiohttp.ClientSession(connector=everybody, timeout=aiohttp.ClientTimeout(total=20)) as session:
            email, password = f"{uuid4().hex}@example.org", "correct horse battery staple"
            account = await _post(session, f"{url}/v1/auth/accounts", {"email": email, "password": password})
            poll = await _post(
                session,
                f"{url}/v1/polls",
                {
                    "title": "Steady",
                    "method": {"type": "single"},
                    "publish": True,
                    "options": [{"label": f"Option {number}"} for number in range(1, OPTIONS + 1)],
                    "rules": {"eligibility": "anyone", "results": "always"},
                },
                account["access_token"],
            )
            came = await _together(lambda _: _post(session, f"{url}/v1/auth/guests", {}), range(voters))
            guests = [Voter(one["access_token"]) for one in came]
            votes = cls(session, url, rate, poll["id"], guests)
            await votes._first()
            if share is not None:
                votes.rate = min(rate, share * await votes._bearable())
            task = asyncio.create_task(votes._run())
            try:
                yield votes
            finally:
                votes._stop.set()
                await task
            votes.ballots = await votes.check()

    async def _first(self) -> None:
        """Cast the first ballot: only then VoteBooth has heard of the poll."""
        for _ in range(100):
            await self._cast(self._voters[0], 1)
            if self.sent[-1].good:
                self.sent.clear()
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the first ballot isn't taken: {self.sent[-1]}")

    async def _bearable(self) -> float:
        """Return how many ballots a second are acknowledged while fifty at a time wait for their answers.

        The voters take turns: the gateway counts what each of them sends.
        """
        ends, waiting = time.monotonic() + _TRIED_SECONDS, deque(self._voters)

        async def one() -> None:
            while time.monotonic() < ends:
                voter = waiting.popleft()
                await self._cast(voter, 1)
                waiting.append(voter)

        await asyncio.gather(*(one() for _ in self._voters[:_TRIED_AT_A_TIME]))
        acknowledged = sum(one.good for one in self.sent)
        self.sent.clear()
        return acknowledged / _TRIED_SECONDS

    async def _run(self) -> None:
        """Send ballots at their time, however long answers take; if every voter waits for one, it is passed over."""
        free = deque(self._voters)
        under_way: set[asyncio.Task[None]] = set()
        began, count = time.monotonic(), 0

        async def one(voter: Voter, option: int) -> None:
            await self._cast(voter, option)
            free.append(voter)

        while not self._stop.is_set():
            while count <= (time.monotonic() - began) * self.rate:  # several, if this process was late
                count += 1
                if not free:
                    self.passed_over += 1
                    continue
                task = asyncio.create_task(one(free.popleft(), 1 + count % OPTIONS))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.sleep(max(0.0, began + count / self.rate - time.monotonic()))
        self._seconds = time.monotonic() - began
        if under_way:
            await asyncio.wait(under_way)

    async def _cast(self, voter: Voter, option: int) -> None:
        at, status, why = time.monotonic(), 0, ""
        voter.perhaps.add(option)
        try:
            async with self._session.put(
                f"{self._url}/ballot", json={"picks": [option]}, headers={"authorization": f"Bearer {voter.token}"}
            ) as answer:
                status, text = answer.status, await answer.text()
                if status not in {200, 201}:
                    why = text[:200]
                if status == 503 and "retry-after" not in answer.headers:
                    self.refused_without_retry_after += 1
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            why = f"{type(exc).__name__}: {exc}"
        self.sent.append(Sent(at, time.monotonic() - at, status, why))
        if self.sent[-1].good:
            voter.stored, voter.perhaps = option, set()

    # What came of it.

    @property
    def statuses(self) -> Counter[int]:
        """How many ballots got which status; 0 for no answer."""
        return Counter(one.status for one in self.sent)

    def assert_rate(self) -> None:
        """See, once the voting is over, that as many ballots a second were sent as were asked for, but for a tenth.

        Raises:
            AssertionError: Answers took so long that voters were missing, or this machine was too slow to send.
        """
        rate = len(self.sent) / self._seconds
        said = f"{rate:.0f} ballots a second of {self.rate:.0f}; {self.passed_over} passed over for want of voters"
        assert rate >= 0.9 * self.rate, said

    def failed(self) -> list[Sent]:
        """Return ballots that weren't acknowledged."""
        return [one for one in self.sent if not one.good]

    def not_served(self) -> list[Sent]:
        """Return ballots that were neither acknowledged nor refused as they should be, by 503."""
        return [one for one in self.sent if not one.good and one.status != 503]

    def recovered_after(self, moment: float) -> float:
        """Return how many seconds after a moment the last ballot wasn't acknowledged; 0 if all were."""
        return max((one.at + one.took - moment for one in self.failed() if one.at + one.took >= moment), default=0.0)

    async def settled(self, seconds: float = 60.0) -> None:
        """Wait until ballots are acknowledged again, fifty in a row.

        Raises:
            AssertionError: It takes too long.
        """
        deadline = time.monotonic() + seconds
        begin = len(self.sent)
        while True:
            last = self.sent[begin:][-50:]
            if len(last) == 50 and all(one.good for one in last):
                return
            assert time.monotonic() < deadline, f"{self.statuses}: {[one.why for one in self.failed()[-3:]]}"
            await asyncio.sleep(0.1)

    async def check(self) -> int:
        """Compare each voter's stored ballot with what he was told; return how many ballots there are.

        Raises:
            AssertionError: An acknowledged ballot is lost, or the counters differ from the ballots.
        """
        found = Counter(pick for pick in await _together(self._stored, self._voters) if pick is not None)
        headers = {"authorization": f"Bearer {self._voters[0].token}"}
        async with self._session.get(f"{self._url}/results", headers=headers) as answer:
            result = await answer.json()
        counted = {option["id"]: option["sum"] for option in result["options"] if option["sum"]}
        assert counted == dict(found), f"the counters say {counted}, the ballots {dict(found)}"
        assert result["ballots"] == found.total()
        return found.total()

    async def _stored(self, voter: Voter) -> int | None:
        """Return what is stored of a voter, which must be what he was told; None if it is nothing."""
        async with self._session.get(
            f"{self._url}/ballot", headers={"authorization": f"Bearer {voter.token}"}
        ) as answer:
            body = await answer.json()
        if answer.status == 404:
            assert voter.stored is None, f"an acknowledged ballot is lost: {voter}"
            return None
        assert answer.status == 200, body
        [pick] = body["ballot"]["picks"]
        expected = voter.perhaps | ({voter.stored} if voter.stored else set())
        assert pick in expected, f"stored is {pick}, and acknowledged was {voter.stored} (perhaps {voter.perhaps})"
        return int(pick)


async def _together(call: Callable[[S], Awaitable[T]], each: Iterable[S], at_once: int = 16) -> list[T]:
    """Make a call for each, some at a time; return what they return, in order."""
    gate = asyncio.Semaphore(at_once)

    async def one(what: S) -> T:
        async with gate:
            return await call(what)

    return await asyncio.gather(*map(one, each))


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, Any], token: str = "") -> Any:
    """Post JSON, again while the answer is 503, as any client may."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        async with session.post(url, json=body, headers=headers) as answer:
            text = await answer.text()
        if answer.status in {200, 201}:
            return json.loads(text)
        assert answer.status == 503, f"{url}: {answer.status} {text}"
        assert time.monotonic() < deadline, f"{url}: {answer.status} {text}"
        await asyncio.sleep(1)
