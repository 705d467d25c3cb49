"""Known and hand-made elections, one for each rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

import pytest
from services.votebooth import tally
from services.votebooth.tally import ties
from services.votebooth.tally.formats import Election
from services.votebooth.tally.render import to_text
from tests.results_by_name import by_name


def ranked(*lines: str, names: Sequence[str] = "ABCDE") -> Election:
    """Make an election of lines such as "3 A B=C - D" ("-" skips, "!" is an overvote)."""
    ids = {name: number for number, name in enumerate(names, 1)}
    counts = {}
    for line in lines:
        times, *ranks = line.split()
        ballot = tuple(
            () if rank == "-" else tally.OVERVOTE if rank == "!" else tuple(ids[name] for name in rank.split("="))
            for rank in ranks
        )
        counts[ballot] = counts.get(ballot, 0) + int(times)
    return Election(format="ranks", names={number: name for name, number in ids.items()}, rankings=counts)


def winners(election: Election, method: str, seats: int = 1, seed: str = "", **rules: str | int | None) -> str:
    result = election.count(method, seats=seats, seed=seed, options=tally.Options(**rules))
    return "".join(election.names[option] for option in result.winners)


TENNESSEE = ranked("42 M N C K", "26 N C K M", "15 C K N M", "17 K C N M", names="MNCK")
SCHULZE = ranked(
    "5 A C B E D", "5 A D E C B", "8 B E D A C", "3 C A B E D",
    "7 C A E B D", "2 C B A D E", "7 D C E B A", "8 E B A D C",
)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "winner"),
    [("single", "M"), ("irv", "K"), ("stv", "K"), ("schulze", "N"), ("ranked_robin", "N")],
)
def test_tennessee(method: str, winner: str) -> None:
    assert winners(TENNESSEE, method) == winner


def test_irv_rounds_are_explained() -> None:
    rounds = by_name(TENNESSEE.count("irv"))["rounds"]
    assert [each["tallies"] for each in rounds] == [
        {"M": 42, "N": 26, "K": 17, "C": 15},
        {"M": 42, "K": 32, "N": 26},
        {"K": 58, "M": 42},
    ]
    assert [each["eliminated"] for each in rounds] == [["C"], ["N"], []]
    assert rounds[0]["transfers"] == [{"from": "C", "to": "K", "votes": 15, "value": 1}]
    assert rounds[2]["notes"] == ["K has a majority, 58 of 100 votes, and is elected."]
    assert rounds[2]["quota"] == 51


def test_schulze_of_his_paper() -> None:
    result = SCHULZE.count("schulze", seats=5)
    assert winners(SCHULZE, "schulze", 5) == "EACBD"
    a, b, c, d, e = 1, 2, 3, 4, 5
    expected = {(a, b): 28, (a, c): 28, (a, d): 30, (a, e): 24, (b, a): 25, (b, c): 28, (b, d): 33, (b, e): 24,
                (c, a): 25, (c, b): 29, (c, d): 29, (c, e): 24, (d, a): 25, (d, b): 28, (d, c): 28, (d, e): 24,
                (e, a): 25, (e, b): 28, (e, c): 28, (e, d): 31}  # fmt: skip
    assert result.strengths == expected


def test_stv_of_the_party_food() -> None:
    """Wikipedia's example: five kinds of food for three places."""
    food = ranked("4 O", "2 P O", "8 C S", "4 C B", "1 S", "1 B", names="OPCSB")
    assert winners(food, "stv", 3) == "COS"
    first, second, *_ = food.count("stv", seats=3).rounds
    assert first.quota == 6
    assert [(t.votes, t.value) for t in first.transfers] == [(4, Fraction(1, 2)), (2, Fraction(1, 2))]
    assert second.tallies[4] == 5


@pytest.mark.parametrize(
    ("rule", "tally_a", "abstentions", "void"),
    [("skip", 5, 0, 0), ("exhaust", 0, 5, 0), ("void", 0, 0, 5)],
)
@pytest.mark.parametrize("mark", ["B=C", "!"])
def test_overvotes(mark: str, rule: str, tally_a: int, abstentions: int, void: int) -> None:
    result = ranked(f"5 {mark} A", "1 B").count("irv", options=tally.Options(overvote=rule))
    assert (result.rounds[0].tallies[1], result.abstentions, result.void) == (tally_a, abstentions, void)


@pytest.mark.parametrize(("longest", "winner"), [(None, "A"), (2, "A"), (1, "B"), (0, "B")])
def test_skipped_ranks(longest: int | None, winner: str) -> None:
    assert winners(ranked("3 - - A", "2 B"), "irv", max_skipped=longest) == winner


