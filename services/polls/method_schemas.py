"""A poll's method as the API has it: an object whose `type` names the method, with the parameters of that method alone.

The `…New` are what requests give: of a parameter that is left out, or null, the default holds. The others are what
answers show, with every default in place. Limits stand here for readers of the API's description; they are checked in
`definition.py`.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.refusals import number_limits
from services.polls.methods import Given, Method, effective

MAX_OPTIONS = 500
MAX_POINTS = 10_000
MAX_SCORE = 10

_Seats = Annotated[int, number_limits(1, MAX_OPTIONS - 1, "How many are elected; fewer than options. Default 1.")]
_OneSeat = Annotated[int, number_limits(1, 1, "Always 1; for more seats use stv.")]
_MinPicks = Annotated[int, number_limits(1, MAX_OPTIONS, "How many options a ballot picks at least. Default 1.")]
_MaxPicks = Annotated[int, number_limits(1, MAX_OPTIONS, "How many options a ballot picks at most. Null: all.")]
_MaxScore = Annotated[int, number_limits(1, MAX_SCORE, "The highest score. Default 5.")]
_StarScore = Annotated[int, number_limits(5, 5, "The highest score: always 5.")]
_Points = Annotated[int, number_limits(1, MAX_POINTS, "How many points a voter divides. Default 100.")]
_MaxRanks = Annotated[int, number_limits(1, MAX_OPTIONS, "How many ranks a ballot has at most. Null: all.")]
_TiesNo = Annotated[bool, Meta(description="Whether options may share a rank. Default false.")]
_TiesYes = Annotated[bool, Meta(description="Whether options may share a rank. Default true.")]


class _New(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A method in a request."""


class SingleNew(_New, frozen=True, kw_only=True, tag="single"):
    """A ballot picks one option; the option picked most often wins."""


class MultipleNew(_New, frozen=True, kw_only=True, tag="multiple"):
    """A ballot picks some options; the option picked most often wins."""

    min_picks: _MinPicks | UnsetType | None = UNSET
    max_picks: _MaxPicks | UnsetType | None = UNSET


class ApprovalNew(_New, frozen=True, kw_only=True, tag="approval"):
    """A ballot picks every option that it approves of; the option picked most often wins."""


class ScoreNew(_New, frozen=True, kw_only=True, tag="score"):
    """A ballot gives each option a score from 0; the highest sum wins."""

    max_score: _MaxScore | UnsetType | None = UNSET


class StarNew(_New, frozen=True, kw_only=True, tag="star"):
    """A ballot scores each option from 0 to 5; of the two highest sums the one that more ballots prefer wins."""

    max_score: _StarScore | UnsetType | None = UNSET


class IrvNew(_New, frozen=True, kw_only=True, tag="irv"):
    """A ballot ranks options; the last is eliminated until one has a majority."""

    seats: _OneSeat | UnsetType | None = UNSET
    max_ranks: _MaxRanks | UnsetType | None = UNSET
    allow_ties: _TiesNo | UnsetType | None = UNSET


class StvNew(_New, frozen=True, kw_only=True, tag="stv"):
    """A ballot ranks options; who reaches the quota is elected, and surplus votes move on."""

    seats: _Seats | UnsetType | None = UNSET
    max_ranks: _MaxRanks | UnsetType | None = UNSET
    allow_ties: _TiesNo | UnsetType | None = UNSET


class SchulzeNew(_New, frozen=True, kw_only=True, tag="schulze"):
    """A ballot ranks options; every pair is compared, and the strongest paths decide."""

    max_ranks: _MaxRanks | UnsetType | None = UNSET
    allow_ties: _TiesYes | UnsetType | None = UNSET


class RankedRobinNew(_New, frozen=True, kw_only=True, tag="ranked_robin"):
    """A ballot ranks options; every pair is compared, and the most matches won decide."""

    max_ranks: _MaxRanks | UnsetType | None = UNSET
    allow_ties: _TiesYes | UnsetType | None = UNSET


class PointsNew(_New, frozen=True, kw_only=True, tag="points"):
    """A ballot divides points among the options; the highest sum wins."""

    points: _Points | UnsetType | None = UNSET


MethodNew: TypeAlias = (
    SingleNew
    | MultipleNew
    | ApprovalNew
    | ScoreNew
    | StarNew
    | IrvNew
    | StvNew
    | SchulzeNew
    | RankedRobinNew
    | PointsNew
)


class _View(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A method in an answer."""


class Single(_View, frozen=True, kw_only=True, tag="single"):
    """A ballot picks one option."""


class Multiple(_View, frozen=True, kw_only=True, tag="multiple"):
    """A ballot picks some options; where `max_picks` is null, as many as it likes."""

    min_picks: _MinPicks
    max_picks: _MaxPicks | None


class Approval(_View, frozen=True, kw_only=True, tag="approval"):
    """A ballot picks every option that it approves of."""


class Score(_View, frozen=True, kw_only=True, tag="score"):
    """A ballot gives each option a score from 0."""

    max_score: _MaxScore


class Star(_View, frozen=True, kw_only=True, tag="star"):
    """A ballot scores each option; the two best meet in a runoff."""

    max_score: _StarScore


class Irv(_View, frozen=True, kw_only=True, tag="irv"):
    """A ballot ranks options; one is elected."""

    seats: _OneSeat
    max_ranks: _MaxRanks | None
    allow_ties: _TiesNo


class Stv(_View, frozen=True, kw_only=True, tag="stv"):
    """A ballot ranks options; `seats` are elected."""

    seats: _Seats
    max_ranks: _MaxRanks | None
    allow_ties: _TiesNo


class Schulze(_View, frozen=True, kw_only=True, tag="schulze"):
    """A ballot ranks options; the strongest paths decide."""

    max_ranks: _MaxRanks | None
    allow_ties: _TiesYes


class RankedRobin(_View, frozen=True, kw_only=True, tag="ranked_robin"):
    """A ballot ranks options; the most matches won decide."""

    max_ranks: _MaxRanks | None
    allow_ties: _TiesYes


class Points(_View, frozen=True, kw_only=True, tag="points"):
    """A ballot divides points among the options."""

    points: _Points


MethodView: TypeAlias = Single | Multiple | Approval | Score | Star | Irv | Stv | Schulze | RankedRobin | Points


def type_of(method: MethodNew) -> Method:
    """Return which method a request asks for."""
    return Method(str(method.__struct_config__.tag))


def given_by(method: MethodNew, before: Given | None = None) -> Given:
    """Return the parameters that a request gives.

    Args:
        method: The method of the request.
        before: The parameters that the poll has, where it has this very method: what the request leaves out stays, and
            null takes the default back. Without it, the default holds of both.
    """
    values = {name: value for name in method.__struct_fields__ if (value := getattr(method, name)) is not UNSET}
    return msgspec.structs.replace(before or Given(), **values)


def view(method: str, given: Given) -> MethodView:
    """Return a method with the parameters that hold, as answers show it; no `max_picks` stands for all options."""
    holding = msgspec.structs.asdict(effective(Method(method), 0, given))
    shown: MethodView = msgspec.convert({**holding, "max_picks": given.max_picks, "type": str(method)}, MethodView)
    return shown
