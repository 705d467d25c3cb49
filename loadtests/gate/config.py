"""`gates.toml`: loads and thresholds of each environment and suite."""

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
    """How arrivals are distributed over the run."""

    STEADY = "steady"
    RUSH = "rush"
    SOAK = "soak"


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds. Times are milliseconds from when a request was due.

    Attributes:
        accepted_votes_per_second: Minimum of answers 200 and 201 to votes.
        p50_ms, p95_ms, p99_ms: Maximum latencies of votes, where machines are of a known kind.
        error_ratio: Maximum share of failed requests.
        stored_equals_acknowledged: Exactly the acknowledged ballots are stored, as they were sent last.
        tally_equals_recount: The published result equals a count of the exported ballots.
        reads_p95_ms: Maximum latency of reads of polls, lists and results.
        staleness_p95_ms: Maximum lag of live results behind acknowledged ballots.
        live_gaps: Maximum number of live messages that don't follow the previous one.
        drift: Maximum ratio of p95 in the last third of the run to p95 in the first third.
    """

    accepted_votes_per_second: Rate
    error_ratio: Ratio
    stored_equals_acknowledged: bool
    tally_equals_recount: bool
    p50_ms: Positive | None = None
    p95_ms: Positive | None = None
    p99_ms: Positive | None = None
    reads_p95_ms: Positive | None = None
    staleness_p95_ms: Positive | None = None
    live_gaps: Count | None = None
    drift: Positive | None = None


class Canary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How canaries are compared with stable instances, in the same run.

    Attributes:
        share: Share of the tested service's requests that goes to canaries. A single canary beside N instances gets
            about 1 / (N + 1), so that it has as much to do as each of them.
        probes_per_second: Reads of the tested service beside the usual load, so that there is enough to compare.
        answers: Minimum number of canaries' answers; with fewer there is no verdict.
        slower_ms: By how much canaries may be slower: the smallest difference that matters.
        chance: A difference that is less likely than this to have come by chance counts.
        error_ratio: Maximum share of failures; more only if stable instances fail half as often or more.
        p50_ms, p95_ms: Maximum latencies, on machines of a known kind.
    """

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    probes_per_second: Rate = 60.0
    answers: Annotated[int, Meta(ge=1)] = 200
    slower_ms: Positive = 20.0
    chance: Annotated[float, Meta(gt=0, lt=0.5)] = 0.001
    error_ratio: Ratio = 0.0
    p50_ms: Positive | None = None
    p95_ms: Positive | None = None


class Generator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the load generator's own figures can be trusted.

    Attributes:
        processes: Locust processes; each handles its share of the arrivals.
        late_p99_ms: How late a free user may start a request. Above it the generator is too slow.
        busy: Maximum share of one CPU core for a process.
    """

    processes: Annotated[int, Meta(ge=1, le=16)] = 1
    late_p99_ms: Positive = 50.0
    busy: Annotated[float, Meta(gt=0, le=1)] = 0.9


class Suite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A load and its thresholds.

    Attributes:
        what: A description for `./just load users`.
        shape: How votes are distributed over the run.
        seconds: Duration.
        votes_per_second: Average rate of votes.
        changes: Share of votes that change a ballot.
        guests_per_second: How many of the votes are by users who sign in as a guest first.
        reads_per_second: Reads of polls, lists and results.
        hosts_per_minute: Owners who publish a poll, vote, close it, read its result and delete it.
        friends_per_minute: Two people who get in touch: one follows the other, who publishes; one comments, and writes.
        viewers: Users who watch live results.
        identities: Guests signed in beforehand, who cast the ballots with voting tokens.
        most_at_once: Maximum of concurrent votes; others wait, and their wait counts.
    """

    what: str
    shape: Shape
    seconds: Annotated[int, Meta(ge=1, le=86_400)]
    votes_per_second: Annotated[float, Meta(gt=0, le=100_000)]
    changes: Ratio = 0.1
    guests_per_second: Rate = 1.0
    reads_per_second: Rate = 10.0
    hosts_per_minute: Rate = 6.0
    friends_per_minute: Rate = 0.0
    viewers: Count = 20
    identities: Annotated[int, Meta(ge=1, le=900)] = 200
    most_at_once: Annotated[int, Meta(ge=1, le=5_000)] = 256
    thresholds: Thresholds
    generator: Generator = Generator()

    @property
    def unseen(self) -> list[str]:
        """Thresholds that this load doesn't measure."""
        asked = self.thresholds
        watched = {"staleness_p95_ms": asked.staleness_p95_ms, "live_gaps": asked.live_gaps}
        unseen = [name for name, limit in watched.items() if limit is not None and not self.viewers]
        return unseen + ["reads_p95_ms"] * (asked.reads_p95_ms is not None and not self.reads_per_second)

    @property
    def peak(self) -> float:
        """Votes a second at the shape's peak."""
        return self.votes_per_second * (max(2.0, self.seconds / 120) if self.shape is Shape.RUSH else 1.0)


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An environment.

    Attributes:
        url: Its address, unless the command gives one; empty if the command has to.
        suites: What `gate` runs unless the command names suites.
        suite: All suites, by name.
        canary: How canaries are judged, in every suite.
    """

    url: str
    suites: Annotated[list[str], Meta(min_length=1)]
    suite: dict[str, Suite]
    canary: Canary = Canary()


def read(path: Path = GATES) -> dict[str, Place]:
    """Return the environments of a file.

    Raises:
        GateError: It can't be read, lacks a key or has an unknown one.
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
