"""Choices: every method's marks, one canonical form, and every rule named where it is broken."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.problems import Problem
from services.votebooth.poll.choices import ChoiceReader, decode, how_cast, pattern_id
from services.votebooth.poll.definition import PollChanged, PollOption

POLL = UUID("01890000-0000-7000-8000-000000000001")


def definition(method: str, options: int = 4, **rules: Any) -> PollChanged:
    return PollChanged(
        poll=POLL,
        version=1,
        owner=POLL,
        title="t",
        method=method,  # type: ignore[arg-type]  (one of its names)
        options=tuple(PollOption(n, f"o{n}") for n in range(1, options + 1)),
        opens_at=datetime(2026, 1, 1, tzinfo=UTC),
        **rules,
    )


def reader(method: str, options: int = 4, **rules: Any) -> ChoiceReader:
    return ChoiceReader(definition(method, options, **rules))


def read(method: str, body: Any, **rules: Any) -> bytes:
    return reader(method, **rules).read(msgspec.json.encode(body))[0].encoded


@pytest.mark.parametrize(
    ("method", "body", "encoded", "marks", "patterned"),
    [
        ("single", {"picks": [2]}, b'{"picks":[2]}', ((2, 1),), False),
        ("multiple", {"picks": [3, 1]}, b'{"picks":[1,3]}', ((1, 1), (3, 1)), False),
        ("approval", {"picks": [4, 2, 1]}, b'{"picks":[1,2,4]}', ((1, 1), (2, 1), (4, 1)), False),
        ("score", {"scores": {"3": 0, "2": 5}}, b'{"scores":{"2":5}}', ((2, 5),), False),
        ("star", {"scores": {"4": 1, "1": 5}}, b'{"scores":{"1":5,"4":1}}', ((1, 5), (4, 1)), True),
        ("irv", {"ranking": [3, 1]}, b'{"ranking":[[3],[1]]}', ((3, 1),), True),
        ("stv", {"ranking": [[3], [1]]}, b'{"ranking":[[3],[1]]}', ((3, 1),), True),
        ("schulze", {"ranking": [[4, 2], 1]}, b'{"ranking":[[2,4],[1]]}', ((2, 1), (4, 1)), True),
        ("ranked_robin", {"ranking": [1]}, b'{"ranking":[[1]]}', ((1, 1),), True),
        ("points", {"points": {"4": 40, "1": 60, "2": 0}}, b'{"points":{"1":60,"4":40}}', ((1, 60), (4, 40)), False),
        ("irv", {"abstain": True}, b'{"abstain":true}', (), False),
    ],
)
def test_a_choice_has_one_form_and_adds_to_the_counters(
    method: str, body: Any, encoded: bytes, marks: tuple[Any, ...], patterned: bool
) -> None:
    made = reader(method, max_picks=4, allow_ties=True, abstain=True)
    for again in range(2):  # read, then remembered
        choice, secret = made.read(msgspec.json.encode(body))
        assert (choice.encoded, choice.marks, secret) == (encoded, marks, None), again
        assert choice.pattern == (pattern_id(encoded) if patterned else None)
        assert choice.abstains == ("abstain" in body)
    assert made.stored(encoded).marks == marks
    assert msgspec.json.encode(decode(encoded)) == encoded


@pytest.mark.parametrize(
    ("method", "body", "field", "rules"),
    [
        ("single", {}, "body", {}),
        ("single", {"picks": []}, "picks", {}),
        ("single", {"picks": [1, 2]}, "picks", {"max_picks": 4}),
        ("single", {"picks": [5]}, "picks.0", {}),
        ("single", {"scores": {"1": 1}}, "scores", {}),
        ("single", {"abstain": True}, "abstain", {}),
        ("single", {"abstain": False}, "abstain", {"abstain": True}),
        ("single", {"picks": [1], "abstain": True}, "body", {"abstain": True}),
        ("multiple", {"picks": [1, 1]}, "picks", {"max_picks": 4}),
        ("multiple", {"picks": [1]}, "picks", {"min_picks": 2, "max_picks": 3}),
        ("multiple", {"picks": [1, 2, 3, 4]}, "picks", {"min_picks": 2, "max_picks": 3}),
        ("score", {"scores": {"1": 6}}, "scores.1", {}),
        ("score", {"scores": {"1": -1}}, "scores.1", {}),
        ("star", {"scores": {"9": 1}}, "scores.9", {}),
        ("irv", {"ranking": []}, "ranking", {}),
        ("irv", {"ranking": [1, []]}, "ranking.1", {}),
        ("irv", {"ranking": [[1, 2]]}, "ranking.0", {}),
        ("irv", {"ranking": [1, 2, 1]}, "ranking", {}),
        ("irv", {"ranking": [1, 2, 3]}, "ranking", {"max_ranks": 2}),
        ("irv", {"ranking": [7]}, "ranking.0", {}),
        ("schulze", {"ranking": [[1, 1]]}, "ranking", {"allow_ties": True}),
        ("points", {"points": {"1": 99}}, "points", {}),
        ("points", {"points": {"1": 101}}, "points.1", {}),
        ("points", {"points": {"1": 110, "2": -10}}, "points.1", {}),
        ("points", {"points": {"1": 10**30}}, "points.1", {}),
    ],
)
def test_a_broken_rule_is_named_with_its_field(method: str, body: Any, field: str, rules: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        read(method, body, **rules)
    assert (refused.value.status, refused.value.slug) == (422, "ballot-refused")
    assert refused.value.errors[0].field == field


ABSTENTIONS = [
    # method, body, how it was cast, whether it is counted in a pattern
    ("single", {"picks": []}, "empty", False),
    ("multiple", {"picks": []}, "empty", False),
    ("approval", {"picks": []}, "empty", False),
    ("points", {"points": {}}, "empty", False),
    ("points", {"points": {"1": 25, "2": 25, "3": 25, "4": 25}}, "equal", False),
    ("score", {"scores": {}}, "empty", False),
    ("score", {"scores": {"1": 0, "2": 0, "3": 0, "4": 0}}, "empty", False),
    ("score", {"scores": {"1": 3, "2": 3, "3": 3, "4": 3}}, "equal", False),
    ("star", {"scores": {"1": 0}}, "empty", True),
    ("star", {"scores": {"1": 5, "2": 5, "3": 5, "4": 5}}, "equal", True),
    ("irv", {"ranking": []}, "empty", True),
    ("irv", {"ranking": [[1, 2], [3, 4]]}, "equal", True),
    ("stv", {"ranking": [[1, 2, 3]]}, "equal", True),
    ("schulze", {"ranking": [[4, 3, 2, 1]]}, "equal", True),
    ("ranked_robin", {"ranking": []}, "empty", True),
    ("ranked_robin", {"abstain": True}, "abstain", False),
]


@pytest.mark.parametrize(("method", "body", "cast", "patterned"), ABSTENTIONS)
def test_a_ballot_without_a_preference_abstains_however_it_is_written(
    method: str, body: Any, cast: str, patterned: bool
) -> None:
    made = reader(method, max_picks=4, allow_ties=True, abstain=True)
    choice, _ = made.read(msgspec.json.encode(body))
    for again in (choice, made.stored(choice.encoded)):
        assert (again.abstains, again.marks, again.pattern is not None) == (True, (), patterned)
    assert how_cast(decode(choice.encoded), definition(method, allow_ties=True)) == cast


@pytest.mark.parametrize(("method", "body", "cast", "patterned"), ABSTENTIONS)
def test_where_abstaining_is_not_taken_no_method_takes_an_empty_ballot(
    method: str, body: Any, cast: str, patterned: bool
) -> None:
    made = reader(method, max_picks=4, allow_ties=True)
    if cast == "equal":
        assert made.read(msgspec.json.encode(body))[0].abstains
        return
    with pytest.raises(Problem) as refused:
        made.read(msgspec.json.encode(body))
    assert (refused.value.status, refused.value.errors[0].field) == (422, next(iter(body)))
    assert "doesn't allow abstentions" in refused.value.errors[0].message


@pytest.mark.parametrize(
    ("method", "body", "marks"),
    [
        ("irv", {"ranking": [[1, 2], [3], [4]]}, ((3, 1),)),
        ("schulze", {"ranking": [[1, 2, 3]]}, ((1, 1), (2, 1), (3, 1))),
        ("star", {"scores": {"1": 5, "2": 5, "3": 5}}, ((1, 5), (2, 5), (3, 5))),
        ("approval", {"picks": [1, 2, 3, 4]}, ((1, 1), (2, 1), (3, 1), (4, 1))),
    ],
)
def test_a_ballot_that_prefers_one_to_another_adds_to_the_sums(method: str, body: Any, marks: Any) -> None:
    choice, _ = reader(method, max_picks=4, allow_ties=True).read(msgspec.json.encode(body))
    assert (choice.abstains, choice.marks) == (False, marks)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"picks":[1],"picks":[1]}',
        b'{"scores":{"1":1,"1":2}}',
        b'{"scores":{"01":1}}',
        b'{"scores":{" 1":1}}',
        b'{"scores":{"\\ud800":1}}',
        b'{"scores":{"1":Infinity}}',
        b'{"picks":[1e0]}',
        b'{"picks":1}',
        b'{"picks":[[1]]}',
        b'{"ranking":[[[1]]]}',
        b'{"ranking":["1"]}',
        b'{"abstain":"yes"}',
        b'{"picks":[1]} trailing',
        b"\x00",
        b'\xef\xbb\xbf{"picks":[1]}',
    ],
)
def test_what_isnt_a_ballot_is_malformed(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        reader("single").read(raw)
    assert refused.value.status == 400


def test_a_secret_is_read_apart_and_never_remembered_with_the_choice() -> None:
    made = reader("single")
    secret = "abcdefghijklmnopqrstuv"
    raw = msgspec.json.encode({"picks": [1], "secret": secret})
    for _ in range(2):
        choice, found = made.read(raw)
        assert (choice.encoded, found) == (b'{"picks":[1]}', secret)
    assert made.read(b'{"picks":[1]}')[1] is None


def test_ten_thousand_options_are_refused_at_once() -> None:
    with pytest.raises(Problem) as refused:
        read("multiple", {"picks": list(range(10_000))}, max_picks=4)
    assert refused.value.status == 422


def test_what_is_remembered_has_a_bound() -> None:
    made = reader("points", options=2)
    for first in range(100):
        for _ in range(30):
            made.read(b'{"points":{"1":%d,"2":%d}}%s' % (first, 100 - first, b" " * first))
    assert len(made._read) <= made._REMEMBERED
    large = b'{"ranking":[' + b",".join(b"[%d]" % option for option in range(1, 101)) + b"]}"
    made.stored(large)
    assert large not in made._stored


@given(st.permutations([1, 2, 3, 4]), st.lists(st.integers(1, 3), max_size=4))
def test_equal_rankings_are_equal_bytes(order: list[int], cuts: list[int]) -> None:
    made = reader("schulze", allow_ties=True)
    edges = sorted({0, *cuts, 4})
    ranks = [order[low:high] for low, high in pairwise(edges)]
    mirrored = [rank[::-1] for rank in ranks]
    first, _ = made.read(msgspec.json.encode({"ranking": ranks}))
    second, _ = made.read(msgspec.json.encode({"ranking": mirrored}))
    assert first.encoded == second.encoded
    assert sum(amount for _, amount in first.marks) == (len(ranks[0]) if len(ranks) > 1 else 0)
