"""`bench live`: what viewers of a poll cost those who vote in it, and how old what they see is."""

import asyncio
import struct
import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

import msgspec
from services.core.children import name_of
from services.core.ids import new_id
from services.core.live.watch import pause_for
from services.core.live.writer import main as writer_main

from loadtests.benchmark.contestants import VoteWave
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.place import open_place
from loadtests.benchmark.steady import Vote, cast

MOST_TIMES_SLOWER = 2.0
MOST_TIMES_COST = 1.15
MOST_AGE_MS = 200.0
"""Beyond the time between two pushes."""
MOST_KB = 40.0

_SETTLE_SECONDS = 2.0
_OPEN_SECONDS = 120.0
_HEAD = struct.Struct("=dd")
_WRITER = name_of(writer_main)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement.

    Attributes:
        viewers: How many watched.
        votes: Votes acknowledged.
        failed: Votes answered otherwise, or not at all.
        p50_ms, p99_ms: Latency of the acknowledged.
        vote_us: The server's processor time for each vote, in microseconds, whatever it was spent on, but for:
        writer_us: The process that writes to the viewers; for each vote, too.
        pushes: Messages to each viewer a second, on average.
        age_ms: 99 of 100 votes were seen by a viewer sooner than so long after their acknowledgement.
        lost: Viewers whose connection ended.
        kb: Memory of the server for each connection, in kB.
        viewers_cpu: Share of one processor that the viewers themselves took.
    """

    viewers: int
    votes: int
    failed: int
    p50_ms: float
    p99_ms: float
    vote_us: float
    writer_us: float = 0.0
    pushes: float = 0.0
    age_ms: float = 0.0
    lost: int = 0
    kb: float = 0.0
    viewers_cpu: float = 0.0


async def run(*, viewers: int, rate: int, seconds: int, parent: Path | None) -> list[Measured]:
    """Measure votes without viewers and with them, in one VoteWave.

    Args:
        viewers: How many watch the poll.
        rate: Votes a second.
        seconds: Of each measurement.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something failed.
    """
    settings = {
        "VOTEWAVE_LOG_LEVEL": "warning",
        "VOTEWAVE_TRUSTED_PROXIES": "1",
        "VOTEWAVE_VOTEBOOTH_LIVE_CONNECTIONS": str(viewers + 10),
    }
    async with open_place(parent, **settings) as place:
        votewave = VoteWave(place)
        place.guests.push_async_callback(votewave.stop)
        await votewave.start()
        await _measure(votewave, 0, rate, 2)  # what is cold warms up
        found = []
        for count in (0, viewers):
            found.append(await _measure(votewave, count, rate, seconds))
            print(line(found[-1]), file=sys.stderr, flush=True)
        return found


async def _measure(votewave: VoteWave, viewers: int, rate: int, seconds: int) -> Measured:
    tokens = [votewave.place.voters.token(new_id()) for _ in range(seconds * rate)]
    if votewave.server is None:
        raise BenchError("VoteWave isn't running.")
    server = votewave.server
    before_mb, watching = server.memory_mb(), None
    if viewers:
        watching = await _watch(votewave, viewers, seconds + 2 * _SETTLE_SECONDS)
        await asyncio.sleep(_SETTLE_SECONDS)
    open_mb, cpu, writer = server.memory_mb(), server.cpu_seconds(), server.cpu_seconds(_WRITER)
    database = await _database_votes(votewave)
    votes, failed = await cast(votewave.vote_url, tokens, rate)
    writer = server.cpu_seconds(_WRITER) - writer
    cpu = server.cpu_seconds() - cpu - writer
    if len(votes) < 2:
        raise BenchError(f"{failed} of {len(tokens)} votes failed.")
    cuts = quantiles([vote.took_ms for vote in votes], n=100)
    found = Measured(
        viewers=viewers,
        votes=len(votes),
        failed=failed,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        vote_us=cpu * 1e6 / len(votes),
        writer_us=writer * 1e6 / len(votes),
    )
    if watching is None:
        return found
    said, _ = await watching.communicate()
    lost, busy = _HEAD.unpack_from(said)
    seen = array("d")
    seen.frombytes(said[_HEAD.size :])
    pushes, age = _ages(seen, votes, database)
    return msgspec.structs.replace(
        found,
        pushes=pushes / viewers / seconds,
        age_ms=age,
        lost=int(lost),
        kb=(open_mb - before_mb) * 1e3 / viewers,
        viewers_cpu=busy / (seconds + 2 * _SETTLE_SECONDS),
    )


async def _watch(votewave: VoteWave, viewers: int, seconds: float) -> asyncio.subprocess.Process:
    url = votewave.vote_url.partition("/v1/")[0].replace("http", "ws", 1)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "loadtests.benchmark.watchers",
        f"{url}/v1/votebooth/live",
        f"poll:{votewave.poll}",
        str(viewers),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if process.stderr is None:
        raise BenchError("The viewers have no output.")
    async with asyncio.timeout(_OPEN_SECONDS):
        said = await process.stderr.readline()
    if said != b"open\n":
        rest = await process.stderr.read()
        raise BenchError(f"The viewers couldn't connect: {(said + rest).decode(errors='replace')[-2000:]}")
    return process


async def _database_votes(votewave: VoteWave) -> int:
    return await votewave.stored()


def _ages(seen: "array[float]", votes: Sequence[Vote], before: int) -> tuple[int, float]:
    """Return how many messages came while votes were cast, and the 99th percentile of the age of what was seen, in ms.

    The n-th vote to be acknowledged is seen with the first message that tells of n ballots or more. Those that a viewer
    sees before its voter is answered have no age.
    """
    acknowledged = sorted(vote.acknowledged for vote in votes)
    by_viewer: defaultdict[float, list[tuple[float, float]]] = defaultdict(list)
    for index in range(0, len(seen), 3):
        by_viewer[seen[index]].append((seen[index + 1], seen[index + 2] - before))
    ages: list[float] = []
    begun, ended = votes[0].due, acknowledged[-1]
    pushes = 0
    for told in by_viewer.values():
        counts = [ballots for _, ballots in told]
        pushes += sum(begun <= at <= ended for at, _ in told)
        for number in range(0, len(acknowledged), 7):  # a sample is enough
            message = bisect_left(counts, number + 1)
            if message < len(told):
                ages.append(max(0.0, told[message][0] - acknowledged[number]) * 1_000)
            else:
                ages.append(float("inf"))
    return pushes, quantiles(ages, n=100)[98] if len(ages) > 1 else float("inf")


def misses(found: Sequence[Measured]) -> list[str]:
    """Return what isn't as it should be."""
    without, with_viewers = found
    most_age = pause_for(with_viewers.viewers) * 1_000 + MOST_AGE_MS
    checks = {
        f"votes failed: {with_viewers.failed + without.failed}": not (with_viewers.failed or without.failed),
        f"viewers lost: {with_viewers.lost}": not with_viewers.lost,
        f"a vote takes {with_viewers.p50_ms / without.p50_ms:.2f} times as long (p50), of {MOST_TIMES_SLOWER:g}": (
            with_viewers.p50_ms <= MOST_TIMES_SLOWER * without.p50_ms
        ),
        f"a vote costs the server {with_viewers.vote_us / without.vote_us:.2f} times as much, of {MOST_TIMES_COST:g}": (
            with_viewers.vote_us <= MOST_TIMES_COST * without.vote_us
        ),
        f"{with_viewers.pushes:.2f} pushes a second, of 1": with_viewers.pushes >= 0.95,  # the first may be late
        f"what is seen is {with_viewers.age_ms:.0f} ms old, of {most_age:.0f}": with_viewers.age_ms <= most_age,
        f"{with_viewers.kb:.1f} kB a connection, of {MOST_KB:g}": with_viewers.kb <= MOST_KB,
    }
    return [what for what, holds in checks.items() if not holds]


def line(found: Measured) -> str:
    """Return one measurement for people."""
    votes = (
        f"{found.viewers:>6,} viewers: {found.votes:,} votes, {found.failed} failed; p50 {found.p50_ms:.1f} ms, "
        f"p99 {found.p99_ms:.1f} ms, {found.vote_us:,.0f} µs of the server a vote"
        f"{f' and {found.writer_us:,.0f} of its writer' if found.viewers else ''}"
    )
    if not found.viewers:
        return votes
    return (
        f"{votes}; {found.pushes:.2f} pushes a second, seen after {found.age_ms:.0f} ms (p99), {found.lost} lost, "
        f"{found.kb:.1f} kB a connection, the viewers took {found.viewers_cpu:.0%} of a processor"
    )
