"""The search for capacity: the highest rate of votes at which a suite's limits hold."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from loadtests.gate.config import Shape, Suite
from loadtests.gate.report import Report
from loadtests.gate.verdict import Judgement

_MOST_OF = 0.95
"""Share of the votes due that has to be accepted in time."""


class Tried(Struct, frozen=True):
    """A rate that was tried.

    Attributes:
        rate: Votes a second that were due.
        accepted: Votes a second that were accepted in time.
        p95_ms: Of votes.
        judgement: Whether the limits held.
        why: Which didn't.
    """

    rate: float
    accepted: float
    p95_ms: float
    judgement: Judgement
    why: list[str]

    @property
    def holds(self) -> bool:
        """Whether the limits held."""
        return self.judgement is Judgement.PASS


def at_rate(suite: Suite, rate: float, seconds: int, p95_ms: float) -> Suite:
    """Return a suite at another rate: steady, and judged by its own limits or, where it has none, by a p95."""
    asked = suite.thresholds
    thresholds = msgspec.structs.replace(
        asked, accepted_votes_per_second=_MOST_OF * rate, p95_ms=asked.p95_ms or p95_ms, drift=None
    )
    return msgspec.structs.replace(
        suite, shape=Shape.STEADY, seconds=seconds, votes_per_second=rate, thresholds=thresholds
    )


def tried(rate: float, report: Report) -> Tried:
    """Return what a run at a rate showed."""
    verdict = report.verdict
    why = [f"{row.name}: {row.seen}" for row in verdict.rows if row.judgement is not Judgement.PASS]
    figures = verdict.figures
    return Tried(rate, float(figures["votes_per_second"]), float(figures["votes_ms"]["p95"]), verdict.judgement, why)


async def search(run: Callable[[float], Awaitable[Tried]], first: float, most: float, steps: int = 4) -> list[Tried]:
    """Double the rate until the limits don't hold, then halve the interval.

    Args:
        run: Runs the load at a rate.
        first: The rate to begin with.
        most: The highest rate.
        steps: How many times the interval is halved: four leave a sixteenth.

    Returns:
        What was tried, in order. The capacity is the highest rate that holds; none may.
    """
    done: list[Tried] = []
    rate, low = first, 0.0
    while True:
        done.append(await run(rate))
        if not done[-1].holds:
            break
        low = rate
        if rate >= most:
            return done
        rate = min(most, 2 * rate)
    high = rate
    for _ in range(steps):
        middle = round((low + high) / 2, 1)
        done.append(await run(middle))
        low, high = (middle, high) if done[-1].holds else (low, middle)
    return done


def capacity(done: Sequence[Tried]) -> float:
    """Return the highest rate that held; 0 if none did."""
    return max((each.rate for each in done if each.holds), default=0.0)


def summary(environment: str, done: Sequence[Tried]) -> str:
    """Return a table in Markdown, for a workflow's summary."""
    lines = [
        f"**{environment}: {capacity(done):,.0f} votes a second**",
        "",
        "| due | accepted | p95 ms | |",
        "|---:|---:|---:|---|",
    ]
    for each in sorted(done, key=lambda it: it.rate):
        why = "holds" if each.holds else "; ".join(each.why)
        lines.append(f"| {each.rate:,.0f} | {each.accepted:,.0f} | {each.p95_ms:,.0f} | {why} |")
    return "\n".join(lines) + "\n"
