"""The one shape of a result: what came out, by what, and numbers that say what they can be."""

import msgspec
import pytest
from services.votebooth import tally
from services.votebooth.results.render import Told, rendered
from services.votebooth.results.schemas import Amount, Quorum, Results
from services.votebooth.tally.formats.election import Election

NAMES = {1: "Ada", 2: "Bo", 3: "Cy"}
QUORUM = Quorum(100, reached=False)


def ranked(*ballots: tuple[int, str]) -> Election:
    letters = {name[0]: option for option, name in NAMES.items()}
    rankings = {tuple((letters[letter],) for letter in ranks): count for count, ranks in ballots}
    return Election(format="ranks", names=NAMES, rankings=rankings)


@pytest.mark.parametrize(
    ("election", "method", "told", "outcome", "by"),
    [
        (ranked((3, "A"), (2, "B")), "single", Told(), "decided", "votes"),
        (ranked((3, "A"), (2, "B")), "irv", Told(), "decided", "votes"),
        (ranked((3, "A"), (3, "B")), "single", Told(), "tied", "lot"),
        (ranked((3, "A"), (3, "B")), "schulze", Told(), "tied", "lot"),
        (ranked((3, "A"), (3, "B")), "ranked_robin", Told(), "tied", "lot"),
        (ranked((3, "A"), (1, "B"), (1, "C")), "irv", Told(), "decided", "votes"),
        (ranked((4, "A"), (2, "BA"), (2, "CA"), (1, "")), "irv", Told(), "decided", "lot"),
        (ranked((3, "A"), (2, "B")), "irv", Told(quorum=QUORUM), "quorum_missed", "votes"),
        (ranked((3, "A"), (3, "B")), "single", Told(quorum=QUORUM), "quorum_missed", "lot"),
        (ranked((3, "A")), "single", Told(quorum=Quorum(3, reached=True)), "decided", "votes"),
        (ranked((3, "")), "single", Told(quorum=QUORUM), "empty", None),
        (ranked(), "irv", Told(), "empty", None),
    ],
)
def test_a_tie_is_no_win_and_nobody_wins_by_nothing(
    election: Election, method: str, told: Told, outcome: str, by: str | None
) -> None:
    result = rendered(election.count(method), told)
    assert (result.outcome, result.decided_by) == (outcome, by)


def test_seats_that_are_level_are_tied_and_those_that_arent_are_decided() -> None:
    election = ranked((5, "A"), (3, "B"), (3, "C"))
    assert rendered(election.count("single")).outcome == "decided"
    assert rendered(election.count("single", seats=2)).outcome == "tied"
    assert rendered(election.count("single", seats=3)).outcome == "decided"


@pytest.mark.parametrize("method", tally.Method)
def test_what_a_method_can_divide_is_exact_and_decimal_and_all_else_an_integer(method: str) -> None:
    names = {1: "Ada", 2: "Bo"}
    given = Election(format="scores", names=names, scores={(3, 0): 2, (0, 2): 1, (1, 1): 1})
    result = rendered(given.count(method))
    kind = Amount if method in {"stv", "ranked_robin"} else int
    for each in result.rounds:
        numbers = [each.exhausted, each.rounded, *(one.votes for one in each.tallies)]
        numbers += [number for move in each.transfers for number in (move.votes, move.value)]
        numbers += [each.quota] if each.quota is not None else []
        assert {type(number) for number in numbers} == {kind}
    assert msgspec.json.decode(msgspec.json.encode(result), type=Results) == result
    assert (result.method.type, result.method.seats, result.poll, result.status) == (method, 1, None, "final")


def test_winners_and_pairs_go_by_option_id_with_the_label_beside() -> None:
    election = Election(format="json", names={7: "Ada", 3: "Bo"}, rankings={((7,), (3,)): 3, ((3,),): 1})
    wire = msgspec.json.decode(msgspec.json.encode(rendered(election.count("schulze"))))
    assert wire["winners"] == [{"id": 7, "label": "Ada"}]
    assert wire["pairwise"] == {"7": {"3": 3}, "3": {"7": 1}}
    assert wire["options"] == [{"id": 7, "label": "Ada", "sum": 3}, {"id": 3, "label": "Bo", "sum": 1}]


@pytest.mark.parametrize("method", ["irv", "stv", "schulze", "ranked_robin"])
def test_of_a_ranked_file_the_sums_are_first_preferences(method: str) -> None:
    election = Election(
        format="ranks",
        names=NAMES,
        rankings={((1,), (2,)): 3, ((2,),): 2, ((), (3,)): 1, (tally.OVERVOTE, (3,)): 1, ((1, 2, 3),): 4, (): 1},
    )
    sums = [option.sum for option in rendered(election.count(method)).options]
    assert sums == ([3, 2, 2] if method in {"irv", "stv"} else [3, 2, 1])
