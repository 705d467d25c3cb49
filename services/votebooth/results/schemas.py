"""Results as they go over the wire: one shape for a poll's result, exports, and files that are counted.

Options are named by their ids; `options` says what they are called. Counts of ballots, points and matches are integers.
What the method can divide, so the votes of STV and the wins of ranked robin, is `{exact, decimal}`.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.votebooth.poll.receipt import RECEIPT

MAX_RECEIPTS = 1_000


class Amount(Struct, frozen=True):
    """A number that needn't be whole.

    Attributes:
        exact: An integer, or a fraction in lowest terms such as `31/3`.
        decimal: The same, rounded half to even to six places where it isn't whole.
    """

    exact: Annotated[str, Meta(examples=["31/3"])]
    decimal: Annotated[str, Meta(examples=["10.333333"])]


Votes = Annotated[int | Amount, Meta(description="`{exact, decimal}` with stv and ranked_robin, else an integer.")]
Status = Annotated[
    Literal["scheduled", "live", "final"],
    Meta(description="`final` once the poll is over: from then on nothing changes any more. Of a file, `final`."),
]
Counted = Annotated[
    Literal["picks", "points", "first_preferences"],
    Meta(description="What `sum` adds up. First preferences alone don't decide a ranked poll: see `rounds`."),
]
Outcome = Annotated[
    Literal["decided", "tied", "quorum_missed", "empty"],
    Meta(
        description="`decided`: the winners have won. `tied`: options are level for a seat, and the lot has chosen "
        "among them. `quorum_missed`: there are too few ballots for the result to bind. `empty`: no ballot expresses "
        "a preference that counts."
    ),
]
DecidedBy = Annotated[
    Literal["votes", "lot"] | None,
    Meta(
        description="`lot` if the published order had to break a tie on the way to these winners, even one that isn't "
        "about a seat; `tie_break.ties` says where. Null without winners."
    ),
]


MethodName = Literal[
    "single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points"
]


class CountMethod(Struct, frozen=True):
    """How it was counted, and how many options are elected at most."""

    type: MethodName
    seats: int


class Quorum(Struct, frozen=True):
    """How many ballots the poll wants for its result to bind; abstentions count towards it."""

    needed: int
    reached: bool


class ResultNote(Struct, frozen=True):
    """What the owner has added to the poll after it was published, and when."""

    text: str
    at: datetime


class OptionSum(Struct, frozen=True):
    """An option and what its ballots add up to."""

    id: int
    label: str
    sum: int


class Winner(Struct, frozen=True):
    """An option that is elected."""

    id: int
    label: str


class Tally(Struct, frozen=True):
    """An option's votes, points or won matches in a round."""

    option: int
    votes: Votes


class Transfer(Struct, frozen=True):
    """Votes that move after a round.

    `target` is null for those that leave the count; `value` is each ballot's worth afterwards, as a part of
    its worth before.
    """

    source: int
    target: int | None
    votes: Votes
    value: Votes


class Tie(Struct, frozen=True):
    """A tie that had to be broken: what for, between whom, who was taken, and by what."""

    round: int
    purpose: str
    tied: list[int]
    chosen: list[int]
    by: str


class Round(Struct, frozen=True):
    """A round: how things stood, what was decided and why (`notes`), which votes move because of it.

    `exhausted` are votes that had left the count before it, `rounded` those that were lost to cutting off decimals.
    """

    number: int
    kind: Literal["count", "scoring", "runoff", "pairwise"]
    tallies: list[Tally]
    elected: list[int]
    elected_by: str
    eliminated: list[int]
    exhausted: Votes
    rounded: Votes
    quota: Votes | None
    transfers: list[Transfer]
    notes: list[str]


class RunoffTally(Struct, frozen=True):
    """The ballots that prefer a finalist."""

    option: int
    votes: int


class Runoff(Struct, frozen=True):
    """STAR's automatic runoff: ballots that prefer either finalist, and others that don't abstain."""

    tallies: list[RunoffTally]
    no_preference: int
    winner: Winner


Commitment = Annotated[
    str | None,
    Meta(
        description="SHA-256 of `salt`'s 32 bytes, hexadecimal: it binds the server to the salt before the first vote. "
        "Null in polls that were over before there were salts."
    ),
]
SaltText = Annotated[
    str | None,
    Meta(description="The server's part of the seed, 32 bytes as hexadecimal; null until the poll is over."),
]


class Salt(Struct, frozen=True):
    """What the server has committed to for ties, and the salt itself once the poll is over."""

    commitment: Commitment
    salt: SaltText


class TieBreak(Struct, frozen=True):
    """The published rule that breaks the ties the method leaves, and the order it gives: earlier wins.

    The seed is fixed by the poll's end, and nobody can compute it before, so that nobody can choose an option's name,
    or a ballot, by it.
    """

    seed: Annotated[
        str,
        Meta(
            description="Of a file, what was given. Of a poll, SHA-256 of its id (16 bytes), `receipts` (32 bytes) and "
            "`salt` (32 bytes, where there is one), hexadecimal; while `provisional`, its id as 32 hexadecimal digits."
        ),
    ]
    provisional: Annotated[bool, Meta(description="The poll isn't over: its end brings another seed and order.")]
    commitment: Commitment
    receipts: Annotated[
        str | None,
        Meta(
            description="SHA-256 of all receipts, as bytes one after the other in the order of the list, hexadecimal; "
            "null while `provisional`, and of a file."
        ),
    ]
    salt: SaltText
    rule: str
    order: list[int]
    ties: list[Tie]


Pairs = Annotated[
    dict[int, dict[int, int]] | None,
    Meta(examples=[{"1": {"2": 5}, "2": {"1": 3}}]),
]


class Sums(Struct, frozen=True, kw_only=True):
    """What a poll's ballots add up to at one moment.

    `seq` grows with every change, so two answers with the same one are the same. `abstentions` are the
    ballots that express no preference, however they were cast; they are in no sum and no round. The count of a file has
    no `poll`, and 0 as `version` and `seq`.
    """

    poll: UUID | None
    version: int
    status: Status
    seq: int
    method: CountMethod
    ballots: int
    abstentions: int
    quorum: Quorum | None
    counted: Counted
    options: list[OptionSum]


class Results(Sums, frozen=True, kw_only=True):
    """A result, and how it came about.

    `pairwise` holds the ballots that prefer one option to another: `pairwise["1"]["2"]` those that prefer option 1 to
    option 2; `strengths` those of the strongest paths. Ballots are `void` where a rule of a file's count sets them
    aside, and `notes` says what reading a file left out or took for granted.
    """

    void: int
    outcome: Outcome
    decided_by: DecidedBy
    winners: list[Winner]
    rounds: list[Round]
    runoff: Runoff | None
    pairwise: Pairs
    strengths: Pairs
    rules: dict[str, int | str | None]
    tie_break: TieBreak
    notes: list[str]
    owner_notes: Annotated[list[ResultNote], Meta(description="What the owner has added; none of a file.")]


class Receipt(Struct, frozen=True):
    """A receipt of a counted ballot."""

    receipt: Annotated[str, RECEIPT]
    status: Literal["counted"] = "counted"
