"""Cards over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from msgspec import Meta, Struct

from services.votebooth.cards.obstacles import Obstacle
from services.votebooth.results.schemas import Counted, Quorum, Status
from services.votebooth.results.visibility import Reason

MAX_POLLS = 100
CARD_OPTIONS = 10
"""How many options' sums a card shows; Polls' cards show the labels of as many."""


_POLL_ID = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID)
_TOKEN = Schema(type=OpenAPIType.STRING, max_length=200)


class CardsWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which polls to look at."""

    polls: Annotated[list[UUID], Meta(min_length=1, max_length=MAX_POLLS)]
    tokens: Annotated[
        dict[UUID, Annotated[str, Meta(max_length=200)]],
        Meta(
            max_length=MAX_POLLS,
            description="The viewer's voting tokens, by poll, where voters have one.",
            extra_json_schema={
                "extra": {"property_names": _POLL_ID, "additional_properties": _TOKEN, "max_properties": MAX_POLLS}
            },
        ),
    ] = {}


class MyVote(Struct, frozen=True):
    """What the viewer may do and has done."""

    may: Annotated[bool, Meta(description="Whether a ballot of the viewer's would be taken now, or a change of it.")]
    why_not: Annotated[Obstacle | None, Meta(description="Null where the viewer may.")]
    has_voted: Annotated[
        bool | None,
        Meta(
            description="Whether the viewer has a counted ballot; null where only the voting token could tell. "
            "In anonymous polls it is told to the voter alone, too, and not which one it is."
        ),
    ]


class SeeResults(Struct, frozen=True):
    """Whether the viewer may see the results, as `GET …/results` would say now."""

    may: bool
    why_not: Annotated[Reason | None, Meta(description="Null where the viewer may.")]
    shown_at: Annotated[datetime | None, Meta(description="When they will be shown, where that is known.")]


class CardSum(Struct, frozen=True):
    """An option's sum."""

    id: int
    sum: int


class CardCounts(Struct, frozen=True):
    """The counts that are released."""

    seq: Annotated[int, Meta(description="Grows with every change.")]
    ballots: int
    abstentions: int
    quorum: Quorum | None
    counted: Counted
    options: Annotated[list[CardSum], Meta(description=f"The first {CARD_OPTIONS}, in the poll's order.")]
    leaders: Annotated[
        list[int] | None,
        Meta(
            description="Option ids: who leads, or has won once `status` is `final`; several where they are level, or "
            "where several are elected. Null where the method has to be counted and this hasn't been: see the results."
        ),
    ]


class VotingCard(Struct, frozen=True, kw_only=True):
    """A poll at a glance."""

    poll: UUID
    version: Annotated[int, Meta(description="Of its definition, as it is known here.")]
    status: Status
    vote: MyVote
    results: SeeResults
    counts: Annotated[CardCounts | None, Meta(description="Null where the results may not be seen.")]


class VotingCards(Struct, frozen=True):
    """Polls in the order in which they were asked for. Those that aren't there, or may not be known, are left out."""

    items: list[VotingCard]
