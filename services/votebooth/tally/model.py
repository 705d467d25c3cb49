"""What is counted, by which rules, and what comes out: the types every method shares.

Options are integers; their names travel beside them and matter only to the tie-break order
(`ties.py`) and to what people read. Votes are `int` or `fractions.Fraction`, never `float`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

Number: TypeAlias = int | Fraction
"""An exact number of votes or points."""

Rank: TypeAlias = tuple[int, ...]
"""The options given one rank: none (a skipped rank), one, or several (an equal rank or overvote)."""

Ranking: TypeAlias = tuple[Rank, ...]
"""A ranked ballot, best rank first."""

Pairwise: TypeAlias = Mapping[tuple[int, int], int]
"""`pairwise[a, b]` is the number of ballots that prefer option a to option b."""

OVERVOTE: Rank = (-1, -1)
"""A rank known to be an overvote, of which the options are not known."""

MAX_PAIRWISE_OPTIONS = 500
"""A pairwise matrix, and so the report, grows with the square of the options."""

MAX_TRANSFER_OPTIONS = 1_000
"""Options with a first preference in IRV and STV: one round each, so the report grows with the square."""

STAR_TOP = 5
"""The highest score of STAR's scale, unless a poll or a file says another (https://www.starvoting.org)."""

MAX_SCORE = 1_000_000
"""The highest score of a file's ballots."""

MAX_SEATS = 1_000
MAX_VOTES = 2**53 - 1
"""The greatest whole number of ballots; above it a reader of JSON in JavaScript would round."""


class TallyError(ValueError):
    """The count can't be made: the request or the ballots break a rule that the message names."""


class Method(StrEnum):
    """The methods this package counts."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    APPROVAL = "approval"
    SCORE = "score"
    POINTS = "points"
    STAR = "star"
    IRV = "irv"
    STV = "stv"
    SCHULZE = "schulze"
    RANKED_ROBIN = "ranked_robin"


class Overvote(StrEnum):
    """What several options at one rank mean where one vote is counted at a time (single, IRV, STV)."""

    SKIP = "skip"
    """The rank is passed over (Portland City Code 2.08.010 G)."""
    EXHAUST = "exhaust"
    """The ballot ends before that rank (Maine, San Francisco)."""
    VOID = "void"
    """The whole ballot is void, wherever on it the overvote stands."""


class Duplicate(StrEnum):
    """What an option named again, at a lower rank, means."""

    SKIP = "skip"
    """The first mention counts and later ones are passed over; a repeat is no skipped rank."""
    EXHAUST = "exhaust"
    """The ballot ends before the repeat."""
    VOID = "void"
    """The whole ballot is void."""


class TieBreak(StrEnum):
    """What decides a tie in IRV and STV before the seeded order does."""

    SEED = "seed"
    """Nothing: the seeded order decides."""
    BACKWARDS = "backwards"
    """The latest earlier round in which the tied options differed (Scottish order 2007, rules 49 and 51)."""
    FORWARDS = "forwards"
    """The first round in which the tied options differed (ERS97 5.2.5 and 5.6.2)."""


class Quota(StrEnum):
    """Votes that are enough for one of s seats when v votes count."""

    DROOP = "droop"
    """floor(v / (s + 1)) + 1."""
    HARE = "hare"
    """v / s, exactly."""


class QuotaRule(StrEnum):
    """When the quota is computed."""

    STATIC = "static"
    """Once, from the ballots that count in the first round."""
    RECOMPUTED = "recomputed"
    """Each round, from the votes options hold then; what an option kept when elected it keeps."""


class Elimination(StrEnum):
    """Who is eliminated together. Options without a single vote always are: nothing moves."""

    SINGLE = "single"
    """The one option with the fewest votes."""
    BATCH = "batch"
    """The longest run of lowest options whose votes together are fewer than the next option's."""


class Surplus(StrEnum):
    """The order in which surpluses are transferred."""

    LARGEST = "largest"
    """One a round, the largest first (Scottish order 2007, rule 49)."""
    ALL = "all"
    """Every surplus there is, in the same round; no surplus goes to an option elected in it."""


class Exhaustion(StrEnum):
    """What a surplus does with ballots that name no further continuing option."""

    SHARE = "share"
    """They carry their share of the surplus out of the count (Scotland, Portland)."""
    RETAIN = "retain"
    """They stay with the elected option; the surplus is divided among the ballots that can go on,
    none of which gains value by it."""


class Strength(StrEnum):
    """How strong a pairwise victory is, in the Schulze method."""

    WINNING = "winning-votes"
    """The ballots on the winning side (Schulze's own recommendation)."""
    MARGINS = "margins"
    """The winning side less the losing side."""


