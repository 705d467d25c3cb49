"""`bench notices`: many are told that a poll has closed, by two instances that are killed on the way."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
from services.core.ids import new_id

from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.place import Place, open_place
from loadtests.benchmark.processes import Server, free_port, tree_cpu_seconds

MOST_SECONDS = 60.0
KILLS = 2

_INSTANCES = 2
_LATE_SECONDS = 600.0
_LOOK_SECONDS = 0.02

_TITLE = "Where do we meet in March?"

_PROGRESS = """
SELECT coalesce((SELECT sum(shard.sent) FROM notifications.shard WHERE shard.send = send.id), 0) AS told,
    send.state = 'done' AS done
FROM notifications.send WHERE send.kind = 'poll_closed' AND send.subject = $1
"""

# Whoever is told twice has two happenings, or a mailbox that has changed twice.
_ONCE = """
SELECT count(*) AS people, count(notification.id) AS told,
    count(*) FILTER (WHERE happenings.number <> 1 OR mailbox.seq IS DISTINCT FROM 1) AS otherwise
FROM notifications.watch
LEFT JOIN notifications.notification
    ON notification.recipient = watch.account AND notification.subject = watch.poll
    AND notification.kind = 'poll_closed'
LEFT JOIN notifications.mailbox ON mailbox.account = watch.account
LEFT JOIN LATERAL (
    SELECT count(*) AS number FROM notifications.happening WHERE happening.notification = notification.id
) AS happenings ON true
WHERE watch.poll = $1
"""

_PLAIN = """
INSERT INTO plain (id, recipient, kind, subject, ordinal, read)
SELECT uuidv7(), account, 'poll_closed', poll, uuidv7(), false FROM notifications.watch WHERE poll = $1
"""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        people: How many were told, each once.
        kills: How often all instances were killed on the way.
        seconds: From when the event was there until the last was told, restarts included.
        plain_seconds: What one INSERT … SELECT of as many rows takes in the same database.
        server_seconds: Processor time of the instances, those that were killed included.
        database_seconds: Processor time of the database.
    """

    people: int
    kills: int
    seconds: float
    plain_seconds: float
    server_seconds: float
    database_seconds: float

    @property
    def holds(self) -> bool:
        """Whether it was soon enough."""
        return self.seconds < MOST_SECONDS


async def run(*, people: int, parent: Path | None) -> Measured:
    """Tell as many people that a poll has closed, and kill all who tell them, twice.

    Args:
        people: How many watch the poll.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Somebody wasn't told, or was told twice.
    """
    async with open_place(parent, VOTEWAVE_LOG_LEVEL="warning", VOTEWAVE_TRUSTED_PROXIES="1") as place:
        poll, owner = new_id(), new_id()
        await _write(place, poll, owner, people)
        place.run("auth", "polls")
        instances = Instances(place)
        instances.start()
        await asyncio.to_thread(instances.wait)
        await place.checkpoint()
        plain = await _plain(place, poll)
        database = tree_cpu_seconds(place.postgres_pid)
        begun = time.perf_counter()
        await _close(place, poll, owner)
        kills = await _killed_on_the_way(place, instances, poll, people)
        seconds = time.perf_counter() - begun
        found = Measured(
            people=people,
            kills=kills,
            seconds=seconds,
            plain_seconds=plain,
            server_seconds=instances.cpu_seconds(),
            database_seconds=tree_cpu_seconds(place.postgres_pid) - database,
        )
        await check(place, poll, people)
        await asyncio.to_thread(instances.wait)
        await seen(place, instances.url, poll)
        print(line(found), file=sys.stderr, flush=True)
        return found


class Instances:
    """Those who tell, which are killed together."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._servers: list[Server] = []
        self._cpu_before = 0.0

    def start(self) -> None:
        """Start them; one tells already while another one isn't ready."""
        self._servers = [self._place.run("notifications", port=free_port(), wait=False) for _ in range(_INSTANCES)]

    def wait(self) -> None:
        """Wait until they are ready."""
        for server in self._servers:
            server.wait()

    def kill(self) -> None:
        """Kill all of them at once."""
        self._cpu_before = self.cpu_seconds()
        for server in self._servers:
            server.kill()
        self._servers = []

    def cpu_seconds(self) -> float:
        """Return the processor time that they have taken, those that are gone included."""
        return self._cpu_before + sum(server.cpu_seconds() for server in self._servers)

    @property
    def url(self) -> str:
        """The address of one of them."""
        return self._servers[0].url


