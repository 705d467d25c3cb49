"""The field's terms: methods, statuses, rules; which parameters a method takes, and what holds without them."""

from enum import StrEnum

import msgspec


class Method(StrEnum):
    """How voters mark their ballots and how the ballots are counted."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    APPROVAL = "approval"
    SCORE = "score"
    STAR = "star"
    IRV = "irv"
    STV = "stv"
    SCHULZE = "schulze"
    RANKED_ROBIN = "ranked_robin"
    POINTS = "points"


class Status(StrEnum):
    """Where a poll is in its life; it follows from its times and the clock."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Visibility(StrEnum):
    """Who sees results, and when."""

    ALWAYS = "always"
    AFTER_VOTE = "after_vote"
    AFTER_CLOSE = "after_close"
    OWNER = "owner"


class Listing(StrEnum):
    """Who comes across a poll without having its link or code; `followers` are the only ones who know of it at all."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"


class Eligibility(StrEnum):
    """Who may vote."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    FOLLOWERS = "followers"
    ROLL = "roll"
    TOKENS = "tokens"


class Strength(StrEnum):
    """What makes two ballots one voter's."""

    ACCOUNT = "account"
    GUEST = "guest"
    NETWORK = "network"


PARAMETERS = ("seats", "min_picks", "max_picks", "max_score", "points", "max_ranks", "allow_ties")

_RANKED = frozenset({"max_ranks", "allow_ties"})
TAKES: dict[Method, frozenset[str]] = {
    Method.SINGLE: frozenset(),
    Method.MULTIPLE: frozenset({"min_picks", "max_picks"}),
    Method.APPROVAL: frozenset(),
    Method.SCORE: frozenset({"max_score"}),
    Method.STAR: frozenset({"max_score"}),
    Method.IRV: _RANKED | {"seats"},
    Method.STV: _RANKED | {"seats"},
    Method.SCHULZE: _RANKED,
    Method.RANKED_ROBIN: _RANKED,
    Method.POINTS: frozenset({"points"}),
}
"""The parameters that a poll may give, by method."""

PICKED = frozenset({Method.SINGLE, Method.MULTIPLE, Method.APPROVAL})
RANKED = frozenset({Method.IRV, Method.STV, Method.SCHULZE, Method.RANKED_ROBIN})
PAIRWISE = frozenset({Method.SCHULZE, Method.RANKED_ROBIN})

STAR_SCORE = 5
STRENGTHS: dict[Eligibility, tuple[Strength, ...]] = {
    Eligibility.ANYONE: (Strength.GUEST, Strength.NETWORK),
    Eligibility.SIGNED_IN: (Strength.ACCOUNT,),
    Eligibility.FOLLOWERS: (Strength.ACCOUNT,),
    # Here the address or the token is the voter; the strength is for clients that want to say more.
    Eligibility.ROLL: (Strength.ACCOUNT, Strength.GUEST, Strength.NETWORK),
    Eligibility.TOKENS: (Strength.GUEST, Strength.ACCOUNT, Strength.NETWORK),
}
"""The strengths that go with who may vote; the first is the default."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters as a poll gives them; None stands for the method's own."""

    seats: int | None = None
    min_picks: int | None = None
    max_picks: int | None = None
    max_score: int | None = None
    points: int | None = None
    max_ranks: int | None = None
    allow_ties: bool | None = None


def given_of(row: object) -> Given:
    """Return the parameters that a row of a poll gives."""
    return Given(**{name: getattr(row, name) for name in PARAMETERS})


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters that hold. What a method doesn't know is 0, None or false."""

    seats: int = 1
    min_picks: int = 0
    max_picks: int = 0
    max_score: int = 0
    points: int = 0
    max_ranks: int | None = None
    allow_ties: bool = False


def effective(method: Method, options: int, given: Given) -> Effective:
    """Return the parameters that hold for a method with that many options."""
    if method is Method.SINGLE:
        return Effective(min_picks=1, max_picks=1)
    if method in PICKED:
        return Effective(min_picks=given.min_picks or 1, max_picks=given.max_picks or options)
    if method in {Method.SCORE, Method.STAR}:
        return Effective(max_score=given.max_score or STAR_SCORE)
    if method is Method.POINTS:
        return Effective(points=given.points or 100)
    ties = method in PAIRWISE if given.allow_ties is None else given.allow_ties
    return Effective(seats=given.seats or 1, max_ranks=given.max_ranks, allow_ties=ties)
