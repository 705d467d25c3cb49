"""Files that somebody has edited: exports written again, names that moved, command options that change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from services.votebooth.tally import formats

EXPORT = """# VoteWave: scores
# method: star
"# options: [""Ada"", ""Bo""]"
Ada,Bo,cast,weight
5,3,marks,12
,,abstain,2
"""
BLT = '2 1\n5 1 2 0\n0\n"Ada" "Red"\n"Bo" "Blue"\n"T"\n'


def refused(data: str, **arguments: Any) -> str:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data.encode(), **arguments)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_an_export_that_a_spreadsheet_wrote_again_is_one(delimiter: str) -> None:
    head, options, table = EXPORT.partition('Bo""]"\n')
    again = head + options.rstrip() + delimiter * 3 + "\r\n" + table.replace(",", delimiter).replace("\n", "\r\n")
    assert formats.read(again.encode()) == formats.read(EXPORT.encode())


@pytest.mark.parametrize(
    ("data", "line"),
    [("\n" + EXPORT, 2), (" " + EXPORT, 1), (EXPORT.replace("VoteWave", "votewave"), 1), (";\n\n#VoteWave: blt", 3)],
)
def test_what_is_almost_an_export_is_refused_as_one(data: str, line: int) -> None:
    assert refused(data).startswith(f"line {line}: an export begins with “# VoteWave:”")


@pytest.mark.parametrize("data", [EXPORT, "2 1\n5 1 2 0\n0\nAda\nBo\n", '{"format": "votewave"}', '[{"a": 1}]'])
@pytest.mark.parametrize(
    ("option", "arguments"),
    [
        ("--ignore", {"ignore": ["Ada"]}),
        ("--delimiter", {"delimiter": ";"}),
        ("--words", {"words": formats.words_of("5=skipped")}),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(data: str, option: str, arguments: dict[str, Any]) -> None:
    assert f"not a table that {option} is for" in refused(data, **arguments)


def test_parties_beside_names_are_no_names() -> None:
    assert refused(BLT).startswith("line 5: a line has several names")
    assert formats.read(BLT.replace('"Bo" "Blue"\n', "").encode()).names == {1: "Ada", 2: "Red"}


def test_a_quoted_cell_behind_a_blank_is_one() -> None:
    election = formats.read(b'rank1, "rank2"\n"Ada", "Bo, Jr."\n"Bo, Jr.", "Ada"\n')
    assert election.names == {1: "Ada", 2: "Bo, Jr."}


@pytest.mark.parametrize("heading", ["ballot_id", "voter_id", "response_ID"])
def test_numbers_of_ballots_are_no_scores(heading: str) -> None:
    assert "probably no option" in refused(f"{heading},Ada,Bo\n1,5,3\n2,3,5\n")
