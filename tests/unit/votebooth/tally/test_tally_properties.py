from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.votebooth import tally
from services.votebooth.tally.render import to_text
from tally_reference import (
    NAMES,
    Ballots,
    cleaned,
    naive_irv,
    naive_pairwise,
    naive_strengths,
    naive_stv,
    rankings,
    spread,
    tie_order,
)
from tests.results_by_name import by_name

DEFAULT = tally.Options()
RANKED = ["irv", "stv", "schulze", "ranked_robin", "single"]
SCORES = st.dictionaries(st.tuples(*[st.integers(0, 5)] * 4), st.integers(0, 4), max_size=10)
RULES = st.builds(
    tally.Options,
    overvote=st.sampled_from(tally.Overvote),
    duplicate=st.sampled_from(tally.Duplicate),
    max_skipped=st.sampled_from([None, 0, 1, 2]),
    ties=st.sampled_from(tally.TieBreak),
    quota=st.sampled_from(tally.Quota),
    quota_rule=st.sampled_from(tally.QuotaRule),
    elimination=st.sampled_from(tally.Elimination),
    surplus=st.sampled_from(tally.Surplus),
    exhaustion=st.sampled_from(tally.Exhaustion),
    decimals=st.sampled_from([None, 0, 2, 5]),
)


def ranked_counts(
    method: str, counts: Ballots, names: Mapping[int, str] = NAMES, options: tally.Options = DEFAULT
) -> tally.Counts:
    if method == "single":
        return tally.first_preferences(counts, names, options)
    if method in {"schulze", "ranked_robin"}:
        return tally.pairwise_from_rankings(counts, names, options)
    return tally.Counts(names=names, ballots=sum(counts.values()), rankings=counts)


@given(rankings(untidy=True), RULES)
def test_rules_for_one_ballot_agree_with_a_plain_reading(counts: Ballots, rules: tally.Options) -> None:
    lines = [cleaned(b, rules.overvote, rules.duplicate, rules.max_skipped) for b in spread(counts)]
    strictly = tally.strict(counts, rules)
    assert strictly.void == sum(line is None for line in lines)
    assert strictly.abstentions == sum(line == [] for line in lines)
    assert sorted(spread(strictly.ballots)) == sorted(tuple(line) for line in lines if line)


@given(rankings(), st.text(max_size=3))
def test_irv_agrees_with_brute_force(counts: Ballots, seed: str) -> None:
    result = tally.count("irv", ranked_counts("irv", counts), seed=seed)
    winner = naive_irv(spread(counts), NAMES, seed)
    assert result.winners == (() if winner is None else (winner,))


@settings(max_examples=300)
@given(rankings(), st.integers(1, 5), st.booleans(), st.text(max_size=3))
def test_stv_agrees_with_brute_force(counts: Ballots, seats: int, hare: bool, seed: str) -> None:
    options = tally.Options(quota="hare" if hare else "droop")
    result = tally.count("stv", ranked_counts("stv", counts), seats=seats, options=options, seed=seed)
    assert list(result.winners) == naive_stv(spread(counts), NAMES, seats, seed, hare=hare)


@settings(max_examples=300)
@given(rankings(untidy=True, most=20), st.integers(1, 4), RULES)
def test_no_vote_appears_or_disappears(counts: Ballots, seats: int, rules: tally.Options) -> None:
    for method in ("irv", "stv"):
        result = tally.count(
            method, ranked_counts(method, counts), seats=seats if method == "stv" else 1, options=rules
        )
        counted = result.ballots - result.abstentions - result.void
        assert len(result.winners) == len(set(result.winners)) <= result.seats
        assert len(result.winners) == min(result.seats, len(NAMES)) or not counted
        for each, after in pairwise(result.rounds):
            assert sum(each.tallies.values()) + each.exhausted + each.rounded == counted
            moved = sum(transfer.votes for transfer in each.transfers if transfer.target is None)
            assert each.exhausted + moved == after.exhausted
            for option, votes in after.tallies.items():
                gained = sum(t.votes for t in each.transfers if t.target == option)
                if option not in {t.source for t in each.transfers} | set(result.winners):
                    assert each.tallies[option] + gained == votes
            assert all(isinstance(votes, int | Fraction) for votes in each.tallies.values())
        last = result.rounds[-1]
        if result.winners:
            assert sum(last.tallies.values()) + last.exhausted + last.rounded == counted


@given(rankings(untidy=True))
def test_pairwise_agrees_with_brute_force(counts: Ballots) -> None:
    assert tally.pairwise_from_rankings(counts, NAMES).pairwise == naive_pairwise(spread(counts), NAMES)


def test_pairwise_of_many_ballots_agrees_with_that_of_few() -> None:
    """Above a number of ballots they are compared as long integers."""
    lines = [tuple((option,) for option in order[:size]) for order in permutations(NAMES) for size in range(6)]
    lines += [((1, 2), (3,)), ((4,), (1, 2, 3)), ((), (5,)), ((1, 2, 3, 4, 5),)]
    counts = {line: 1 + index % 3 for index, line in enumerate(dict.fromkeys(lines))}
    assert tally.pairwise_from_rankings(counts, NAMES).pairwise == naive_pairwise(spread(counts), NAMES)


