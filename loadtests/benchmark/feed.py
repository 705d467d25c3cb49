"""`bench feed`: what home feeds and searches take in a large network, and how soon a much followed account is heard."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
from services.core.ids import new_id
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.core.settings import CoreSettings, load
from services.feed.repository.lists import Lists
from sqlalchemy import text

from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.network import Network
from loadtests.benchmark.place import Place, open_place
from loadtests.benchmark.processes import Server, tree_cpu_seconds

LATE_SECONDS = 20.0
OTHERS = 4
"""People look at home more often than at anything else: other pages are asked for at so many times less a second."""

_LIMIT = 20
_HOME = "home, first page"

_PLAIN = text(
    "SELECT id, kind, ordinal, author, text, created_at FROM entry JOIN follow ON followee = author"
    " WHERE follower = :me AND accepted AND audience <> 'nobody' ORDER BY ordinal DESC LIMIT 21"
)
"""As one would write it first: everything that those who are followed have published, sorted."""


Wanted = Sequence[tuple[UUID, str, dict[str, str]]]
"""Requests: who asks, where, and with what query."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large the network is."""

    people: int
    edges: int
    polls: int
    followers: int


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement, in milliseconds.

    Attributes:
        target: What `p95` stays below; 0 for what is measured for comparison.
        failed: Answers that weren't 200.
        server, database: Processor time of one request, which doesn't depend on what else the machine does; 0 where it
            isn't measured.
    """

    name: str
    number: int
    failed: int
    p50: float
    p95: float
    longest: float
    target: float
    server: float = 0.0
    database: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether it is as promised."""
        return not self.failed and (not self.target or self.p95 < self.target)


async def run(*, size: Size, rate: int, seconds: int, parent: Path | None) -> list[Measured]:
    """Fill a database, serve Feed alone, and measure.

    Args:
        size: Of the network.
        rate: Requests a second.
        seconds: Of each measurement.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something failed.
    """
    network = Network(size.people)
    async with open_place(parent, VOTEWAVE_LOG_LEVEL="warning", VOTEWAVE_TRUSTED_PROXIES="1") as place:
        followed = min(5_000, size.people - 1)
        async with place.connect("votewave") as connection:
            follows = await network.write(
                connection, edges=size.edges, polls=size.polls, followers=size.followers, followed=followed
            )
        print(f"{size.people:,} people, {follows:,} follows, {size.polls:,} polls", file=sys.stderr, flush=True)
        server = place.run("auth", "polls", "feed")
        found = await _measure(place, server, network, rate=rate, seconds=seconds, followers=size.followers)
        for each in found:
            print(line(each), file=sys.stderr, flush=True)
        return found


