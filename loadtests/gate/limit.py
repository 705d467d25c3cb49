"""The capacity of one load generator on this machine: votes at growing rates against a server that answers at once."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from loadtests.gate.config import Generator, Shape, Suite, Thresholds
from loadtests.gate.plan import Identity, Plan, PollPlan
from loadtests.gate.run import ROOT, generate
from loadtests.gate.verdict import Merged, percentile

RATES = (250, 500, 1000, 1500, 2000, 2500, 3000)
SECONDS = 4
_THRESHOLDS = Thresholds(
    accepted_votes_per_second=0,
    p95_ms=1000,
    p99_ms=1000,
    error_ratio=1,
    stored_equals_acknowledged=False,
    tally_equals_recount=False,
)


class Step(Struct, frozen=True):
    """A rate, and how the generator coped.

    Attributes:
        due: Votes a second that were due.
        answered: Votes a second that were answered.
        p99_ms: Latency, from when votes were due; all of it is the generator's.
        late_p99_ms: How late free users started.
        busy: Share of one CPU core.
        holds: Whether a gate would trust its figures.
    """

    due: int
    answered: float
    p99_ms: float
    late_p99_ms: float
    busy: float
    holds: bool


async def limit(generator: Generator, rates: Sequence[int] = RATES) -> AsyncIterator[Step]:
    """Yield a step for each rate, until one doesn't hold.

    Args:
        generator: When its figures are trusted.
        rates: Votes a second.
    """
    async with _stub() as url:
        for rate in rates:
            step = await _step(url, rate, generator)
            yield step
            if not step.holds:
                return


async def _step(url: str, rate: int, generator: Generator) -> Step:
    suite = Suite(
        what="",
        shape=Shape.STEADY,
        seconds=SECONDS,
        votes_per_second=rate,
        changes=0,
        guests_per_second=0,
        reads_per_second=0,
        hosts_per_minute=0,
        viewers=0,
        thresholds=_THRESHOLDS,
        generator=msgspec.structs.replace(generator, processes=1),
    )
    somebody = Identity("token", "", time.time() + 3600)
    poll = PollPlan("poll", "stub", ["token"] * (rate * SECONDS + 1), [b'{"picks": [1]}'])
    plan = Plan(
        url=url,
        headers={},
        suite=suite,
        seed=1,
        share=0,
        shares=1,
        polls=[poll],
        guest_poll="",
        identities=[somebody],
        host=somebody,
        friend=somebody,
        friend_account="",
        canary="",
        read_paths=[],
        canary_paths=[],
        probes_per_second=0.0,
        canary_share=0.5,
        title_prefix="",
        html="",
        shows_progress=False,
    )
    with tempfile.TemporaryDirectory(prefix="votewave-load-") as folder:
        merged = Merged(suite, await generate([plan], Path(folder)))
    late = percentile(merged.late_ms, 0.99)
    holds = late <= generator.late_p99_ms and merged.busy <= generator.busy and merged.rate >= 0.95 * rate
    return Step(rate, merged.rate, percentile(merged.ms, 0.99), late, merged.busy, holds)


@contextlib.asynccontextmanager
async def _stub() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "loadtests.gate.stub",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None  # noqa: S101  (asked for above)
    assert process.stdout is not None  # noqa: S101
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()