@pytest.mark.parametrize(("rule", "winner"), [("skip", "B"), ("exhaust", "C"), ("void", "C")])
def test_duplicates(rule: str, winner: str) -> None:
    election = ranked("3 A A B", "4 B", "5 C")
    assert winners(election, "irv", duplicate=rule) == winner
    assert election.count("irv", options=tally.Options(duplicate=rule)).void == 3 * (rule == "void")


def test_quotas() -> None:
    election = ranked("10 A", "9 B", "2 C")
    assert election.count("stv", seats=2).rounds[0].quota == 8
    assert election.count("stv", seats=2, options=tally.Options(quota="hare")).rounds[0].quota == Fraction(21, 2)


def test_recomputed_quota_follows_exhaustion() -> None:
    election = ranked("40 A", "30 B", "29 C", "12 D", "9 E D")
    static = election.count("stv", seats=2)
    moving = election.count("stv", seats=2, options=tally.Options(quota_rule="recomputed"))
    assert {each.quota for each in static.rounds} == {41}
    assert [each.quota for each in moving.rounds] == [41, 41, 34, 32, 22]
    assert moving.rounds[2].elected == (1,)
    assert (moving.rounds[4].elected, moving.rounds[4].elected_by) == ((2,), "quota")


def test_batch_elimination() -> None:
    election = ranked("50 A", "40 B", "9 C B", "4 D B", "3 E B")
    single = election.count("irv")
    batch = election.count("irv", options=tally.Options(elimination="batch"))
    assert [each.eliminated for each in single.rounds] == [(5,), (4,), (3,), ()]
    assert [each.eliminated for each in batch.rounds] == [(5, 4, 3), ()]
    assert single.winners == batch.winners == (2,)


def test_batch_elimination_leaves_enough_for_the_seats() -> None:
    election = ranked("50 A", "3 B", "2 C")
    result = election.count("stv", seats=3, options=tally.Options(elimination="batch"))
    assert set(result.winners) == {1, 2, 3}


def test_options_without_votes_leave_together() -> None:
    rounds = ranked("4 A", "3 B", "2 C A").count("irv").rounds
    assert [set(each.eliminated) for each in rounds] == [{4, 5}, {3}, set()]
    assert all(not each.ties for each in rounds)


def test_surplus_one_by_one_or_all() -> None:
    election = ranked("30 A C", "28 B D", "1 C", "1 D", "1 E")
    one = election.count("stv", seats=3)
    both = election.count("stv", seats=3, options=tally.Options(surplus="all"))
    assert [{t.source for t in each.transfers} for each in one.rounds[:2]] == [{1}, {2}]
    assert {t.source for t in both.rounds[0].transfers} == {1, 2}


def test_exhausted_ballots_share_or_stay() -> None:
    election = ranked("12 A", "8 A B", "7 C", "3 D")
    share = election.count("stv", seats=2)
    retain = election.count("stv", seats=2, options=tally.Options(exhaustion="retain"))
    assert share.rounds[0].quota == 11
    assert [(t.target, t.votes) for t in share.rounds[0].transfers] == [(2, Fraction(18, 5)), (None, Fraction(27, 5))]
    assert [(t.target, t.votes) for t in retain.rounds[0].transfers] == [(2, 8)]
    assert retain.rounds[1].tallies[1] == 12
    assert retain.rounds[1].exhausted == 0


def test_cut_off_decimals_are_accounted_for() -> None:
    result = ranked("7 A B", "2 C").count("stv", seats=2, options=tally.Options(decimals=2))
    assert result.rounds[0].transfers[0].votes == Fraction(42, 100) * 7
    assert result.rounds[1].rounded == 3 - Fraction(42, 100) * 7


def test_exact_values_stay_small_with_many_seats() -> None:
    """Denominators would double with every surplus; beyond a limit they are cut off and accounted for."""
    names = [chr(65 + number) for number in range(26)]
    lines = [f"{200 - 3 * i} " + " ".join(names[i:] + names[:i]) for i in range(26)]
    result = ranked(*lines, names=names).count("stv", seats=20)
    counted = result.ballots
    for each in result.rounds:
        assert sum(each.tallies.values()) + each.exhausted + each.rounded == counted
        assert all(votes.denominator.bit_length() < 5_000 for votes in each.tallies.values())
    json.dumps(by_name(result))


@pytest.mark.parametrize(("policy", "gone"), [("backwards", "C"), ("forwards", "D")])
def test_ties_look_at_earlier_rounds(policy: str, gone: str) -> None:
    """C and D have 6 and 5 votes, then 6 and 7, then 7 each."""
    election = ranked("20 A", "19 B", "6 C", "5 D", "1 E C", "2 E A", "2 F D", names="ABCDEF")
    result = election.count("irv", options=tally.Options(ties=policy))
    assert [election.names[option] for option in result.rounds[2].eliminated] == [gone]
    assert [tie.by for tie in result.ties] == ["earlier-round"]


