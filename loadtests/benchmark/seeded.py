"""`bench feed --seed`: the social services together, in a place that `votewave seed` has filled."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from uuid import UUID

import aiohttp
import msgspec
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.core.settings import CoreSettings, load
from services.feed.repository.trends import TrendRepository

from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.feed import LATE_SECONDS, OTHERS, Measured, Wanted, line, measured, paced, typo
from loadtests.benchmark.place import Place, open_place
from loadtests.benchmark.processes import Server, free_port, tree_cpu_seconds

_SERVICES = ("auth", "profiles", "polls", "votebooth", "follows", "expressions", "comments", "feed")

_HOME = "home, first page"

_QUIET_SECONDS, _IDLE_SECONDS = 180.0, 0.15

_BEGIN_SECONDS = 60.0
_BEGUN = """
SELECT EXISTS (SELECT FROM feed.taken_over WHERE done) AND EXISTS (SELECT FROM comments.earlier_follows)
    AND EXISTS (SELECT FROM polls.earlier_follows) AND EXISTS (SELECT FROM votebooth.earlier_follows)
"""
_SOME = "SELECT DISTINCT follower FROM feed.follow WHERE accepted ORDER BY follower LIMIT $1"
_WORDS = (
    "SELECT word FROM feed.spelling WHERE written = word AND length(word) BETWEEN 5 AND 15 ORDER BY word LIMIT 2000"
)
_THREADS = "SELECT thread FROM comments.comment GROUP BY thread ORDER BY count(*) DESC, thread LIMIT 50"
_COMMENTS_EACH = 10
"""So many comments there are in all for each of the people: a million for 100,000."""

_IN_A_THREAD = 10
_COMMENTS = """
WITH more AS (
    INSERT INTO comments.thread (id, kind, owner, title, known_version, deleted, comments, places)
    SELECT gen_random_uuid(), 'poll', gen_random_uuid(), 'Who brings what?', 1, false, $2, $2
    FROM generate_series(1, $1)
    RETURNING id
)
INSERT INTO comments.comment (id, thread, path, author, text)
SELECT uuidv7(), more.id, int4send(place), gen_random_uuid(), 'I bring what is left of the bread, and a lamp.'
FROM more, generate_series(1, $2) AS place
"""
_TAGS = "SELECT tag FROM feed.tagged GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 50"


async def run(*, people: int, follows: int, rate: int, seconds: int, parent: Path | None) -> list[Measured]:
    """Fill a place, serve the social services in two processes, asked in turns, and measure.

    Args:
        people: How many.
        follows: Who follows whom, about so many.
        rate: Requests a second.
        seconds: Of each measurement.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something failed.
    """
    settings = {
        "VOTEWAVE_LOG_LEVEL": "warning",
        "VOTEWAVE_TRUSTED_PROXIES": "1",
        "VOTEWAVE_ENVIRONMENT": "local",
        "VOTEWAVE_DATABASE_POOL": "5",  # sixteen services have twice as many each, of the 200 that there may be
    }
    async with open_place(parent, **settings) as place:
        await _begin(place)
        await _seed(place, people, follows)
        servers = [place.run(*_SERVICES), place.run(*_SERVICES, port=free_port())]
        await _quiet(place)
        found = [*await _loads(place, servers, rate, rate * seconds), await _reckoning(place)]
        for each in found:
            print(line(each), file=sys.stderr, flush=True)
        return found


async def _begin(place: Place) -> None:
    """Let services begin while there is nothing: each asks once for all that was before it, which the seed tells it.

    Raises:
        BenchError: They didn't.
    """
    server, deadline = place.run(*_SERVICES), time.monotonic() + _BEGIN_SECONDS
    async with place.connect("votewave") as connection:
        while not await connection.fetchval(_BEGUN):
            if time.monotonic() > deadline:
                raise BenchError(f"The services still ask for what was before them, after {_BEGIN_SECONDS:g} s.")
            await asyncio.sleep(0.5)
    server.stop()


async def _seed(place: Place, people: int, follows: int) -> None:
    asked = ("-m", "services.cli", "seed", "--people", str(people), "--follows", str(follows), "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *asked, env=place.environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchError(f"votewave seed ended with {process.returncode}.")
    print(f"votewave seed: {said.decode().strip()}", file=sys.stderr, flush=True)
    async with place.connect("votewave") as connection:
        # A seed has one for each of its people. These stand in threads that nobody here reads.
        there = await connection.fetchval("SELECT count(*) FROM comments.comment")
        await connection.execute(_COMMENTS, max(0, _COMMENTS_EACH * people - there) // _IN_A_THREAD, _IN_A_THREAD)
        await connection.execute("VACUUM ANALYZE")
    await place.checkpoint()
    await _quiet(place)


async def _quiet(place: Place) -> None:
    """Wait until Postgres has seen to what was written: its own vacuuming takes a processor for a minute."""
    deadline = time.monotonic() + _QUIET_SECONDS
    while time.monotonic() < deadline:
        before = tree_cpu_seconds(place.postgres_pid)
        await asyncio.sleep(2.0)
        if tree_cpu_seconds(place.postgres_pid) - before < _IDLE_SECONDS:
            return


async def _loads(place: Place, servers: Sequence[Server], rate: int, number: int) -> list[Measured]:
    dice = Random(1)  # noqa: S311  (chooses who looks)
    async with place.connect("votewave") as connection:
        people: list[UUID] = [row[0] for row in await connection.fetch(_SOME, number)]
        words, threads, tags = [[row[0] for row in await connection.fetch(of)] for of in (_WORDS, _THREADS, _TAGS)]
    if not (people and words and threads and tags):
        raise BenchError("The network has no follows, words, comments or tags.")
    some = [dice.choice(people) for _ in range(number)]
    search, feed, comments = "/v1/feed/search/polls", "/v1/feed", "/v1/comments/threads"
    turns = [server.url for server in servers]

    def each(*of: str, **query: str) -> Wanted:
        return [(who, turns[turn % len(turns)] + dice.choice(of), query) for turn, who in enumerate(some)]

    def searched(words: Iterator[str]) -> Wanted:
        return [(who, turns[turn % len(turns)] + search, {"q": next(words)}) for turn, who in enumerate(some)]

    loads: list[tuple[str, float, Wanted]] = [
        (_HOME, 25.0, each(f"{feed}/home")),
        ("home by rank, first page", 0.0, each(f"{feed}/home", order="ranked")),
        ("a tag's page", 0.0, each(*(f"{feed}/tags/{tag}" for tag in tags))),
        ("trends", 0.0, each(f"{feed}/trends")),
        ("search", 50.0, searched(dice.choice(words) for _ in some)),
        ("search, a letter missing", 50.0, searched(typo(dice.choice(words)) for _ in some)),
        ("suggestions", 50.0, each("/v1/follows/suggestions")),
        ("a page of comments", 10.0, each(*(f"{comments}/{thread}/comments" for thread in threads))),
    ]
    found = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LATE_SECONDS)) as http:
        for name, target, all_wanted in loads:
            often = rate if name == _HOME else max(1, rate // OTHERS)
            wanted = all_wanted[: len(all_wanted) * often // rate]
            await paced(place, http, wanted[:often], often)  # warm-up
            began, database = _spent(servers), tree_cpu_seconds(place.postgres_pid)
            one = measured(f"{name}, {often}/s", target, *await paced(place, http, wanted, often))
            spent, queried = _spent(servers) - began, tree_cpu_seconds(place.postgres_pid) - database
            share = 1e3 / len(wanted)
            found.append(msgspec.structs.replace(one, server=spent * share, database=queried * share))
    return found


def _spent(servers: Sequence[Server]) -> float:
    return sum(server.cpu_seconds() for server in servers)


async def _reckoning(place: Place) -> Measured:
    """Measure how long the reckoning of trends takes."""
    shared = Shared(load(CoreSettings, environ=place.environment))
    kit = Kit("feed", NoSettings(), shared)
    took: list[float] = []
    try:
        for _ in range(5):
            async with place.connect("votewave") as connection:
                await connection.execute("DELETE FROM feed.trend")  # or it is too new to be reckoned anew
            async with kit.db.transaction() as session:
                begun = time.perf_counter()
                done = await TrendRepository(session).reckon()
                if done:
                    took.append((time.perf_counter() - begun) * 1_000)
    finally:
        await kit.db.close()
        await shared.close()
    return measured("reckoning trends", 0.0, took, 0)
