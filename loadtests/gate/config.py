"""`gates.toml`: what is put under load, and what must hold, per environment and suite."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from loadtests.gate.errors import GateError

GATES = Path(__file__).parent.parent / "gates.toml"

Ratio = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Rate = Annotated[float, Meta(ge=0, le=100_000)]
Count = Annotated[int, Meta(ge=0, le=10_000)]


class Shape(StrEnum):
    """How arrivals are spread over the time."""

    STEADY = "steady"
    RUSH = "rush"
    SOAK = "soak"


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold. Times are milliseconds from the moment at which a request was due.

    Attributes:
        accepted_votes_per_second: At least so many answers 200 and 201 to votes.
        p50_ms, p95_ms, p99_ms: Of votes, at most.
        error_ratio: Failed requests among all, at most.
        stored_equals_acknowledged: Every acknowledged ballot is stored, as it was sent last, and no other.
        tally_equals_recount: The published result is what the exported ballots say.
        reads_p95_ms: Of reading polls, lists and results, at most.
        staleness_p95_ms: How far live results may be behind acknowledged ballots.
        live_gaps: Messages of live results that didn't follow the one before, at most.
        drift: p95 of the last third of the time over that of the first third, at most.
    """

    accepted_votes_per_second: Rate
    p95_ms: Positive
    p99_ms: Positive
    error_ratio: Ratio
    stored_equals_acknowledged: bool
    tally_equals_recount: bool
    p50_ms: Positive | None = None
    reads_p95_ms: Positive | None = None
    staleness_p95_ms: Positive | None = None
    live_gaps: Count | None = None
    drift: Positive | None = None


class Canary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold of canaries' own answers, where only those of one service are asked; votes say little of Profiles.

    Attributes:
        answers: With fewer there is no verdict.
        error_ratio: Failures among them, at most.
        p50_ms, p95_ms: Of them, at most.
    """

    answers: Annotated[int, Meta(ge=1)] = 200
    error_ratio: Ratio = 0.0
    p50_ms: Positive | None = None
    p95_ms: Positive | None = None


class Generator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the load generator's own figures can be trusted.

    Attributes:
        processes: Locust processes; each takes its share of the arrivals.
        late_p99_ms: How late a free user may begin a request that is due. Beyond it the generator is what is slow.
        busy: Share of one processor that a process may take.
    """

    processes: Annotated[int, Meta(ge=1, le=16)] = 1
    late_p99_ms: Positive = 50.0
    busy: Annotated[float, Meta(gt=0, le=1)] = 0.9


class Suite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A load, and what must hold under it.

    Attributes:
        what: In a sentence, for `./just load users`.
        shape: How votes are spread over the time.
        seconds: How long.
        votes_per_second: Votes that are due, on average.
        changes: Share of them by voters who change their ballot.
        guests_per_second: Of the votes, those by people who come as a guest and vote.
        reads_per_second: Polls, lists and results that are read.
        hosts_per_minute: Owners who publish a poll, vote, close it, read its result and delete it.
        viewers: People who watch live results.
        identities: Guests who are signed in beforehand and cast the ballots of those with voting tokens.
        most_at_once: Votes under way at a time at most; beyond it they wait, and their wait counts.
    """

    what: str
    shape: Shape
    seconds: Annotated[int, Meta(ge=1, le=86_400)]
    votes_per_second: Annotated[float, Meta(gt=0, le=100_000)]
    changes: Ratio = 0.1
    guests_per_second: Rate = 1.0
    reads_per_second: Rate = 10.0
    hosts_per_minute: Rate = 6.0
    viewers: Count = 20
    identities: Annotated[int, Meta(ge=1, le=900)] = 200
    most_at_once: Annotated[int, Meta(ge=1, le=5_000)] = 256
    thresholds: Thresholds
    generator: Generator = Generator()

    @property
    def unseen(self) -> list[str]:
        """Thresholds of what nobody in this load looks at."""
        asked = self.thresholds
        watched = {"staleness_p95_ms": asked.staleness_p95_ms, "live_gaps": asked.live_gaps}
        unseen = [name for name, limit in watched.items() if limit is not None and not self.viewers]
        return unseen + ["reads_p95_ms"] * (asked.reads_p95_ms is not None and not self.reads_per_second)

    @property
    def peak(self) -> float:
        """Votes a second where the shape is highest."""
        return self.votes_per_second * (max(2.0, self.seconds / 120) if self.shape is Shape.RUSH else 1.0)


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An environment.

    Attributes:
        url: Where it is reached, unless the command says otherwise; empty if the command must.
        suites: What `gate` runs unless the command names suites.
        suite: All there are.
        canary: What must hold of canaries in each of them.
    """

    url: str
    suites: Annotated[list[str], Meta(min_length=1)]
    suite: dict[str, Suite]
    canary: Canary = Canary()


def read(path: Path = GATES) -> dict[str, Place]:
    """Return the environments of a file.

    Raises:
        GateError: It can't be read, lacks something or says something that isn't known.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        places = msgspec.convert(raw, dict[str, Place])
    except (OSError, UnicodeDecodeError) as exc:
        raise GateError(f"{path} can't be read: {exc}") from exc
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        raise GateError(f"{path}: {exc}") from exc
    for name, place in places.items():
        if unknown := [suite for suite in place.suites if suite not in place.suite]:
            raise GateError(f"{path}: `{name}.suites` names {', '.join(unknown)}, which it doesn't describe")
        for suite, load in place.suite.items():
            if load.unseen:
                raise GateError(f"{path}: `{name}.suite.{suite}` has nobody who looks at {', '.join(load.unseen)}")
    return places
