"""STAR's step of the most top scores counts the top of the scale, not the highest score that somebody gave."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from services.votebooth import tally
from services.votebooth.exchange import counter
from services.votebooth.results.schemas import Results
from services.votebooth.tally import formats
from services.votebooth.tally_cli import tally as command

BALLOTS = b"Ada,Bo\n4,3\n2,3\n"
"""Equal totals, an even runoff, and nobody gives a five."""

REQUEST = {"method": "star", "seats": None, "form": None, "max_score": None, "seed": "s"}
REQUEST |= {"prefix": "rank", "ignore": "", "delimiter": None, "words": "", "options": ""}


def test_without_a_five_the_step_decides_nothing() -> None:
    result = formats.read(BALLOTS).count("star", seed="s")
    assert [(tie.purpose, tie.by) for tie in result.ties] == [("runoff", "seed")]
    assert result.winners == tally.order(result.names, "s")[:1]
    assert counter.count(BALLOTS, REQUEST).tie_break.ties[0].by == "seed"


@pytest.mark.parametrize(("top", "by"), [(4, "top-scores"), (5, "seed"), (10, "seed")])
def test_the_scale_is_named_by_the_option_and_by_the_request(top: int, by: str, tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_bytes(BALLOTS)
    arguments = [str(tmp_path / "scores.csv"), "--method", "star", "--json", "--max-score", str(top)]
    for out in (
        msgspec.json.decode(CliRunner().invoke(command, arguments).stdout, type=Results),
        counter.count(BALLOTS, {**REQUEST, "max_score": top}),
    ):
        assert [tie.by for tie in out.tie_break.ties] == [by]


def test_scores_above_the_scale_are_refused_with_the_way_out() -> None:
    ten = b"Ada,Bo\n10,0\n"
    with pytest.raises(tally.TallyError, match="gives 10, and the highest score is 5; name another with --max-score"):
        formats.read(ten).count("star")
    assert formats.read(ten, top=10).count("star", top=10).winners == (1,)
    assert formats.read(ten).count("score").winners == (1,)
    assert formats.read(ten).count("schulze").winners == (1,)
