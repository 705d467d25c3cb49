"""What is measured, and how rounds become one number."""

from collections.abc import Sequence
from statistics import median

import msgspec


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant in one round.

    Attributes:
        contestant: Its key.
        round: From 1.
        rate: Requests (or commits) a second, acknowledged inside the measured time.
        p50_ms, p95_ms, p99_ms, max_ms: Latency.
        acknowledged: Votes acknowledged so far, ramps and earlier rounds included.
        stored: Votes that the database holds; None where there is none.
        created: Of this round's measured answers, first votes (201).
        changed: Of this round's measured answers, changes (200).
        server_us: Processor time a request in the server's processes, microseconds.
        database_us: The same in Postgres.
        generator_us: The same in wrk.
        memory_mb: The server's resident memory after the round.
    """

    contestant: str
    round: int
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    acknowledged: int | None = None
    stored: int | None = None
    created: int | None = None
    changed: int | None = None
    server_us: float | None = None
    database_us: float | None = None
    generator_us: float | None = None
    memory_mb: float | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant over all rounds: medians, and the range of the rate."""

    contestant: str
    rate: float
    slowest: float
    fastest: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    server_us: float | None
    database_us: float | None
    generator_us: float | None


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """How one contestant compares with another: the median of the rounds' ratios, and their range."""

    name: str
    value: float
    least: float
    most: float
    target: float | None = None


def summarise(samples: Sequence[Sample]) -> Summary:
    """Reduce one contestant's rounds."""
    rates = [sample.rate for sample in samples]
    return Summary(
        contestant=samples[0].contestant,
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        p50_ms=median(s.p50_ms for s in samples),
        p95_ms=median(s.p95_ms for s in samples),
        p99_ms=median(s.p99_ms for s in samples),
        server_us=_median([s.server_us for s in samples]),
        database_us=_median([s.database_us for s in samples]),
        generator_us=_median([s.generator_us for s in samples]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def compare(name: str, ours: Sequence[Sample], theirs: Sequence[Sample], target: float | None = None) -> Ratio:
    """Divide the rates round by round: a round's two measurements are neighbours in time."""
    ratios = [mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(name=name, value=median(ratios), least=min(ratios), most=max(ratios), target=target)