class PairTie(StrEnum):
    """What an even match is worth to both sides, in ranked robin."""

    HALF = "half"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The named rules of a count; a method reads those that concern it.

    Attributes:
        overvote: Several options at one rank, in single, IRV and STV.
        max_skipped: Consecutive skipped ranks a ballot survives; one more ends it. None: any number.
        duplicate: An option ranked twice.
        ties: What is tried before the seeded order, in IRV and STV.
        quota: The quota of STV.
        quota_rule: When it is computed.
        elimination: Who leaves together, in IRV and STV.
        surplus: In which order surpluses go, in STV.
        exhaustion: What a surplus does with exhausted ballots, in STV.
        decimals: Decimal places that a transferred ballot's value keeps, the rest cut off and reported
            as `rounded` (Scotland: 5). None: exact.
        strength: The strength of a victory, in Schulze.
        pair_tie: The worth of an even match, in ranked robin.
    """

    overvote: Overvote = Overvote.SKIP
    max_skipped: int | None = None
    duplicate: Duplicate = Duplicate.SKIP
    ties: TieBreak = TieBreak.SEED
    quota: Quota = Quota.DROOP
    quota_rule: QuotaRule = QuotaRule.STATIC
    elimination: Elimination = Elimination.SINGLE
    surplus: Surplus = Surplus.LARGEST
    exhaustion: Exhaustion = Exhaustion.SHARE
    decimals: int | None = None
    strength: Strength = Strength.WINNING
    pair_tie: PairTie = PairTie.HALF

    def __post_init__(self) -> None:
        """Accept plain strings for the enums and refuse numbers out of range.

        Raises:
            TallyError: `max_skipped` is negative, or `decimals` isn't within 0 and 30.
            ValueError: A string names no policy.
        """
        for name, kind in _ENUMS.items():
            object.__setattr__(self, name, kind(getattr(self, name)))
        if self.max_skipped is not None and self.max_skipped < 0:
            raise TallyError("max_skipped is a number of ranks, 0 or more")
        if self.decimals is not None and not 0 <= self.decimals <= 30:
            raise TallyError("decimals is a number of places, 0 to 30")


_ENUMS: dict[str, type[StrEnum]] = {
    "overvote": Overvote,
    "duplicate": Duplicate,
    "ties": TieBreak,
    "quota": Quota,
    "quota_rule": QuotaRule,
    "elimination": Elimination,
    "surplus": Surplus,
    "exhaustion": Exhaustion,
    "strength": Strength,
    "pair_tie": PairTie,
}

DEFAULT = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a method counts from: sums and counts, never single ballots.

    Fill in what the method needs: `totals` for single, multiple, approval, score and points; `totals`,
    `pairwise` and, for the last tie-break, `top_scores` for STAR; `rankings` for IRV and STV;
    `pairwise` for Schulze and ranked robin.

    Attributes:
        names: Every option that stands, by id.
        ballots: Ballots read, including those that abstain or are void.
        abstentions: Of these, ballots that express no preference; with `rankings`, those that aren't in it.
        void: Of these, ballots set aside by a rule before the sums were made.
        totals: Votes or points by option.
        rankings: Ballots by ranking.
        pairwise: Ballots that prefer one option to another.
        top_scores: Ballots that give an option the top score of the scale, by option.
    """

    names: Mapping[int, str]
    ballots: int
    abstentions: int = 0
    void: int = 0
    totals: Mapping[int, int] | None = None
    rankings: Mapping[Ranking, int] | None = None
    pairwise: Pairwise | None = None
    top_scores: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie that had to be broken.

    Attributes:
        purpose: What for: "elect", "eliminate", "surplus", "finalist" or "runoff".
        tied: The options that were equal, in the seeded order.
        chosen: Those taken for the purpose.
        by: What decided: "seed", "earlier-round", "head-to-head", "score", "top-scores" or "margin".
    """

    purpose: str
    tied: tuple[int, ...]
    chosen: tuple[int, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Votes that moved at the end of a round.

    Attributes:
        source: The option they left.
        target: The option they reached; None where they exhausted.
        votes: How many.
        value: What each ballot is worth afterwards, as a part of its worth before (1 on elimination).
    """

    source: int
    target: int | None
    votes: Number
    value: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round: how things stood, what was decided, which votes moved because of it.

    In IRV and STV `sum(tallies) + exhausted + rounded` is the same in every round, exactly.

    Attributes:
        kind: "count", "scoring", "runoff" or "pairwise".
        tallies: Votes, points or wins, of the options still in the count and those elected.
        elected: Options elected in this round, in order.
        elected_by: Why: "quota", "majority", "remaining", "highest", "preferred", "beatpath" or "wins".
        eliminated: Options eliminated in this round.
        exhausted: Votes that had left the count when the round began.
        rounded: Votes lost to cutting off decimals when the round began.
        quota: Votes that elect, in this round.
        transfers: Votes that move before the next round.
        ties: Ties broken in this round.
    """

    kind: str
    tallies: Mapping[int, Number]
    elected: tuple[int, ...] = ()
    elected_by: str = ""
    eliminated: tuple[int, ...] = ()
    exhausted: Number = 0
    rounded: Number = 0
    quota: Number | None = None
    transfers: tuple[Transfer, ...] = ()
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True, slots=True)
class Runoff:
    """The automatic runoff of STAR: ballots that prefer either finalist, and others that don't abstain."""

    tallies: Mapping[int, int]
    no_preference: int
    winner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a count and how it came about.

    Attributes:
        method: The method.
        names: The options, by id.
        seats: Options to elect.
        winners: Those elected, in order; fewer than `seats` where there are too few to elect.
        ballots: Ballots read; those counted are `ballots - abstentions - void`.
        abstentions: Ballots that express no preference, however they were cast.
        void: Ballots set aside by a rule.
        rounds: The rounds.
        rules: The options the count was made by.
        seed: The seed of the tie-break order.
        runoff: The (first) runoff of STAR.
        pairwise: The matrix that a pairwise method or STAR counted from.
        strengths: The strengths of the strongest paths, in Schulze.
        notes: What reading the file left out or took for granted, in sentences.
        sums: Picks, points or first preferences by option, where who asked for the count knows them.
    """

    method: Method
    names: Mapping[int, str]
    seats: int
    winners: tuple[int, ...]
    ballots: int
    abstentions: int = 0
    void: int = 0
    rounds: tuple[Round, ...] = ()
    rules: Options = field(default=DEFAULT)
    seed: str = ""
    runoff: Runoff | None = None
    pairwise: Pairwise | None = None
    strengths: Pairwise | None = None
    notes: tuple[str, ...] = ()
    sums: Mapping[int, int] = field(default_factory=dict)

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Every tie that was broken, in the order of the rounds."""
        return tuple(tie for each in self.rounds for tie in each.ties)
