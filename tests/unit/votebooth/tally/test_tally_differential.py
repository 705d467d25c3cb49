"""The same elections counted by other packages.

Where they differ by design, elections are left out, and here is why:

- pyrankvote takes votes / (seats + 1) itself as the STV quota, in floating point, transfers all
  surpluses at once and rejects whoever can't catch up together; so only its IRV is compared, and there
  only where no tie occurs (it breaks them by second choices).
- VoteKit needs a tie-break of its own; so its STV is compared where no tie occurs, with all surpluses
  at once as it transfers them. Its Schulze measures margins.
- starvote breaks a tie of three and more in the scoring round by the sum of preferences instead of
  matches lost, and stops at a tie that only lots could break; so elections with ties are left out.
"""

from __future__ import annotations

import random
import warnings
from typing import Any

import pytest
from services.votebooth import tally
from services.votebooth.tally import Ranking

NAMES = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E", 6: "F"}


def package(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} is in the dependency group tally", exc_type=ImportError)


def election(seed: int, *, complete: bool = False) -> dict[Ranking, int]:
    """Ballots of voters who live along a line, so that elections look like elections."""
    chance = random.Random(seed)
    places = {option: chance.random() for option in NAMES}
    counts: dict[Ranking, int] = {}
    for _ in range(chance.choice((20, 200))):
        voter = chance.gauss(0.5, 0.3)
        order = sorted(NAMES, key=lambda option: abs(places[option] - voter) + chance.gauss(0, 0.1))
        size = len(order) if complete else chance.randint(1, len(order))
        ballot = tuple((option,) for option in order[:size])
        counts[ballot] = counts.get(ballot, 0) + chance.randint(1, 5)
    return counts


def count(method: str, counts: dict[Ranking, int], **arguments: Any) -> tally.Result:
    sums = tally.Counts(names=NAMES, ballots=sum(counts.values()), rankings=counts)
    if method == "schulze":
        sums = tally.pairwise_from_rankings(counts, NAMES)
    return tally.count(method, sums, **arguments)


def test_irv_as_pyrankvote() -> None:
    pyrankvote = package("pyrankvote")
    candidates = {option: pyrankvote.Candidate(name) for option, name in NAMES.items()}
    compared = 0
    for seed in range(60):
        counts = election(seed)
        ours = count("irv", counts)
        if ours.ties:
            continue
        ballots = [
            pyrankvote.Ballot(ranked_candidates=[candidates[rank[0]] for rank in ballot])
            for ballot, times in counts.items()
            for _ in range(times)
        ]
        theirs = pyrankvote.instant_runoff_voting(list(candidates.values()), ballots)
        assert [winner.name for winner in theirs.get_winners()] == [NAMES[option] for option in ours.winners]
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("quota", ["droop", "hare"])
def test_stv_as_votekit(quota: str) -> None:
    package("votekit")
    elections = package("votekit.elections")
    compared = 0
    for seed in range(30):
        counts = election(seed)
        seats = 1 + seed % 4
        ours = count("stv", counts, seats=seats, options=tally.Options(surplus="all", quota=quota))
        if ours.ties:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = elections.STV(profile(counts), n_seats=seats, quota=quota, exact=True, tiebreak="random")
            elected = [name for group in theirs.get_elected() for name in sorted(group)]
        assert sorted(elected) == sorted(NAMES[option] for option in ours.winners), seed
        compared += 1
    assert compared > 10


def test_schulze_as_votekit() -> None:
    package("votekit")
    elections = package("votekit.elections")
    compared = 0
    for seed in range(20):
        counts = election(seed)
        ours = count("schulze", counts, seats=3, options=tally.Options(strength="margins"))
        if ours.ties:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = elections.Schulze(profile(counts), n_seats=3).get_elected()
        assert [next(iter(group)) for group in theirs] == [NAMES[option] for option in ours.winners]
        compared += 1
    assert compared > 10


def profile(counts: dict[Ranking, int]) -> Any:
    votekit = package("votekit")
    ballots = tuple(
        votekit.RankBallot(ranking=tuple({NAMES[rank[0]]} for rank in ballot), weight=times)
        for ballot, times in counts.items()
    )
    return votekit.RankProfile(ballots=ballots, candidates=tuple(NAMES.values()))


@pytest.mark.parametrize("seats", [1, 2])
def test_star_as_starvote(seats: int) -> None:
    starvote = package("starvote")
    compared = 0
    for seed in range(80):
        chance = random.Random(seed)
        ballots = [tuple(chance.choice((0, 0, 1, 2, 3, 4, 5, 5)) for _ in range(4)) for _ in range(60)]
        names = {option: NAMES[option] for option in range(1, 5)}
        counts: dict[tuple[int, ...], int] = {}
        for ballot in ballots:
            counts[ballot] = counts.get(ballot, 0) + 1
        ours = tally.count("star", tally.sums_from_scores(counts, names, top=5, pairwise=True), seats=seats)
        if ours.ties:
            continue
        theirs = starvote.election(
            starvote.star if seats == 1 else starvote.bloc,
            [dict(zip(names.values(), ballot, strict=True)) for ballot in ballots],
            **({} if seats == 1 else {"seats": seats}),
        )
        assert sorted(theirs) == sorted(names[option] for option in ours.winners)
        compared += 1
    assert compared > 40
