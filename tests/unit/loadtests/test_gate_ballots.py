"""The gate casts ballots of real elections where their files are at hand, and made-up ones otherwise."""

from pathlib import Path

import msgspec
from loadtests.gate.ballots import elections

ELECTIONS = Path(__file__).parents[3] / "elections"


def test_the_files_of_real_elections_are_read() -> None:
    ranked, scored = elections(ELECTIONS, seed=1)
    assert (ranked.is_real, scored.is_real) == (True, True)
    assert (len(ranked.definition["options"]), len(scored.definition["options"])) == (17, 6)


def test_no_ballot_is_without_a_mark(tmp_path: Path) -> None:
    """The gate's polls take no abstentions."""
    for folder in (ELECTIONS, tmp_path):
        ranked, scored = elections(folder, seed=1)
        assert all(msgspec.json.decode(body)["ranking"] for body in ranked.ballots)
        assert all(any(msgspec.json.decode(body)["scores"].values()) for body in scored.ballots)
