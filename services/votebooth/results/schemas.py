"""Results as they go over the wire. Options are named by their ids; `options` says what they are called."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.votebooth.description import RECEIPT

MAX_RECEIPTS = 1_000

Votes = Annotated[int | str, Meta(description="Exact: an integer, or a fraction in lowest terms such as `31/3`.")]
Status = Annotated[
    Literal["scheduled", "live", "final"],
    Meta(description="`final` once the poll is over: from then on nothing changes any more."),
]
Counted = Annotated[
    Literal["picks", "points", "first_preferences"],
    Meta(description="What `sum` adds up. First preferences alone don't decide a ranked poll: see `rounds`."),
]


class Quorum(Struct, frozen=True):
    """How many ballots the poll wants for its result to bind; abstentions count towards it."""

    needed: int
    reached: bool


class OptionSum(Struct, frozen=True):
    """An option and what its ballots add up to."""

    id: int
    label: str
    sum: int


class Tally(Struct, frozen=True, omit_defaults=True):
    """An option's votes, points or won matches in a round; `decimal` where they aren't whole."""

    option: int
    votes: Votes
    decimal: str | None = None


class Transfer(Struct, frozen=True, omit_defaults=True):
    """Votes that move after a round.

    `target` is null for those that leave the count; `value` is each ballot's worth afterwards, as a part of
    its worth before.
    """

    source: int
    target: int | None
    votes: Votes
    value: Votes
    decimal: str | None = None


class Tie(Struct, frozen=True):
    """A tie that had to be broken: what for, between whom, who was taken, and by what."""

    round: int
    purpose: str
    tied: list[int]
    chosen: list[int]
    by: str


class Round(Struct, frozen=True):
    """A round: how things stood, what was decided and why (`notes`), which votes move because of it."""

    number: int
    kind: Literal["count", "scoring", "runoff", "pairwise"]
    tallies: list[Tally]
    elected: list[int]
    elected_by: str
    eliminated: list[int]
    exhausted: Votes
    quota: Votes | None
    transfers: list[Transfer]
    notes: list[str]


class Runoff(Struct, frozen=True):
    """STAR's automatic runoff: ballots that prefer either finalist, and others that don't abstain."""

    tallies: list[Tally]
    no_preference: int
    winner: int


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
            description="SHA-256 of the poll's id (16 bytes), `receipts` (32 bytes) and `salt` (32 bytes, where there "
            "is one), hexadecimal. While `provisional`, the poll's id as 32 hexadecimal digits."
        ),
    ]
    provisional: Annotated[bool, Meta(description="The poll isn't over: its end brings another seed and order.")]
    commitment: Commitment
    receipts: Annotated[
        str | None,
        Meta(
            description="SHA-256 of all receipts, as bytes one after the other in the order of the list, hexadecimal; "
            "null while `provisional`."
        ),
    ]
    salt: SaltText
    rule: str
    order: list[int]
    ties: list[Tie]


class Results(Struct, frozen=True, kw_only=True):
    """A poll's result at one moment.

    `seq` grows with every change, so two answers with the same one are the same. `abstentions` are the
    ballots that express no preference, however they were cast; they are in no sum and no round.
    `pairwise[i][j]` are the ballots that prefer option i to option j, both counted in the order of
    `options`; `strengths` those of the strongest paths.
    """

    poll: UUID
    version: int
    status: Status
    seq: int
    method: Annotated[str, Meta(examples=["stv"])]
    seats: int
    ballots: int
    abstentions: int
    quorum: Quorum | None
    counted: Counted
    options: list[OptionSum]
    winners: list[int]
    rounds: list[Round]
    runoff: Runoff | None
    pairwise: list[list[int]] | None
    strengths: list[list[int]] | None
    rules: dict[str, int | str | None]
    tie_break: TieBreak


class Receipt(Struct, frozen=True):
    """A receipt of a counted ballot."""

    receipt: Annotated[str, RECEIPT]
    status: Literal["counted"] = "counted"
