"""A poll's counters and patterns give what the tally gives for its ballots, whatever the method."""

import hashlib
import json
import random
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.votebooth import tally
from services.votebooth.poll.choices import PATTERN_METHODS, ChoiceReader
from services.votebooth.poll.definition import PollChanged, PollOption
from services.votebooth.results import counting
from services.votebooth.results import seed as seeds
from services.votebooth.results.counting import Published
from services.votebooth.results.render import RANKED, counted
from services.votebooth.results.schemas import Amount
from services.votebooth.results.shown import shape

POLL = UUID("0193f0aa-0000-7000-8000-00000000abcd")


def poll(method: str, options: int = 4, **rules: Any) -> PollChanged:
    named = tuple(PollOption(number, f"Option {number}") for number in range(1, options + 1))
    return PollChanged(
        poll=POLL,
        version=3,
        owner=UUID(int=9),
        title="A poll",
        method=method,  # type: ignore[arg-type]  (one of its names)
        options=named,
        abstain=True,
        max_picks=options,
        min_picks=0,
        opens_at=datetime(2026, 1, 1, tzinfo=UTC),
        **rules,
    )


def any_ballot(draw: random.Random, definition: PollChanged) -> dict[str, Any]:
    ids = [option.id for option in definition.options]
    if draw.random() < 0.1:
        return {"abstain": True}
    match definition.method:
        case "single":
            return {"picks": [draw.choice(ids)]}
        case "multiple" | "approval":
            return {"picks": draw.sample(ids, draw.randint(0, len(ids)))}
        case "score" | "star":
            return {"scores": {str(option): draw.randint(0, 5) for option in ids}}
        case "points":
            first = draw.randint(0, 100)
            return {"points": {str(ids[0]): first, str(ids[1]): 100 - first}}
        case _:
            return {"ranking": [[option] for option in draw.sample(ids, draw.randint(1, len(ids)))]}


def stored(definition: PollChanged, ballots: list[dict[str, Any]]) -> tuple[Published, bytes]:
    """Keep counters and patterns as the vote path does."""
    reader = ChoiceReader(definition)
    sums = [0] * len(definition.options)
    patterns: dict[bytes, int] = {}
    abstentions = 0
    for ballot in ballots:
        choice, _ = reader.read(json.dumps(ballot).encode())
        abstentions += choice.abstains
        for option, amount in choice.marks:
            sums[option - 1] += amount
        if choice.pattern is not None:
            patterns[choice.encoded] = patterns.get(choice.encoded, 0) + 1
    glued = b"[" + b",".join(b"[%b,%d]" % item for item in patterns.items()) + b"]"
    return Published(len(ballots), len(ballots), abstentions, tuple(sums)), glued


def count(definition: PollChanged, published: Published, patterns: bytes | None) -> tally.Result:
    return counting.count(definition, published, patterns, seed=POLL.hex)


def straight(definition: PollChanged, ballots: list[dict[str, Any]]) -> tally.Result:
    """Count the ballots themselves, one by one, without counters."""
    names = {option.id: option.label for option in definition.options}
    scores: dict[tuple[int, ...], int] = {}
    rankings: dict[tally.Ranking, int] = {}
    for ballot in ballots:
        given = ballot.get("scores") or ballot.get("points") or {str(o): 1 for o in ballot.get("picks", [])}
        row = tuple(given.get(str(option), 0) for option in names)
        scores[row] = scores.get(row, 0) + 1
        ranking = tuple(tuple(rank) for rank in ballot.get("ranking", []))
        rankings[ranking] = rankings.get(ranking, 0) + 1
    if definition.method in {"irv", "stv"}:
        counts = tally.Counts(names=names, ballots=len(ballots), rankings=rankings)
    elif definition.method in RANKED:
        counts = tally.pairwise_from_rankings(rankings, names)
    else:
        counts = (
            tally.sums_from_scores(scores, names, top=definition.max_score, pairwise=definition.method == "star")
            if definition.method in {"score", "star"}
            else tally.marks_from_scores(scores, names, tally.Options(), single=definition.method == "single")
            if definition.method != "points"
            else tally.sums_from_scores(scores, names)
        )
    seats = 1 if definition.method == "irv" else definition.seats
    return tally.count(definition.method, counts, seats=seats, seed=POLL.hex)


@pytest.mark.parametrize("method", list(tally.Method))
@pytest.mark.parametrize("seed", range(6))
def test_counters_and_patterns_give_what_the_ballots_give(method: str, seed: int) -> None:
    draw = random.Random(f"{method}{seed}")
    definition = poll(method, seats=2 if method in {"stv", "approval"} else 1)
    ballots = [any_ballot(draw, definition) for _ in range(draw.choice([0, 1, 2, 7, 60]))]
    published, patterns = stored(definition, ballots)
    result = count(definition, published, patterns if method in PATTERN_METHODS else None)
    expected = straight(definition, ballots)
    assert result.winners == expected.winners
    assert result.rounds == expected.rounds
    assert result.runoff == expected.runoff
    assert result.ballots == expected.ballots == len(ballots)