async def _write(place: Place, poll: UUID, owner: UUID, people: int) -> None:
    """Write a poll, and those who watch it."""
    accounts = [new_id() for _ in range(people)]
    async with place.connect("votewave") as connection:
        await connection.copy_records_to_table(
            "watch",
            schema_name="notifications",
            columns=["poll", "account", "ordinal"],
            records=((poll, account, account) for account in accounts),
        )
        await connection.execute(
            "INSERT INTO notifications.thing (id, type, version, owner, audience, text, gone)"
            " VALUES ($1, 'poll', 1, $2, 'public', $3, false)",
            poll,
            owner,
            _TITLE,
        )
        await connection.execute(
            "INSERT INTO notifications.person (id, version, handle, display_name, private, deleted)"
            " VALUES ($1, 1, 'owner', '', false, false)",
            owner,
        )
        await connection.execute("VACUUM ANALYZE notifications.watch")


async def _plain(place: Place, poll: UUID) -> float:
    """Return what one statement takes that writes as many rows, with the same indexes."""
    async with place.connect("votewave") as connection:
        await connection.execute("CREATE TABLE plain (LIKE notifications.notification INCLUDING ALL)")
        begun = time.perf_counter()
        await connection.execute(_PLAIN, poll, timeout=_LATE_SECONDS)
        took = time.perf_counter() - begun
        await connection.execute("DROP TABLE plain")
    return took


async def _close(place: Place, poll: UUID, owner: UUID) -> None:
    told = {"poll": str(poll), "owner": str(owner), "at": datetime.now(UTC).isoformat()}
    async with place.connect("votewave") as connection:
        await connection.execute(
            "INSERT INTO polls.outbox (event_id, kind, payload, trace) VALUES ($1, 'polls.poll.closed', $2, '')",
            new_id(),
            msgspec.json.encode(told),
        )


async def _killed_on_the_way(place: Place, instances: Instances, poll: UUID, people: int) -> int:
    """Wait until all are told; kill the instances whenever another third of them is. Return how often that was.

    Raises:
        BenchError: They aren't told in time, or were told before anybody could be killed.
    """
    kills, deadline = 0, time.monotonic() + _LATE_SECONDS
    async with place.connect("votewave") as connection:
        while time.monotonic() < deadline:
            row = await connection.fetchrow(_PROGRESS, poll)
            told = 0 if row is None else int(row["told"])
            if row is not None and row["done"]:
                if kills < KILLS:
                    raise BenchError(f"All were told before the instances could be killed {KILLS} times.")
                return kills
            if kills < KILLS and told >= people * (kills + 1) / (KILLS + 1):
                await asyncio.to_thread(instances.kill)
                kills += 1
                await asyncio.to_thread(instances.start)
            await asyncio.sleep(_LOOK_SECONDS)
    raise BenchError(f"{told:,} of {people:,} were told within {_LATE_SECONDS:g} s.")


async def check(place: Place, poll: UUID, people: int) -> None:
    """See that everybody was told once.

    Raises:
        BenchError: Somebody was left out, or told twice.
    """
    async with place.connect("votewave") as connection:
        row: Any = await connection.fetchrow(_ONCE, poll)
        send: Any = await connection.fetchrow(_PROGRESS, poll)
    if (row["people"], row["told"], row["otherwise"], send["told"]) != (people, people, 0, people):
        raise BenchError(
            f"Of {row['people']:,} people {row['told']:,} were told, {row['otherwise']:,} of them otherwise than once; "
            f"{send['told']:,} were counted."
        )


async def seen(place: Place, url: str, poll: UUID) -> None:
    """See that some of those who were told see it, unread and once, as their browser would ask for it.

    Raises:
        BenchError: They don't.
    """
    async with place.connect("votewave") as connection:
        some = await connection.fetch(
            "(SELECT account FROM notifications.watch WHERE poll = $1 ORDER BY account LIMIT 5) UNION ALL"
            " (SELECT account FROM notifications.watch WHERE poll = $1 ORDER BY account DESC LIMIT 5)",
            poll,
        )
    async with aiohttp.ClientSession() as http:
        for row in some:
            headers = {"authorization": f"Bearer {place.voters.token(row['account'], guest=False)}"}
            async with http.get(f"{url}/v1/notifications", headers=headers) as answer:
                page = await answer.json()
            told = [(each["kind"], each["subject"]["text"], each["read"]) for each in page.get("items", ())]
            if told != [("poll_closed", _TITLE, False)]:
                raise BenchError(f"Somebody is told {told}; the answer is {answer.status}.")


def line(found: Measured) -> str:
    """Return what was measured for people."""
    each = found.people / found.seconds
    spent = (found.server_seconds + found.database_seconds) * 1e6 / found.people
    verdict = "" if found.holds else f"  MISSED: below {MOST_SECONDS:g} s"
    return (
        f"{found.people:,} people told once in {found.seconds:.1f} s ({each:,.0f} a second), all instances killed "
        f"{found.kills} times on the way; {spent:,.0f} µs of processor time each; one INSERT … SELECT of as many rows "
        f"takes {found.plain_seconds:.1f} s, {found.seconds / found.plain_seconds:.0f} times less{verdict}"
    )