@given(SCORES, st.integers(1, 40))
def test_score_pairs_agree_with_the_rankings_they_make(scores: dict[tuple[int, ...], int], times: int) -> None:
    names = {10: "Ada", 20: "Bo", 30: "Cy", 40: "Di"}
    scores = scores | {(a, b, times % 6, 0): 1 for a in range(6) for b in range(6)}
    sums = tally.sums_from_scores(scores, names, pairwise=True)
    from_ranks = tally.pairwise_from_rankings(tally.rankings_from_scores(scores, tuple(names)), names)
    assert sums.pairwise == from_ranks.pairwise
    preferring = {ballot: times for ballot, times in scores.items() if len(set(ballot)) > 1}  # the others abstain
    for place, option in enumerate(names):
        assert sums.totals[option] == sum(ballot[place] * times for ballot, times in preferring.items())


@given(rankings(untidy=True), st.booleans())
def test_schulze_agrees_with_every_path(counts: Ballots, margins: bool) -> None:
    options = tally.Options(strength="margins" if margins else "winning-votes")
    result = tally.count("schulze", ranked_counts("schulze", counts), options=options, seed="x")
    strengths = naive_strengths(naive_pairwise(spread(counts), NAMES), NAMES, margins=margins)
    assert dict(result.strengths) == strengths
    best = [a for a in NAMES if all(strengths[a, b] >= strengths[b, a] for b in NAMES if a != b)]
    if result.winners:
        assert result.winners[0] == min(best, key=tie_order(NAMES, "x").index)


@given(rankings(untidy=True))
def test_condorcet_winners_win(counts: Ballots) -> None:
    pairs = naive_pairwise(spread(counts), NAMES)
    for a in NAMES:
        if all(pairs[a, b] > pairs[b, a] for b in NAMES if b != a):
            for method in ("schulze", "ranked_robin"):
                assert tally.count(method, ranked_counts(method, counts)).winners == (a,)


@given(rankings(untidy=True), st.permutations(list(NAMES)), st.sampled_from(RANKED), RULES)
def test_ids_mean_nothing(counts: Ballots, order: list[int], method: str, rules: tally.Options) -> None:
    """The same election under other ids, read in another order, gives the same JSON."""
    new = dict(zip(NAMES, order, strict=True))
    renumbered = {
        tuple(tuple(new.get(option, option) for option in rank) for rank in ballot): times
        for ballot, times in reversed(counts.items())
    }
    names = {new[option]: name for option, name in reversed(NAMES.items())}
    before = by_name(tally.count(method, ranked_counts(method, counts, options=rules), options=rules))
    after = by_name(tally.count(method, ranked_counts(method, renumbered, names, rules), options=rules))
    for out in (before, after):
        for each in out["rounds"]:
            each["transfers"].sort(key=str)
            each["notes"].sort()
    assert after == before


@given(rankings(), st.sampled_from(RANKED), st.permutations(list(NAMES)))
def test_neutrality_without_ties(counts: Ballots, method: str, order: list[int]) -> None:
    """Options that swap names swap places, unless the order of names had to break a tie."""
    swapped = dict(zip(NAMES, (NAMES[option] for option in order), strict=True))
    before = tally.count(method, ranked_counts(method, counts))
    after = tally.count(method, ranked_counts(method, counts, swapped))
    if not any(tie.by == "seed" for tie in (*before.ties, *after.ties)):
        assert before.winners == after.winners


@given(SCORES, st.integers(1, 3))
def test_star_agrees_with_brute_force_where_nothing_ties(scores: dict[tuple[int, ...], int], seats: int) -> None:
    names = {1: "Ada", 2: "Bo", 3: "Cy", 4: "Di"}
    result = tally.count("star", tally.sums_from_scores(scores, names, top=5, pairwise=True), seats=seats, seed="s")
    if result.ties:
        return
    left, ballots = list(names), spread(scores)
    for winner in result.winners:
        totals = {option: sum(ballot[option - 1] for ballot in ballots) for option in left}
        finalists = sorted(left, key=lambda option: -totals[option])[:2]
        votes = {o: sum(all(b[o - 1] > b[p - 1] for p in finalists if p != o) for b in ballots) for o in finalists}
        assert winner == max(finalists, key=lambda option: votes[option])
        left.remove(winner)


@given(st.dictionaries(st.integers(1, 6), st.integers(0, 5)), st.integers(1, 4), st.text(max_size=2))
def test_sums_elect_the_highest(totals: dict[int, int], seats: int, seed: str) -> None:
    names = {option: f"n{option}" for option in range(1, 7)}
    counts = tally.Counts(names=names, ballots=30, totals=totals)
    result = tally.count("score", counts, seats=seats, seed=seed)
    order = tie_order(names, seed)
    expected = sorted((o for o in totals if totals[o]), key=lambda o: (-totals[o], order.index(o)))
    assert list(result.winners) == expected[:seats]


@pytest.mark.parametrize("method", tally.Method)
def test_no_ballots_no_winners(method: str) -> None:
    counts = tally.Counts(names=NAMES, ballots=0, totals={}, rankings={}, pairwise={})
    result = tally.count(method, counts)
    assert result.winners == ()
    assert by_name(result)["rounds"][0]["notes"] == [
        "No ballot expresses a preference that counts, so nobody is elected."
    ]
    assert "Elected: nobody" in to_text(result)


@pytest.mark.parametrize("method", tally.Method)
def test_no_options_no_winners(method: str) -> None:
    counts = tally.Counts(names={}, ballots=3, totals={}, rankings={(): 3}, pairwise={})
    assert tally.count(method, counts).winners == ()