async def _measure(
    place: Place, server: Server, network: Network, *, rate: int, seconds: int, followers: int
) -> list[Measured]:
    number = rate * seconds
    some = [network.dice.choice(network.people) for _ in range(number)]
    words = [network.any_word() for _ in range(number)]
    home, polls = f"{server.url}/v1/feed/home", f"{server.url}/v1/feed/search/polls"
    loads: list[tuple[str, float, Wanted]] = [
        (_HOME, 25.0, [(account, home, {}) for account in some]),
        ("home, of who follows 5,000", 0.0, [(network.eager, home, {})] * min(number, 200)),
        ("search", 50.0, [(who, polls, {"q": word}) for who, word in zip(some, words, strict=True)]),
        ("search, a letter missing", 50.0, [(who, polls, {"q": typo(w)}) for who, w in zip(some, words, strict=True)]),
    ]
    found = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LATE_SECONDS)) as http:
        for name, target, all_wanted in loads:
            often = rate if name == _HOME else max(1, rate // OTHERS)
            wanted = all_wanted[: max(often, len(all_wanted) * often // rate)]
            await paced(place, http, wanted[:often], often)  # warm-up
            server_began, database_began = server.cpu_seconds(), tree_cpu_seconds(place.postgres_pid)
            one = measured(f"{name}, {often}/s", target, *await paced(place, http, wanted, often))
            spent, queried = server.cpu_seconds() - server_began, tree_cpu_seconds(place.postgres_pid) - database_began
            each = 1e3 / len(wanted)
            found.append(msgspec.structs.replace(one, server=spent * each, database=queried * each))
        found.append(await _heard(place, http, home, network, followers))
    found += await _statements(place, [*some[: min(number, 500)]], network.eager)
    return found


async def paced(place: Place, http: aiohttp.ClientSession, wanted: Wanted, rate: int) -> tuple[list[float], int]:
    """Send requests, so many a second whatever the answers take; return what they took, in ms, and how many failed.

    A request is late from the moment that it was due, so that a server that stands still is measured, too.
    """
    took: list[float] = []
    tokens = {account: place.voters.token(account, guest=False) for account, _, _ in wanted}
    begun = time.perf_counter()

    async def one(number: int, account: UUID, url: str, query: dict[str, str]) -> None:
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        address = f"198.18.{number // 250 % 250}.{number % 250}"
        headers = {"authorization": f"Bearer {tokens[account]}", "x-forwarded-for": address}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with http.get(url, params=query, headers=headers) as answer:
                await answer.read()
                if answer.status == 200:
                    took.append((time.perf_counter() - due) * 1_000)

    await asyncio.gather(*(one(number, *each) for number, each in enumerate(wanted)))
    return took, len(wanted) - len(took)


async def _heard(place: Place, http: aiohttp.ClientSession, url: str, network: Network, followers: int) -> Measured:
    """Publish a poll as who has the most followers; return how long it takes until some of them see it."""
    poll, now = new_id(), datetime.now(UTC).isoformat()
    told = {"poll": str(poll), "version": 1, "owner": str(network.star), "title": "For all", "eligibility": "anyone"}
    payload = msgspec.json.encode({**told, "published_at": now, "archived_at": None, "deleted": False})
    async with place.connect("votewave") as connection:
        await connection.execute(
            "INSERT INTO polls.outbox (event_id, kind, payload, trace) VALUES ($1, 'polls.poll.changed', $2, '')",
            new_id(),
            payload,
        )
    begun = time.perf_counter()
    some = [network.dice.choice(network.people[1 : followers + 1]) for _ in range(50)]

    async def sees(account: UUID) -> float:
        headers = {"authorization": f"Bearer {place.voters.token(account, guest=False)}"}
        while time.perf_counter() - begun < LATE_SECONDS:
            async with http.get(url, headers=headers) as answer:
                if str(poll).encode() in await answer.read():
                    return (time.perf_counter() - begun) * 1_000
            await asyncio.sleep(0.1)
        raise BenchError(f"A poll wasn't in the feed of a follower after {LATE_SECONDS:g} s.")

    took = await asyncio.gather(*map(sees, some))
    return measured(f"until {followers:,} followers see a poll", 5_000.0, list(took), 0)


async def _statements(place: Place, viewers: Sequence[UUID], eager: UUID) -> list[Measured]:
    """Run Feed's statement and the plain one for the same people, in turns, one after the other."""
    shared = Shared(load(CoreSettings, environ=place.environment))
    kit = Kit("feed", NoSettings(), shared)

    async def ours(session: Any, me: UUID) -> None:
        await Lists(session).home(None, _LIMIT, me)

    async def plain(session: Any, me: UUID) -> None:
        (await session.execute(_PLAIN, {"me": me})).all()

    found: list[Measured] = []
    ways: dict[str, Callable[[Any, UUID], Awaitable[None]]] = {"Feed's statement": ours, "a plain join": plain}
    try:
        for who, accounts in (("", viewers), (", of who follows 5,000", [eager] * 20)):
            took: dict[str, list[float]] = {name: [] for name in ways}
            for account in accounts:
                for name, read in ways.items():
                    async with kit.db.reading() as session:
                        begun = time.perf_counter()
                        await read(session, account)
                        took[name].append((time.perf_counter() - begun) * 1_000)
            found += [measured(f"{name}{who}", 0.0, each, 0) for name, each in took.items()]
    finally:
        await kit.db.close()
        await shared.close()
    return found


def typo(word: str) -> str:
    """Return a word without its second letter."""
    return word[:1] + word[2:]


def measured(name: str, target: float, took: list[float], failed: int) -> Measured:
    """Return what was measured.

    Args:
        name: What it is.
        target: What the p95 stays below, in ms; 0 for none.
        took: How long each took, in ms.
        failed: How many others failed.

    Raises:
        BenchError: It is too few.
    """
    if len(took) < 2:
        raise BenchError(f"{name}: nothing could be measured, {failed} requests failed.")
    cuts = quantiles(took, n=100)
    number = len(took)
    return Measured(
        name=name, number=number, failed=failed, p50=cuts[49], p95=cuts[94], longest=max(took), target=target
    )


def line(found: Measured) -> str:
    """Return one measurement for people."""
    spent = f"; processor {found.server:.1f} + {found.database:.1f} ms" if found.server else ""
    verdict = "" if found.holds else f"  MISSED: p95 below {found.target:g} ms, and none failed"
    return (
        f"{found.name:<40} {found.number:>6,}, {found.failed} failed; p50 {found.p50:7.1f} ms, "
        f"p95 {found.p95:7.1f} ms, longest {found.longest:7.1f} ms{spent}{verdict}"
    )
