"""Files that could be read otherwise than they were meant: each is refused where that begins, or read rightly."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from services.core.text import fold
from services.votebooth.tally import formats
from services.votebooth.tally.formats import names
from services.votebooth.tally.render import to_text
from services.votebooth.tally_cli import tally
from test_tally_formats import PREFLIB, SCOTTISH
from tests.results_by_name import by_name

NAMES = b'0\n"Ada"\n"Bo"\n"Cy"\n"T"\n'

MISREAD = [
    # what, data, line, column, message
    ("BLT final 0 missing", b"3 1\n5 1 2\n2 2 0\n6 3 0\n" + NAMES, 2, 6, "ends before the 0 that ends a ballot"),
    ("BLT zero inside", b"3 1\n5 1 0 2 0\n6 3 0\n" + NAMES, 2, 5, "write - for a skipped rank"),
    ("BLT two ballots in a line", b"3 1\n5 1 0 2 2 0\n" + NAMES, 2, 5, "0 stands inside"),
    ("BLT ballot behind the head", b"3 1 5 1 0\n" + NAMES, 1, 5, "a line of its own"),
    ("BLT ballot behind a withdrawal", b"3 1\n-2 5 1 0\n" + NAMES, 2, 4, "lines of their own"),
    ("BLT weight 0", b"3 1\n0 1 0\n5 2 0\n" + NAMES, 2, 3, "stands alone"),
    ("BLT repeat in a rank", b"3 1\n5 1=1 0\n" + NAMES, 2, 3, "stands twice"),
    ("BLT bare names", b"3 1\n5 1 0\n0\nAda Lovelace\nBo Jones\nCy Kay\n", 4, 1, '"Ada Lovelace"'),
    ("BLT curly names", "3 1\n5 1 0\n0\n“Ada Lovelace”\n“Bo”\n“Cy”\n".encode(), 4, 1, '"Ada Lovelace"'),
    ("BLT low quotes", "3 1\n5 1 0\n0\n„Ada“\n„Bo“\n„Cy“\n".encode(), 4, 1, "straight quotation marks"),
    ("BLT single quotes", b"3 1\n5 1 0\n0\n'Ada'\n'Bo'\n'Cy'\n", 4, 1, "straight quotation marks"),
    ("BLT inner quotes", b'2 1\n5 1 0\n0\n"Ada "Ace" Lovelace"\n"Bo"\n"T"\n', 4, 6, 'is written \\"'),
    ("BLT doubled quotes", b'2 1\n5 1 0\n0\n"Ada ""Ace"" L"\n"Bo"\n"T"\n', 4, 6, 'is written \\"'),
    ("BLT inner quotes in a bare name", b'2 1\n5 1 0\n0\nAda"Ace"\n"Bo"\n', 4, 1, "straight quotation marks"),
    ("BLT names in a row, one too many", b'2 1\n5 1 0\n0\n"A" "B" "C"\n', 4, 0, "behind that of option 2"),
    ("BLT case", b'2 1\n5 1 0\n0\n"Ada"\n"ADA"\n', 5, 0, "differ in case, blanks or Unicode form only"),
    ("BLT blanks", '2 1\n5 1 0\n0\n"Ada L"\n"Ada\u00a0 L"\n'.encode(), 5, 0, "differ in case, blanks"),
    ("PrefLib case", PREFLIB.replace(b"Cy", b"bo"), 8, 0, "differ in case, blanks"),
    ("Scottish form", SCOTTISH.replace(b"Ada", "é".encode()).replace(b'"Bo"', "e\u0301".encode()).replace(
        b"Red (R)", b"R"), 5, 0, "differ in case, blanks"),
    ("Scottish more options", SCOTTISH.replace(b"3,2,", b"2,2,").replace(b"2,3,", b"2,2,"), 6, 0,
        "says 2 options, and another follows"),
    ("Scottish fewer options", SCOTTISH.replace(b"3,2,", b"4,2,"), 7, 0, "an option wants its number"),
    ("Scottish ballot at the end", SCOTTISH + b"\n5,1,\n", 8, 0, "a ballot stands among the options"),
    ("Scottish order", SCOTTISH.replace(b"Candidate 1", b"Candidate 2"), 4, 1, "option 1 is expected here"),
    ("Scottish text behind", SCOTTISH + b"\nmore\n", 8, 0, "another line follows"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "line", "column", "message"), [case[1:] for case in MISREAD], ids=[str(case[0]) for case in MISREAD]
)
def test_what_is_not_certain_is_refused_where_it_begins(data: bytes, line: int, column: int, message: str) -> None:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_blt_takes_names_of_one_word_and_quoted_ones_and_says_what_it_leaves_out() -> None:
    three = b'Ada\n"Bo \\"B\\" Jones" "Cy" # two in a line\n'
    election = formats.read(b"3 1\n5 1 2 0\n0\n" + three + b"The  title\nmore\n\nmore\n")
    assert election.names == {1: "Ada", 2: 'Bo "B" Jones', 3: "Cy"}
    assert (election.title, election.notes) == ("The  title", ("Left out: 2 lines after the title.",))
    result = election.count("stv")
    assert "Left out: 2 lines after the title." in to_text(result)
    assert by_name(result)["notes"] == ["Left out: 2 lines after the title."]


def test_a_repeated_option_in_blt_is_a_duplicate_under_the_named_rule() -> None:
    election = formats.read(b"3 1\n5 1 1 2 0\n" + NAMES)
    assert election.rankings == {((1,), (1,), (2,)): 5}


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
@pytest.mark.parametrize("data", [b"3 1\n5 1 2 0\n" + NAMES, PREFLIB, SCOTTISH])
def test_every_line_end_is_one(data: bytes, end: bytes) -> None:
    assert formats.read(data.replace(b"\n", end)) == formats.read(data)


@given(st.text(max_size=8) | st.text("aAé\u0301\u00a0 \u200b\ufe0f\U0001f3f4\U000e0067\U000e007f\u1160ﬁßİ", max_size=8))
def test_names_are_one_by_the_rule_of_polls(text: str) -> None:
    assert names.fold(text) == fold(text)


LIST = b"\xef\xbb\xbfBo\r\n\r\nAda  L\r\nCy\r\n"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'3 1\n1 1 0\n0\n"Bo"\n"Ada L"\n"Di"\n', 6),
        (PREFLIB.replace(b"Ada", b"ada l").replace(b"Cy", b"Di"), 8),
        (SCOTTISH.replace(b"Ada", b"ada l").replace(b"Cy", b"Di"), 6),
    ],
)
def test_with_a_list_of_options_an_unknown_name_is_refused_in_its_line(data: bytes, line: int) -> None:
    options = names.listed(LIST)
    assert options == ["Bo", "Ada  L", "Cy"]
    with pytest.raises(formats.FormatError, match="“Di” is no option") as caught:
        formats.read(data, options=options)
    assert caught.value.line == line
    election = formats.read(data.replace(b"Di", b"CY"), options=options)
    assert set(election.names.values()) == set(options)


@pytest.mark.parametrize(("data", "line"), [(b"A\nB\na\n", 3), (b"A\xff\n", 1), (b"\n", 0), (b"A\n" + b"x" * 1001, 2)])
def test_a_list_of_options_that_is_none_is_refused(data: bytes, line: int) -> None:
    with pytest.raises(formats.FormatError) as caught:
        names.listed(data)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("ranks.csv", b"rank1,rank2\nAda,Bo\nDi,Bo\n", "line 3, column 1"),
        ("scores.csv", b"Ada,Di\n5,3\n", "\u201cDi\u201d is no option of the list"),
        ("ward.blt", b'2 1\n5 1 0\n0\n"Ada"\n"Di"\n', "line 5: \u201cDi\u201d is no option"),
    ],
)
def test_the_command_takes_a_list_of_options(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    ballots, options = tmp_path / name, tmp_path / "options.txt"
    ballots.write_bytes(data)
    options.write_text("Ada\nBo\n")
    arguments = [str(ballots), "--method", "single", "--options", str(options)]
    refused = CliRunner().invoke(tally, arguments)
    assert (refused.exit_code, message in refused.output) == (2, True), refused.output
    ballots.write_bytes(data.replace(b"Di", b"Bo"))
    assert CliRunner().invoke(tally, arguments).exit_code == 0
