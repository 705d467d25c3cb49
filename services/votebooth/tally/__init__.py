"""The count: pure functions from counts of ballots to an explained result.

Nothing here reads a clock, a file, a database or a random number; it imports the standard library
only, and all arithmetic is exact (`int`, `fractions.Fraction`).

    from services.votebooth import tally

    counts = tally.Counts(names={1: "Ada", 2: "Bo"}, ballots=3, rankings={((1,), (2,)): 2, ((2,),): 1})
    tally.count("irv", counts, seed="2024-11-05").winners   # (1,)

`formats` reads and writes files of ballots.
"""

from services.votebooth.tally.ballots import (
    first_preferences,
    marks_from_scores,
    pairwise_from_rankings,
    rankings_from_scores,
    strict,
    sums_from_scores,
)
from services.votebooth.tally.cardinal import highest
from services.votebooth.tally.dispatch import count
from services.votebooth.tally.irv import irv
from services.votebooth.tally.model import (
    MAX_PAIRWISE_OPTIONS,
    MAX_SEATS,
    MAX_TRANSFER_OPTIONS,
    OVERVOTE,
    Counts,
    Duplicate,
    Elimination,
    Exhaustion,
    Method,
    Number,
    Options,
    Overvote,
    PairTie,
    Pairwise,
    Quota,
    QuotaRule,
    Rank,
    Ranking,
    Result,
    Round,
    Runoff,
    Strength,
    Surplus,
    TallyError,
    Tie,
    TieBreak,
    Transfer,
)
from services.votebooth.tally.ranked_robin import ranked_robin
from services.votebooth.tally.schulze import schulze
from services.votebooth.tally.star import star
from services.votebooth.tally.stv import stv
from services.votebooth.tally.ties import order

__all__ = [
    "MAX_PAIRWISE_OPTIONS",
    "MAX_SEATS",
    "MAX_TRANSFER_OPTIONS",
    "OVERVOTE",
    "Counts",
    "Duplicate",
    "Elimination",
    "Exhaustion",
    "Method",
    "Number",
    "Options",
    "Overvote",
    "PairTie",
    "Pairwise",
    "Quota",
    "QuotaRule",
    "Rank",
    "Ranking",
    "Result",
    "Round",
    "Runoff",
    "Strength",
    "Surplus",
    "TallyError",
    "Tie",
    "TieBreak",
    "Transfer",
    "count",
    "first_preferences",
    "highest",
    "irv",
    "marks_from_scores",
    "order",
    "pairwise_from_rankings",
    "ranked_robin",
    "rankings_from_scores",
    "schulze",
    "star",
    "strict",
    "stv",
    "sums_from_scores",
]
