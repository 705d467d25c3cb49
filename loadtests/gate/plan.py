"""What the gate tells its load generators, and what they tell it: two files of MessagePack."""

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from loadtests.gate.config import Suite

T = TypeVar("T")

CANARY_HEADER = "X-VoteWave-Canary"
"""A request that names a service in it gets that service's canaries from the gateway; the answer says so with it."""

AGENT = "votewave-load"
TIMEOUT_SECONDS = 10.0
"""After it a request counts as failed."""


class Tokens(Struct, frozen=True):
    """What Auth gives whoever signs in."""

    access_token: str
    expires_in: float
    refresh_token: str = ""


class Identity(Struct):
    """Somebody who is signed in."""

    access: str
    refresh: str
    until: float


class Look(Struct, frozen=True):
    """A path that can be read without knowing anything.

    Attributes:
        path: Below the target's URL.
        wanted: Statuses that are good: 200, 204, and what the version that users have answers.
    """

    path: str
    wanted: tuple[int, ...]


class PollPlan(Struct, frozen=True):
    """A poll that ballots are cast in with voting tokens.

    Attributes:
        poll: Its id.
        name: What it is for.
        tokens: Voting tokens, a voter each.
        ballots: Bodies of ballots as JSON; voters take them in turns.
    """

    poll: str
    name: str
    tokens: list[str]
    ballots: list[bytes]


class Plan(Struct, frozen=True):
    """What one generator does.

    Attributes:
        url: Where.
        headers: Sent with every request.
        suite: The load.
        seed: Of every chance.
        share, shares: Which part of the arrivals it takes, of how many.
        polls: Those that are voted in with tokens.
        guest_poll: The one that anybody may vote in; empty without one.
        identities: Guests who cast the ballots.
        host: The account that publishes polls.
        canary: The service whose canaries are asked; empty for none.
        looks: What each service answers to whoever is signed in, so that no service goes without load.
        canary_looks: Those of the service whose canaries are asked; every second read is one of them.
        mark: What the titles of polls begin with, so that they are found and deleted.
        html: Where Locust's report goes; empty for nowhere.
        tell: Whether to say now and then how it goes.
    """

    url: str
    headers: dict[str, str]
    suite: Suite
    seed: int
    share: int
    shares: int
    polls: list[PollPlan]
    guest_poll: str
    identities: list[Identity]
    host: Identity
    canary: str
    looks: list[Look]
    canary_looks: list[Look]
    mark: str
    html: str
    tell: bool


class Vote(Struct, frozen=True, array_like=True):
    """A vote that was due.

    Attributes:
        due: Seconds after the start.
        ms: Until its answer, from when it was due.
        service_ms: Until its answer, from when it was sent.
        status: HTTP status; 0 without an answer.
    """

    due: float
    ms: float
    service_ms: float
    status: int


class Cast(Struct, array_like=True):
    """What is known of one voter's ballot.

    Attributes:
        poll: Place of the poll in the plan.
        voter: Place of the voting token.
        receipt: From the answer; empty while nothing was acknowledged.
        ballot: Place of the ballot that was acknowledged last.
        unsure: Places of ballots that were sent after it and not answered: stored or not.
    """

    poll: int
    voter: int
    receipt: str = ""
    ballot: int = -1
    unsure: list[int] = []


class Watched(Struct):
    """What the viewers saw."""

    messages: int = 0
    gaps: int = 0
    reconnects: int = 0
    staleness_ms: list[float] = []


class Outcome(Struct):
    """What one generator did and saw.

    Attributes:
        votes: Every vote that was due.
        casts: Every voter who was sent to a poll with tokens.
        guests: Receipts of guests who came and voted.
        guests_unsure: Guests whose vote wasn't answered.
        forgotten: Receipts of ballots whose change was answered as if there had been none, or the other way round.
        reads_ms, hosts_ms, sign_ins_ms: Until the answer, from when the request was due.
        requests: How many, by name.
        failures: How many failed, by name and reason.
        traces: A trace id of each failure, to find it in the logs.
        canary_ms: Until each answer of a canary, from when the request was due; until it was given up, without one.
        canary_failures: How many of these were failures.
        by_others: Answers of the service whose canaries are asked, that others gave.
        unsent: Votes that were due and had no answer when the generator gave up, sent or not.
        unfinished: Reads and polls of hosts, likewise.
        late_ms: How late free users began what was due.
        queued: Votes that had to wait for a user.
        cpu_seconds, wall_seconds: The generator's own.
        faults: Mistakes of the generator itself.
        watched: Live results.
    """

    votes: list[Vote] = []
    casts: list[Cast] = []
    guests: list[str] = []
    guests_unsure: int = 0
    forgotten: list[str] = []
    reads_ms: list[float] = []
    hosts_ms: list[float] = []
    sign_ins_ms: list[float] = []
    requests: dict[str, int] = {}
    failures: dict[str, int] = {}
    traces: dict[str, str] = {}
    canary_ms: list[float] = []
    canary_failures: int = 0
    by_others: int = 0
    unsent: int = 0
    unfinished: int = 0
    late_ms: list[float] = []
    queued: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    faults: list[str] = []
    watched: Watched = msgspec.field(default_factory=Watched)


def write(path: Path, content: Plan | Outcome) -> None:
    """Write a file that only its owner reads: it holds tokens."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.msgpack.encode(content))


def load(path: Path, kind: type[T]) -> T:
    """Read a file that `write` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=kind)
