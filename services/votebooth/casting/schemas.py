"""What VoteBooth takes and gives over the wire, ballots aside (`poll.choices.BallotBody`)."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Struct, UnsetType

from services.votebooth.poll.choices import BallotBody
from services.votebooth.poll.receipt import RECEIPT


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
