"""What VoteBooth takes and gives over the wire, ballots aside (`choices.BallotBody`)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.votebooth.choices import BallotBody

MAX_TOKENS = 10_000
MAX_ADDRESSES = 10_000
MAX_RECEIPTS = 1_000

RECEIPT = Meta(
    description="Proves that a ballot is counted, and says nothing about its content: 32 hexadecimal digits, "
    "64 in an anonymous poll.",
    examples=["9f86d081884c7d659a2feaa0c55ad015"],
)


class Counted(Struct, frozen=True, omit_defaults=True):
    """A ballot is stored and counted.

    Attributes:
        revision: 1 when cast, one more with each change; absent in an anonymous poll.
        secret: In an anonymous poll, what was made for you because you sent none; told this once.
    """

    receipt: Annotated[str, RECEIPT]
    status: Literal["counted"]
    revision: int | UnsetType = UNSET
    secret: str | UnsetType = UNSET


class MyBallot(Struct, frozen=True):
    """My counted ballot. Without the secret an anonymous poll says no more than that there is one."""

    status: Literal["counted"]
    receipt: Annotated[str, RECEIPT] | None
    ballot: BallotBody | None
    revision: int | None
    cast_at: datetime | None


class Receipt(Struct, frozen=True):
    """A receipt of a counted ballot."""

    receipt: Annotated[str, RECEIPT]
    status: Literal["counted"] = "counted"


class TokensNew(Struct, frozen=True, forbid_unknown_fields=True):
    """How many voting tokens to make."""

    count: Annotated[int, Meta(ge=1, le=MAX_TOKENS, examples=[25])]


class Tokens(Struct, frozen=True):
    """Voting tokens, told this once: only their hashes are stored."""

    tokens: list[str]


class RollNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite. An address that is on the roll already is left alone, unless `resend` is true.

    Attributes:
        resend: Make and mail a new token for addresses that are on the roll already, and void the old one
            unless it was voted with.
    """

    addresses: Annotated[list[str], Meta(min_length=1, max_length=MAX_ADDRESSES, examples=[["ada@example.org"]])]
    resend: bool = False


class RollProgress(Struct, frozen=True):
    """How far the invitations have come."""

    waiting: int
    sent: int
    failed: int


class RollEntryView(Struct, frozen=True):
    """Somebody who is invited.

    Attributes:
        took_part: Whether a ballot of theirs is counted; null in an anonymous poll.
    """

    address: str
    state: Literal["waiting", "sent", "failed"]
    sent_at: datetime | None
    took_part: bool | None


class RollPage(Struct, frozen=True):
    """A page of the roll, by address."""

    progress: RollProgress
    items: list[RollEntryView]
    next: str | None


class Recount(Struct, frozen=True):
    """What a recount of the stored ballots found.

    Attributes:
        differences: Where the counters say something else, in words; empty if all is well.
    """

    poll: UUID
    ballots: int
    differences: list[str]
