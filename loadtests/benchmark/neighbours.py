"""`bench neighbours`: what others' votes take while one account does the worst that its limits allow."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

import msgspec
from services.core.ids import new_id

from loadtests.benchmark.contestants import VoteWave
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.neighbour import ACTS
from loadtests.benchmark.place import open_place
from loadtests.benchmark.steady import LATE_SECONDS, cast

TARGET_MS = 100.0
"""What the median of others' votes stays below."""

QUIET = "nothing"
_BEGIN_SECONDS = 3.0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Others' votes during one act.

    Attributes:
        act: What the neighbour did; `nothing` for the measurement before all others.
        votes: Votes acknowledged.
        failed: Votes answered otherwise, or not at all.
        p50_ms, p95_ms, max_ms: Latency of the acknowledged.
        answers: What the neighbour was answered, by status.
    """

    act: str
    votes: int
    failed: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    answers: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether others were served as promised."""
        return not self.failed and self.p50_ms < TARGET_MS


async def run(*, seconds: int, rate: int, acts: Sequence[str], parent: Path | None) -> list[Measured]:
    """Measure votes beside nothing, then beside each act, on one VoteWave with its own limits.

    Args:
        seconds: How long each is measured, after three in which the act begins.
        rate: Votes a second, each by a guest of its own at an address of its own.
        acts: Of `ACTS`.
        parent: Where the temporary data folder goes.

    Raises:
        BenchError: Something failed.
    """
    async with open_place(parent, VOTEWAVE_LOG_LEVEL="warning", VOTEWAVE_TRUSTED_PROXIES="1") as place:
        votewave = VoteWave(place)
        place.guests.push_async_callback(votewave.stop)
        await votewave.start()
        found = []
        for act in (QUIET, *acts):
            found.append(await _measure(votewave, act, seconds, rate))
            print(line(found[-1]), file=sys.stderr, flush=True)
        return found


async def _measure(votewave: VoteWave, act: str, seconds: int, rate: int) -> Measured:
    tokens = [votewave.place.voters.token(new_id()) for _ in range(seconds * rate)]
    process = None
    if act != QUIET:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "loadtests.benchmark.neighbour",
            act,
            votewave.vote_url.partition("/v1/")[0],
            str(votewave.poll),
            str(_BEGIN_SECONDS + seconds + 1),
            stdout=asyncio.subprocess.PIPE,
        )
        await asyncio.sleep(_BEGIN_SECONDS)
    try:
        votes, failed = await cast(votewave.vote_url, tokens, rate)
    finally:
        said = b"{}"
        if process is not None:
            try:
                async with asyncio.timeout(LATE_SECONDS):
                    said, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    took = [vote.took_ms for vote in votes]
    if len(took) < 2 or not said:
        raise BenchError(f"Beside {act} nothing could be measured: {failed} of {len(tokens)} votes failed.")
    cuts = quantiles(took, n=100)
    return Measured(
        act=act,
        votes=len(took),
        failed=failed,
        p50_ms=cuts[49],
        p95_ms=cuts[94],
        max_ms=max(took),
        answers=msgspec.json.decode(said, type=dict[str, int]),
    )


def line(found: Measured) -> str:
    """Return one measurement for people."""
    answers = ", ".join(f"{status}: {count}" for status, count in found.answers.items())
    verdict = "" if found.holds else f"  MISSED: below {TARGET_MS:g} ms, and none failed"
    return (
        f"{found.act:<9} {found.votes:>6,} votes, {found.failed} failed; p50 {found.p50_ms:6.1f} ms, "
        f"p95 {found.p95_ms:6.1f} ms, longest {found.max_ms:6.1f} ms"
        + (f"  (answered {answers})" if answers else "")
        + verdict
    )


CHOICES = tuple(ACTS)
