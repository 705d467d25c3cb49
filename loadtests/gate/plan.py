"""The files exchanged by the gate and its load generators, as MessagePack: a plan and an outcome."""

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from services.registry import WEB

from loadtests.gate.config import Suite

T = TypeVar("T")

CANARY_HEADER = "X-VoteWave-Canary"
"""The gateway routes a request with this header to canaries of the service it names, and repeats it in the answer."""

AGENT = "votewave-load"
TIMEOUT_SECONDS = 10.0
"""A request without an answer after this time counts as failed."""


def is_of(path: str, service: str) -> bool:
    """Return whether a path leads to a service; to the web client lead all that aren't the API's."""
    alone = path.partition("?")[0]
    return not alone.startswith("/v1/") if service == WEB else f"{alone}/".startswith(f"/v1/{service}/")


class Tokens(Struct, frozen=True):
    """Auth's answer to a sign-in."""

    access_token: str
    expires_in: float
    refresh_token: str = ""


class Identity(Struct):
    """A signed-in user's tokens; `until` is when the access token expires, in Unix time."""

    access: str
    refresh: str
    until: float


class ReadPath(Struct, frozen=True):
    """A path that can be read without parameters.

    Attributes:
        path: Below the target's URL.
        wanted: Expected statuses: 200, 204, and what the stable version answers.
    """

    path: str
    wanted: tuple[int, ...]


class PollPlan(Struct, frozen=True):
    """A poll in which ballots are cast with voting tokens.

    Attributes:
        poll: Its id.
        name: For messages.
        tokens: Voting tokens, one for each voter.
        ballots: Bodies of ballots as JSON; voters use them in turn.
    """

    poll: str
    name: str
    tokens: list[str]
    ballots: list[bytes]


class Plan(Struct, frozen=True):
    """What one generator does.

    Attributes:
        url: The target.
        headers: Sent with every request.
        suite: The load.
        seed: Of the random generator.
        share, shares: It handles the part `share` (from 0) of `shares` parts of the arrivals.
        polls: The polls with voting tokens.
        guest_poll: The poll that anybody may vote in; empty without one.
        identities: Guests who cast the ballots.
        host: The account that publishes polls.
        friend: The account that the host gets in touch with.
        friend_account: Its id; empty where nobody does.
        canary: The service whose canaries are tested; empty for none.
        read_paths: Paths of every service that any signed-in user may read, so that each gets load.
        canary_paths: Paths of the service whose canaries are tested.
        probes_per_second: Reads of these paths.
        canary_share: Share of the tested service's requests that goes to canaries; the others go to stable instances.
        title_prefix: What the titles of all polls begin with, to find and delete them.
        html: File of Locust's report; empty for none.
        shows_progress: Whether to print progress.
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
    friend: Identity
    friend_account: str
    canary: str
    read_paths: list[ReadPath]
    canary_paths: list[ReadPath]
    probes_per_second: float
    canary_share: float
    title_prefix: str
    html: str
    shows_progress: bool


class Vote(Struct, frozen=True, array_like=True):
    """A vote that was due.

    Attributes:
        due: Seconds after the start.
        ms: Time until its answer, from when it was due.
        service_ms: Time until its answer, from when it was sent.
        status: HTTP status; 0 without an answer.
    """

    due: float
    ms: float
    service_ms: float
    status: int


class Cast(Struct, array_like=True):
    """What is known of one voter's ballot.

    Attributes:
        poll: Index of the poll in the plan.
        voter: Index of the voting token.
        receipt: From the answer; empty while nothing was acknowledged.
        ballot: Index of the ballot acknowledged last.
        unsure: Indexes of ballots sent after it without an answer: they may or may not be stored.
    """

    poll: int
    voter: int
    receipt: str = ""
    ballot: int = -1
    unsure: list[int] = []


class Answered(Struct, frozen=True, array_like=True):
    """An answer of the tested service, or none.

    Attributes:
        name: The request's name.
        at: When it was due, in seconds after the start.
        ms: Time until the answer, or until the timeout, from when it was due.
        ok: Whether it is one that was to be had.
        canary: Whether a canary was asked, or a stable instance.
    """

    name: str
    at: float
    ms: float
    ok: bool
    canary: bool


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
        casts: Every voter of the polls with tokens.
        guests: Receipts of guests who voted.
        guests_unsure: Guests whose vote wasn't answered.
        contradicted: Receipts of ballots whose change was answered as a first vote, or the reverse.
        reads_ms, hosts_ms, sign_ins_ms: Time until the answer, from when the request was due.
        requests: How many, by name.
        failures: How many failed, by name and reason.
        traces: A trace id of each failure, to find it in the logs.
        tested: Answers of the tested service, of canaries and of stable instances.
        misrouted: Answers of the tested service by another kind of instance than was asked.
        unsent: Votes, sent or not, without an answer when the generator stopped.
        unfinished: Likewise reads, polls of hosts, and meetings of friends.
        late_ms: How late free users started.
        queued: Votes that had to wait for a free user.
        cpu_seconds, wall_seconds: Of the generator.
        faults: Errors in the generator itself.
        watched: Live results.
    """

    votes: list[Vote] = []
    casts: list[Cast] = []
    guests: list[str] = []
    guests_unsure: int = 0
    contradicted: list[str] = []
    reads_ms: list[float] = []
    hosts_ms: list[float] = []
    sign_ins_ms: list[float] = []
    requests: dict[str, int] = {}
    failures: dict[str, int] = {}
    traces: dict[str, str] = {}
    tested: list[Answered] = []
    misrouted: int = 0
    unsent: int = 0
    unfinished: int = 0
    late_ms: list[float] = []
    queued: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    faults: list[str] = []
    watched: Watched = msgspec.field(default_factory=Watched)


def write(path: Path, content: Plan | Outcome) -> None:
    """Write a file that only its owner can read, since it contains tokens."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.msgpack.encode(content))


def load(path: Path, kind: type[T]) -> T:
    """Read a file that `write` wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=kind)