def test_ties_fall_back_on_the_seed() -> None:
    election = ranked("2 A", "2 B", names="AB")
    chosen = {seed: winners(election, "irv", seed=seed) for seed in map(str, range(20))}
    assert set(chosen.values()) == {"A", "B"}
    for seed, winner in chosen.items():
        assert election.names[tally.order(election.names, seed)[0]] == winner
    tie = by_name(election.count("irv", seed="0"))["ties"][0]
    assert (tie["purpose"], tie["by"], set(tie["tied"])) == ("eliminate", "seed", {"A", "B"})


def test_the_published_order() -> None:
    """`printf '%s\\0%s' seed A | sha256sum`."""
    assert ties.digest("seed", "A") == "4093c9dc68080acc58f8444fb23e6b4a9b01ff1b27d6937b2f26e7d01c4757ed"
    assert tally.order({1: "A", 2: "B", 3: "C"}, "seed") == tuple(
        sorted((1, 2, 3), key=lambda option: ties.digest("seed", "?ABC"[option]))
    )


def test_sums_do_not_elect_what_nobody_marked() -> None:
    counts = tally.Counts(names={1: "A", 2: "B"}, ballots=3, totals={1: 3})
    assert tally.count("single", counts, seats=2).winners == (1,)


def star(names: str, *ballots: str) -> Election:
    scores = {}
    for line in ballots:
        times, *marks = map(int, line.split())
        scores[tuple(marks)] = scores.get(tuple(marks), 0) + times
    return Election(format="scores", names=dict(enumerate(names, 1)), scores=scores)


def test_star_runoff() -> None:
    result = star("ABC", "5 5 4 0", "4 0 4 5", "3 2 2 1", "2 3 3 3", "1 0 0 0").count("star")
    assert result.rounds[0].tallies == {1: 31, 2: 42, 3: 23}
    assert result.runoff == tally.Runoff({2: 4, 1: 5}, 3, 1)
    assert (result.winners, result.ballots, result.abstentions) == ((1,), 15, 3)


def test_ballots_that_treat_all_options_alike_are_left_out_of_totals() -> None:
    level = star("ABC", "4 3 3 3", "2 0 0 0", "1 1 0 0")
    for method in tally.Method:
        if method in {"single", "multiple", "approval"}:
            continue
        result = level.count(method)
        assert (result.abstentions, result.ballots, result.winners) == (6, 7, (1,)), method
    assert level.count("score").rounds[0].tallies == {1: 1, 2: 0, 3: 0}
    assert star("ABC", "4 3 3 3").count("star").winners == ()
    # An approval is said of each option by itself.
    assert level.count("approval").rounds[0].tallies == {1: 5, 2: 4, 3: 4}


@pytest.mark.parametrize("method", ["irv", "stv", "schulze", "ranked_robin", "single"])
def test_a_ranking_that_puts_all_options_level_abstains(method: str) -> None:
    election = Election(
        format="ranks", names={1: "A", 2: "B"}, rankings={((1, 2),): 3, (): 2, ((1,),): 1, ((2,), (1,)): 2}
    )
    result = election.count(method)
    assert (result.abstentions, result.winners) == (5, (2,))


def test_star_runoff_ties_by_score() -> None:
    result = star("ABC", "1 5 0 0", "1 0 3 0").count("star")
    assert ([tie.by for tie in result.ties], result.winners) == (["score"], (1,))


def test_star_runoff_ties_by_highest_scores() -> None:
    result = star("AB", "1 5 2", "1 1 4").count("star")
    assert ([tie.by for tie in result.ties], result.winners) == (["top-scores"], (1,))


def test_star_finalists_by_matches() -> None:
    """B and C tie for the second place; C is preferred by more."""
    result = star("ABC", "1 5 5 0", "2 5 0 2", "1 5 0 1").count("star")
    assert result.ties[0].by == "head-to-head"
    assert set(result.runoff.tallies) == {1, 3}


def test_bloc_star() -> None:
    result = star("ABC", "3 5 4 0", "2 0 1 5").count("star", seats=2)
    assert result.winners == (1, 2)
    assert [each.kind for each in result.rounds] == ["scoring", "runoff", "scoring", "runoff"]


def test_ranked_robin_breaks_cycles_by_margin() -> None:
    """A beats B by 5, B beats C by 7, C beats A by 1."""
    result = ranked("6 A B C", "4 B C A", "3 C A B", names="ABC").count("ranked_robin")
    assert ([tie.by for tie in result.ties], result.winners) == (["margin"], (1,))


