"""However patterns arrive in pieces, the process that counts a large poll comes to the result of all of them."""

import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.votebooth.poll.definition import PollChanged, PollOption
from services.votebooth.results import body
from services.votebooth.results.body import Given, make, make_alone
from services.votebooth.results.counting import Published
from services.votebooth.results.seed import provisional

POLL = UUID(int=5)


def given(method: Any, ballots: int, options: int = 4) -> Given:
    poll = PollChanged(
        poll=POLL, version=3, owner=UUID(int=6), title="Who?", method=method,
        options=tuple(PollOption(number, f"],[{{{number}") for number in range(1, options + 1)),
        allow_ties=True, opens_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return Given(poll, "live", Published(9, ballots, 1, (1, 2, 3)), provisional(POLL))


PATTERNS: dict[str, list[tuple[dict[str, Any], int]]] = {
    "irv": [({"ranking": [[1], [2], [3]]}, 3), ({"ranking": [[2, 3], [1]]}, 1), ({"ranking": []}, 2)],
    "schulze": [({"ranking": [[1], [2], [3]]}, 3), ({"ranking": [[2, 3], [1]]}, 1), ({"ranking": [[3], [1]]}, 4)],
    "star": [({"scores": {"1": 5, "2": 1}}, 3), ({"scores": {}}, 2), ({"scores": {"3": 4, "4": 5}}, 2)],
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 40, 10_000])
@pytest.mark.parametrize("method", list(PATTERNS))
def test_a_result_is_the_same_however_it_is_cut(method: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "_PART_BYTES", size)
    patterns = json.dumps(PATTERNS[method], separators=(",", ":")).encode()
    head = given(method, sum(count for _, count in PATTERNS[method]) + 1)  # and one that says that it abstains
    answer = io.BytesIO()
    assert make_alone(io.BytesIO(msgspec.json.encode(head) + b"\n" + patterns), answer) == 0
    assert json.loads(answer.getvalue()) == json.loads(make(head, [patterns]))


def test_without_a_ballot_there_is_nothing_to_cut() -> None:
    answer = io.BytesIO()
    assert make_alone(io.BytesIO(msgspec.json.encode(given("stv", 0)) + b"\n[]"), answer) == 0
    assert json.loads(answer.getvalue())["winners"] == []


def test_what_a_method_cannot_count_is_said() -> None:
    answer = io.BytesIO()
    head = msgspec.json.encode(given("star", 1))
    assert make_alone(io.BytesIO(head + b'\n[[{"scores":{"1":9}},1]]'), answer) == body.REFUSED
    assert b"the highest score is 5" in answer.getvalue()
