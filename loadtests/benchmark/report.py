"""The outcome, for people."""

from collections.abc import Iterator

from loadtests.benchmark.samples import Ratio, Summary
from loadtests.benchmark.votes import Outcome

_HEAD = ("", "a second", "(range)", "p50 ms", "p95 ms", "p99 ms", "CPU µs: server", "database", "wrk")


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the report's lines."""
    yield f"machine: {outcome.machine}"
    yield (
        f"PostgreSQL {outcome.postgres}, fsync on; {outcome.rounds} interleaved rounds of {outcome.seconds} s after"
        f" 1 s of ramp; {outcome.connections} connections; medians of the rounds"
    )
    yield ""
    rows = [_HEAD, *(_row(outcome.contestants[summary.contestant], summary) for summary in outcome.summaries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *others])
    yield ""
    for ratio in outcome.ratios:
        yield _ratio(ratio)
    yield ""
    yield from _stored(outcome)
    yield from _generator(outcome)


def _row(title: str, found: Summary) -> tuple[str, ...]:
    return (
        title,
        f"{found.rate:,.0f}",
        f"({found.slowest:,.0f}–{found.fastest:,.0f})",
        f"{found.p50_ms:.1f}",
        f"{found.p95_ms:.1f}",
        f"{found.p99_ms:.1f}",
        *(
            "" if value is None else f"{value:.0f}"
            for value in (found.server_us, found.database_us, found.generator_us)
        ),
    )


def _ratio(ratio: Ratio) -> str:
    line = f"{ratio.name}: {ratio.value:.2f} ({ratio.least:.2f}–{ratio.most:.2f})"
    if ratio.target is None:
        return line
    return f"{line}, target {ratio.target:g}: {'met' if ratio.value >= ratio.target else 'MISSED'}"


def _stored(outcome: Outcome) -> Iterator[str]:
    for key, title in outcome.contestants.items():
        last = next((s for s in reversed(outcome.samples) if s.contestant == key and s.stored is not None), None)
        if last is not None:
            equal = "=" if last.stored == last.acknowledged else "≠"
            yield f"{title}: stored {last.stored:,} {equal} acknowledged {last.acknowledged:,}, after every round"


def _generator(outcome: Outcome) -> Iterator[str]:
    plain = next((s for s in outcome.summaries if s.contestant == "plain"), None)
    if plain is None or plain.generator_us is None:
        return
    most = 1e6 / plain.generator_us
    yield (
        f"wrk sent {plain.rate:,.0f} requests a second to the plain server and could send about {most:,.0f}"
        f" (it was busy for {plain.rate / most:.0%} of one core)"
    )
