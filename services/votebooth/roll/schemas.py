"""Voting tokens and the roll over the wire."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

MAX_TOKENS = 10_000
MAX_ADDRESSES = 10_000


class TokensNew(Struct, frozen=True, forbid_unknown_fields=True):
    """How many voting tokens to make."""

    count: Annotated[int, Meta(ge=1, le=MAX_TOKENS, examples=[25])]


class IssuedTokens(Struct, frozen=True):
    """Voting tokens, told this once: only their hashes are stored."""

    tokens: list[str]


class RollNew(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite. An address that is on the roll already is left alone, unless `resend` is true.

    Attributes:
        resend: Make and mail a new token for addresses that are on the roll already, and void the old one
            unless it was voted with. Who has voted gets no mail, except where the owner may not know that: in
            anonymous polls and in those with a minimum, where the link in it is then of no use.
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
        took_part: Whether a ballot of theirs is counted; null in a draft, in an anonymous poll, and in one with a
            minimum until it is over and the minimum reached.
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
