"""`bench votes`: acknowledged durable votes a second, beside what bounds them and what others reach."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from loadtests.benchmark import pgbench, wrk
from loadtests.benchmark.contestants import (
    RAMP_SECONDS,
    Classic,
    Contestant,
    Database,
    Plain,
    Pooled,
    VoteWave,
    VoteWaveSeen,
)
from loadtests.benchmark.machine import Machine, look
from loadtests.benchmark.place import Place, open_place
from loadtests.benchmark.samples import Ratio, Sample, Summary, compare, summarise

KEYS = ("plain", "votewave", "flask", "flask-pool", "votewave-seen", "pgbench", "pgbench-1")
"""In the order of a round: those that are compared follow each other."""
_FIRST_GUESS = 4_000  # votes a second, to know how many voters the first round needs

_RATIOS = (
    ("VoteWave / pgbench insert", "votewave", "pgbench", None),
    ("VoteWave / plain Litestar POST", "votewave", "plain", 0.5),
    ("VoteWave / Flask + psycopg2, a connection a request", "votewave", "flask", 8.0),
    ("VoteWave / Flask + psycopg2, pooled", "votewave", "flask-pool", None),
    ("VoteWave, returning voters / plain Litestar POST", "votewave-seen", "plain", None),
    ("VoteWave, returning voters / Flask + psycopg2, a connection a request", "votewave-seen", "flask", None),
    ("VoteWave, returning voters / Flask + psycopg2, pooled", "votewave-seen", "flask-pool", None),
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The whole run."""

    machine: Machine
    postgres: str
    seconds: int
    connections: int
    rounds: int
    contestants: dict[str, str]
    summaries: list[Summary]
    ratios: list[Ratio]
    samples: list[Sample]


async def run(
    *, seconds: int, connections: int, rounds: int, only: Sequence[str], parent: Path | None, log_level: str
) -> Outcome:
    """Measure the contestants in turns, round after round.

    Args:
        seconds: How long each is measured in a round, after a second of ramp.
        connections: Requests under way at a time; for pgbench, clients.
        rounds: How often each has its turn.
        only: Keys of the contestants that take part.
        parent: Where the temporary data folder goes.
        log_level: VoteWave's.

    Raises:
        BenchError: Something is missing or failed, or votes were lost.
    """
    wrk.find()
    pgbench.find()
    taking_part: list[Contestant] = []
    async with open_place(parent, VOTEWAVE_LOG_LEVEL=log_level) as place:
        machine = look(place.folder)
        if machine.disk in {"tmpfs", "ramfs"}:
            _say(f"{place.folder} is in memory, so a commit isn't durable: choose a disk with --data-dir.")
        for contestant in _contestants(place, only):
            taking_part.append(contestant)
            place.guests.push_async_callback(contestant.stop)
            _say(f"starting {contestant.title}")
            await contestant.start()
        samples = await _rounds(place, taking_part, rounds, seconds, connections)
        version = await place.version()
    by_key = {c.key: [sample for sample in samples if sample.contestant == c.key] for c in taking_part}
    return Outcome(
        machine=machine,
        postgres=version,
        seconds=seconds,
        connections=connections,
        rounds=rounds,
        contestants={contestant.key: contestant.title for contestant in taking_part},
        summaries=[summarise(rows) for rows in by_key.values()],
        ratios=[compare(n, by_key[a], by_key[b], t) for n, a, b, t in _RATIOS if a in by_key and b in by_key],
        samples=samples,
    )


def _contestants(place: Place, only: Sequence[str]) -> list[Contestant]:
    votewave = VoteWave(place)
    every: list[Contestant] = [
        Plain(place),
        votewave,
        Classic(place),
        Pooled(place),
        VoteWaveSeen(place, votewave),
        Database(place),
        Database(place, 1),
    ]
    return [contestant for contestant in every if contestant.key in only]


async def _rounds(
    place: Place, contestants: Sequence[Contestant], rounds: int, seconds: int, connections: int
) -> list[Sample]:
    samples: list[Sample] = []
    for number in range(1, rounds + 1):
        seen = [s.rate for s in samples if s.contestant in {"flask-pool", "votewave"}]
        place.refill(int(1.5 * max(seen, default=_FIRST_GUESS) * (seconds + RAMP_SECONDS)))
        for contestant in contestants:
            begun = time.monotonic()
            sample = await contestant.measure(number, seconds, connections)
            samples.append(sample)
            _say(
                f"round {number}/{rounds}: {contestant.title}: {sample.rate:,.0f}/s, p99 {sample.p99_ms:.1f} ms"
                f" ({time.monotonic() - begun:.0f} s)"
            )
    return samples


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