@pytest.mark.parametrize("method", list(tally.Method))
def test_a_result_is_shaped_for_the_wire(method: str) -> None:
    definition = poll(method, quorum=20)
    ballots = [any_ballot(random.Random(number), definition) for number in range(30)]
    published, patterns = stored(definition, ballots)
    result = count(definition, published, patterns if method in PATTERN_METHODS else None)
    wire = msgspec.json.decode(msgspec.json.encode(shape(definition, published, result, "live")))
    assert wire["method"] == {"type": method, "seats": 1}
    assert wire["ballots"] == 30
    assert wire["abstentions"] == published.abstentions
    assert wire["quorum"] == {"needed": 20, "reached": True}
    assert [option["sum"] for option in wire["options"]] == list(published.sums)
    assert [winner["id"] for winner in wire["winners"]] == list(result.winners)
    assert wire["tie_break"]["seed"] == POLL.hex
    assert (wire["tie_break"]["provisional"], wire["tie_break"]["receipts"]) == (True, None)
    assert sorted(wire["tie_break"]["order"]) == [1, 2, 3, 4]
    assert all(each["notes"] for each in wire["rounds"])
    assert (wire["runoff"] is not None) == (method == "star")
    assert (wire["pairwise"] is not None) == (method in {"star", "schulze", "ranked_robin"})


def test_fractions_stay_exact() -> None:
    definition = poll("stv", options=3, seats=2)
    ballots = [{"ranking": [1, 2]}] * 4 + [{"ranking": [1, 3]}] * 3 + [{"ranking": [3]}, {"ranking": [2]}]
    published, patterns = stored(definition, ballots)
    wire = shape(definition, published, count(definition, published, patterns), "final")
    votes = [tally_.votes for each in wire.rounds for tally_ in each.tallies]
    assert Amount("19/7", "2.714286") in votes
    assert Amount("7", "7") in votes
    assert all(isinstance(vote, Amount) and Fraction(vote.exact) >= 0 for vote in votes)


def test_options_that_came_after_the_counters_have_nothing_yet() -> None:
    definition = poll("single", options=3)
    wire = shape(definition, published := Published(1, 1, 0, (1,)), count(definition, published, None), "live")
    assert [option.sum for option in wire.options] == [1, 0, 0]


def test_ties_are_broken_by_the_published_order_and_say_so() -> None:
    definition = poll("single", options=2)
    published = Published(2, 2, 0, (1, 1))
    wire = shape(definition, published, count(definition, published, None), "final")
    assert [winner.id for winner in wire.winners] == [wire.tie_break.order[0]]
    assert (wire.outcome, wire.decided_by) == ("tied", "lot")
    assert [(tie.by, tie.tied) for tie in wire.tie_break.ties] == [("seed", wire.tie_break.order)]


def test_each_method_says_what_its_sums_are() -> None:
    assert {method: counted(method) for method in tally.Method} == {
        "single": "picks", "multiple": "picks", "approval": "picks", "score": "points", "points": "points",
        "star": "points", "irv": "first_preferences", "stv": "first_preferences",
        "schulze": "first_preferences", "ranked_robin": "first_preferences",
    }  # fmt: skip


def test_the_seed_is_fixed_by_the_list_of_receipts() -> None:
    assert seeds.provisional(POLL) == seeds.Seed("0193f0aa00007000800000000000abcd")
    receipts = sorted(random.Random(1).randbytes(16) for _ in range(3))
    digest = hashlib.sha256(b"".join(receipts)).digest()
    seed = seeds.final(POLL, digest)
    assert seed == seeds.Seed(hashlib.sha256(POLL.bytes + digest).hexdigest(), digest.hex())
    assert seed != seeds.final(POLL, hashlib.sha256(b"".join(receipts[:2])).digest())


def test_a_salt_is_part_of_the_seed_and_told_after_the_end_alone() -> None:
    digest, salt = hashlib.sha256(b"receipts").digest(), random.Random(2).randbytes(32)
    before, after = seeds.provisional(POLL, salt), seeds.final(POLL, digest, salt)
    assert before.commitment == after.commitment == hashlib.sha256(salt).hexdigest()
    assert (before.salt, before.receipts, after.salt) == (None, None, salt.hex())
    assert after.text == hashlib.sha256(POLL.bytes + digest + salt).hexdigest()