def test_ranked_robin_breaks_ties_by_all_margins() -> None:
    """A and B are even; B beats C by 4, A beats C by 2."""
    result = ranked("2 A B C", "1 B A C", "1 B C", names="ABC").count("ranked_robin")
    assert ([tie.by for tie in result.ties], result.winners) == (["margin"], (2,))


def test_ranked_robin_falls_back_on_the_seed() -> None:
    """A beats B by 4, B beats C by 6, C beats A by 2: A and B have the same total."""
    cycle = ranked("5 A B C", "4 B C A", "3 C A B", names="ABC")
    result = cycle.count("ranked_robin", seed="7")
    assert [tie.by for tie in result.ties] == ["seed"]
    assert result.winners[0] == next(o for o in tally.order(cycle.names, "7") if o != 3)


def test_ranked_robin_even_matches() -> None:
    election = ranked("2 A B C", "2 B A C", names="ABC")
    assert election.count("ranked_robin").rounds[0].tallies == {1: Fraction(3, 2), 2: Fraction(3, 2), 3: 0}
    zero = election.count("ranked_robin", options=tally.Options(pair_tie="zero"))
    assert zero.rounds[0].tallies == {1: 1, 2: 1, 3: 0}
    assert by_name(election.count("ranked_robin"))["rounds"][0]["tallies"]["A"] == "3/2"


def test_json_is_exact_and_plain() -> None:
    out = by_name(ranked("7 A B", "2 C", names="ABC").count("stv", seats=2))
    assert json.loads(json.dumps(out)) == out
    assert out["rounds"][1]["tallies"] == {"A": 4, "B": 3, "C": 2}
    transfer = out["rounds"][0]["transfers"][0]
    assert (transfer["votes"], transfer["value"]) == (3, "3/7")


def test_options_of_one_name_are_told_apart() -> None:
    counts = tally.Counts(names={1: "A", 2: "A", 3: " "}, ballots=3, totals={1: 2, 2: 1, 3: 0})
    assert by_name(tally.count("single", counts))["rounds"][0]["tallies"] == {"A (#1)": 2, "A (#2)": 1, "#3": 0}


def test_names_cannot_steer_a_terminal() -> None:
    counts = tally.Counts(names={1: "\x1b[31mA\ud800"}, ballots=1, totals={1: 1})
    assert "\x1b" not in to_text(tally.count("score", counts))


@pytest.mark.parametrize(
    ("method", "counts", "message"),
    [
        ("lottery", {}, "is not a method"),
        ("single", {}, "totals"),
        ("star", {"totals": {}}, "pairwise"),
        ("irv", {}, "rankings"),
        ("stv", {}, "rankings"),
        ("schulze", {}, "pairwise"),
        ("ranked_robin", {}, "pairwise"),
        ("score", {"totals": {9: 1}}, "option 9"),
        ("score", {"totals": {1: -1}}, "negative"),
        ("irv", {"rankings": {((9,),): 1}}, "option 9"),
        ("irv", {"rankings": {((1,),): -1, (): 2}}, "-1 times"),
        ("irv", {"rankings": {((1,),): 2}}, "add up to 2 ballots, not 1"),
    ],
)
def test_counts_that_cannot_be_are_refused(method: str, counts: dict[str, dict[object, int]], message: str) -> None:
    with pytest.raises(tally.TallyError, match=message):
        tally.count(method, tally.Counts(names={1: "A"}, ballots=1, **counts))


def test_limits() -> None:
    many = {number: str(number) for number in range(tally.MAX_PAIRWISE_OPTIONS + 1)}
    with pytest.raises(tally.TallyError, match="at most 500 options"):
        tally.pairwise_from_rankings({}, many)
    with pytest.raises(tally.TallyError, match="seats"):
        tally.count("score", tally.Counts(names=many, ballots=0, totals={}), seats=0)
    with pytest.raises(tally.TallyError, match="one option"):
        tally.count("irv", tally.Counts(names=many, ballots=0, rankings={}), seats=2)
    lines = {((option,),): 1 for option in range(tally.MAX_TRANSFER_OPTIONS + 1)}
    names = {option: str(option) for option in range(len(lines))}
    with pytest.raises(tally.TallyError, match="first preferences"):
        tally.count("irv", tally.Counts(names=names, ballots=len(lines), rankings=lines))
    with pytest.raises(tally.TallyError, match="decimals"):
        tally.Options(decimals=31)
    with pytest.raises(tally.TallyError, match="max_skipped"):
        tally.Options(max_skipped=-1)
    with pytest.raises(ValueError, match="sometimes"):
        tally.Options(overvote="sometimes")
