"""What columns and cells of tables mean: words, names that are one, columns that are no options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from services.votebooth import tally
from services.votebooth.tally import formats
from services.votebooth.tally.formats.headings import is_aside, score_headings, unescaped
from services.votebooth.tally.formats.hints import rank_of
from services.votebooth.tally.formats.words import WORDS, Meaning, escaped, parts
from services.votebooth.tally_cli import tally as command


@pytest.mark.parametrize("word", ["writein", "Write-in", "WRITE IN", "write\u00a0in", "UWI", "Undeclared Write-ins"])
def test_what_was_written_in_is_one_option_and_named(word: str) -> None:
    election = formats.read(f"rank1,rank2\n{word},Ada\nWriteIn,{word}\n".encode())
    assert list(election.names.values()) == ["Write-in", "Ada"]
    assert election.notes == ("“Write-in” is one option, whatever was written in.",)
    listed = formats.read(f"rank1\n{word}\n".encode(), options=["Ada", "write-IN"])
    assert listed.rankings == {((2,),): 1}


def test_words_are_named_and_taken_away() -> None:
    data = b"rank1,rank2,rank3\nn/a,XX,Ada\nBlank Vote,Skipped,Ada\nwritein,Total,Ada\n"
    words = formats.words_of("n/a=skipped,XX = overvote,blank-vote=skipped,skipped=name,writein=skipped,total=name")
    election = formats.read(data, words=words)
    assert election.names == {1: "Ada", 2: "Skipped", 3: "Total"}
    assert election.rankings == {((), tally.OVERVOTE, (1,)): 1, ((), (2,), (1,)): 1, ((), (3,), (1,)): 1}
    scores = formats.read(b"Ada,Bo\n5,N/A\nskipped,3\n", words=formats.words_of("n/a=skipped"))
    assert scores.scores == {(5, 0): 1, (0, 3): 1}


@pytest.mark.parametrize("text", ["n/a", "n/a=nothing", "=skipped", '"a=skipped'])
def test_words_without_a_meaning_are_refused(text: str) -> None:
    with pytest.raises(formats.FormatError, match=r"WORD=MEANING|no list of names"):
        formats.words_of(text)


def test_the_command_takes_words(tmp_path: Path) -> None:
    path = tmp_path / "ballots.csv"
    path.write_text("rank1,rank2\nn/a,Ada\nBo,n/a\nn/a,Ada\n")
    arguments = [str(path), "--method", "irv", "--words", "n/a=skipped"]
    out = json.loads(CliRunner().invoke(command, [*arguments, "--json"]).stdout)
    assert [winner["label"] for winner in out["winners"]] == ["Ada"]
    wrong = CliRunner().invoke(command, [*arguments[:-1], "n/a=none"])
    assert (wrong.exit_code, "the meanings are skipped, overvote, writein, total, name" in wrong.stderr) == (2, True)


NAMES = st.text("aB_- \\|=+@#T\u00a0é\u200b", min_size=1, max_size=5) | st.sampled_from(
    [
        "_",
        "-",
        "\\",
        "\\_",
        "Total",
        "Sum",
        "write in",
        "\\Write-in",
        "over-vote",
        "Time",
        "\\Time",
        "Voter ID",
        "count",
        "Anzahl",
        "Number of ballots",
        "ＷＥＩＧＨＴ",
    ]
)


@given(NAMES)
def test_every_name_comes_back_from_a_cell_and_from_a_heading(name: str) -> None:
    name = name.strip()
    if formats.names.fold(name):
        assert parts(escaped(name)) == [(Meaning.NAME, name)]
        assert unescaped(score_headings({1: name})[0]) == name


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        ("rank1,rank2\nAda,Bo\nBo,ADA\n", 3, 2),
        ("rank1\nAda L\nAda  L\n", 3, 1),
        ("rank1\nAda L\nAda\u00a0L\n", 3, 1),
        ("rank1\né\ne\u0301\n", 3, 1),
        ("Ada,Bo,ada\n5,3,1\n", 1, 3),
        ("Ada L,Ada\u00a0 L\n5,3\n", 1, 2),
    ],
)
def test_names_that_differ_in_form_only_are_refused_or_one_with_a_list(data: str, line: int, column: int) -> None:
    with pytest.raises(formats.FormatError, match="differ in case, blanks or Unicode form only") as caught:
        formats.read(data.encode())
    assert (caught.value.line, caught.value.column) == (line, column)
    if data.startswith("rank1"):
        listed = formats.read(data.encode(), options=["ADA L", "Ada", "Bo", "É"])
        assert len(listed.names) == 4


def test_a_list_of_options_says_which_columns_are_options() -> None:
    data = b"Timestamp,ada,Time,bo\n1,5,3,1\n"
    election = formats.read(data, options=["Ada", "Bo", "Time"])
    assert (list(election.names.values()), election.scores) == (["Ada", "Time", "Bo"], {(5, 3, 1): 1})
    assert election.notes == ("Left out: “Timestamp”.",)
    for options, message, column in (
        (["Ada", "Time"], "“bo” is no option of the list", 4),
        (["Ada", "Bo", "Time", "Di"], "no option “Di” of the list", 0),
    ):
        with pytest.raises(formats.FormatError, match=message) as caught:
            formats.read(data, options=options)
        assert (caught.value.line, caught.value.column) == (1, column)
    grid = formats.read(b"Vote [ada],Vote [bo]\n1st,2nd\n", format="grid", options=["Ada", "Bo"])
    assert (grid.names, grid.rankings) == ({1: "Ada", 2: "Bo"}, {((1,), (2,)): 1})


ASIDE = (
    "Timestamp",
    "Voter ID",
    "voterID",
    "pollID",
    "voteTime",
    "E-Mail-Adresse",
    "IP Address",
    "Precinct",
    "Last name",
)
OPTIONS = ("Ada", "David", "Date night", "Timely", "Ideas", "Option 1", "No", "First", "Voter", "\\Time", "2024", "")


def test_columns_that_are_no_options_are_known_by_their_headings() -> None:
    assert [heading for heading in ASIDE if not is_aside(heading)] == []
    assert [heading for heading in OPTIONS if is_aside(heading.replace("\\Time", ""))] == []


def test_columns_aside_are_left_out_and_named_unless_they_could_be_options() -> None:
    election = formats.read(b"Timestamp,Ada,Precinct\n12:00,5,N1\n12:01,3,7\n")
    assert (list(election.names.values()), election.notes) == (["Ada"], ("Left out: “Timestamp”, “Precinct”.",))
    with pytest.raises(formats.FormatError, match="“Precinct” is probably no option, and could be one") as caught:
        formats.read(b"Ada,Precinct\n5,7\n3,\n")
    assert (caught.value.line, caught.value.column) == (1, 2)
    assert formats.read(b"Ada,\\Precinct\n5,7\n").names == {1: "Ada", 2: "Precinct"}
    assert formats.read(b"Ada,Precinct\n5,7\n", ignore=["precinct"]).names == {1: "Ada"}


@pytest.mark.parametrize(
    ("text", "rank"),
    [("1st", 1), ("2", 2), ("Rank 3", 3), ("#4", 4), ("5.", 5), ("1st choice", 1), ("Third preference", 3),
     ("10th", 10), ("2nd place", 2), ("Platz 2", 2), ("3. Wahl", 3), ("1er", 1), ("2e choix", 2), ("3ème", 3),
     ("1ère", 1), ("Erste Wahl", 1), ("Zweiter", 2), ("deuxième choix", 2), ("Zehnte", 10), ("no. 7", 7), ("0", 0),
     ("1.5", None), ("-1", None), ("3 stars", None), ("Ada", None), ("", None), ("1 2", None), ("firstly", None),
     ("99999", None)],
)  # fmt: skip
def test_ranks_in_cells(text: str, rank: int | None) -> None:
    assert rank_of(text) == rank


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        ("Ada,Bo\n1st,2nd\n1st,5\n", 3, 2, "“5” is no rank among 2 options; if a higher number is better"),
        ("Ada,Bo\n0,2\n", 2, 1, "“0” is no rank"),
        ("Ada,Bo\n1,2\n1,overvote\n", 3, 2, "“overvote” is no rank"),
        ("Ada,Bo\n1,2\n1,1.5\n", 3, 2, "“1.5” is no rank"),
        ("Q [Ada],Q [Bo],Cy\n1,2,3\n", 1, 3, "“Cy” is probably no option, and could be one"),
        ("Q [Ada],Q [ada]\n1,2\n", 1, 2, "differ in case"),
        ("Ada,Bo\n1st,2nd\nTotal,3\n", 3, 1, "take it out"),
    ],
)
def test_grids_that_are_none_are_refused(data: str, line: int, column: int, message: str) -> None:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data.encode(), format="grid")
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_grid_holds_equal_and_skipped_ranks() -> None:
    election = formats.read(b"Ada,Bo,Cy,weight\n1st,1st,3rd,2\n,2,,1\n,skipped,,4\n", format="grid")
    assert election.rankings == {((1, 2), (), (3,)): 2, ((), (2,)): 1, (): 4}


@pytest.mark.parametrize("method", ["irv", "stv", "schulze", "ranked_robin", "single", "approval"])
def test_small_numbers_that_differ_are_no_scores_of_a_ranked_method(method: str) -> None:
    data = b"Ada,Bo,Cy\n1,2,3\n2,1,\n"
    with pytest.raises(tally.TallyError, match="if 1 is the best: --format grid"):
        formats.read(data).count(method)
    assert formats.read(data, format="scores").count(method).ballots == 2
    formats.read(b"Ada,Bo,Cy\n1,1,0\n0,1,0\n").count(method)
    formats.read(b"Ada,Bo,Cy\n5,4,0\n0,1,0\n").count(method)


def refused(data: str, **arguments: Any) -> formats.FormatError:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data.encode(), **arguments)
    return caught.value


def test_ignoring_is_suggested_for_columns_without_a_score() -> None:
    text = "Team,Why,Ada,Bo\nred,because,5,1\nblue,,3,2\n"
    assert "--ignore Team,Why" in str(refused(text))
    assert "--ignore" not in str(refused(text.replace("blue", "3")))
    assert "--ignore" not in str(refused("Ada,Bo\n5,3\nx,3\n"))


def test_a_heading_with_a_comma_can_be_ignored() -> None:
    assert formats.named(' A,"B, C", D') == ["A", "B, C", "D"]
    assert formats.read(b'"B, C",Ada\nx,5\n', ignore=["B, C"]).names == {1: "Ada"}


def test_what_separates_columns_is_asked_for_where_it_is_not_certain() -> None:
    assert "separated by semicolons: --delimiter ';'; if not: --delimiter ," in str(refused("Ada;Bo\n5;3\n"))
    assert "separated by tabs: --delimiter tab" in str(refused("Ada, Jr.\tBo\tCy\n5\t3\t1\n"))
    election = formats.read(b"Ada; the first,Bo\n5,3\n")
    assert election.names == {1: "Ada; the first", 2: "Bo"}
    assert formats.read(b"Ada;Bo\n3\n", delimiter=",").names == {1: "Ada;Bo"}
    assert formats.read(b"sep=;\nAda;Bo\n5;3\n").names == {1: "Ada", 2: "Bo"}
    assert "that “|” separates" in str(refused("sep=|\nAda|Bo\n5|3\n"))
    assert "that “;” separates" in str(refused("sep=;\nAda;Bo\n5;3\n", delimiter=","))


def test_what_is_empty_is_left_out_and_named() -> None:
    election = formats.read(b"rank1,rank2,,\nAda,Bo,,\n,,,\nBo,Ada,,,,\n")
    assert (election.ballots, election.notes) == (2, ("Left out: 1 empty row.",))
    assert formats.read(b"rank1\nAda\n\n\nBo\n").notes == ("Left out: 2 empty rows.",)
    error = refused("rank1,,rank2\nAda,,Bo\nAda,x,Bo\n")
    assert (error.line, error.column, "line 3 has “x” in it" in str(error)) == (1, 2, True)
    assert "no column has a name" in str(refused(",,\nAda,,Bo\n"))


def test_totals_are_no_ballots() -> None:
    for text in ("Total:,1", "Grand Total,1", "Summe,1"):
        error = refused(f"Who,Ada\nx,1\n{text}\n", ignore=["Who"])
        assert (error.line, error.column, "take it out" in str(error)) == (3, 1, True)
    error = refused("rank1,count\nAda,5\nBo,6\n,11\n")
    assert (error.line, "the sum of those above it" in str(error)) == (4, True)
    assert formats.read(b"rank1,count\nAda,5\n,11\nBo,6\n").ballots == 22
    weighted = "Ada,Bo,weight\n5,3,10\n2,5,5\n60,55,15\n"
    assert "take it out" in str(refused(weighted))
    assert formats.read(weighted.replace("60,55,15", "60,55,14").encode()).ballots == 29
    assert formats.read(b"Ada,Bo\n1,0\n0,1\n1,1\n").ballots == 3  # no more than others gave
    assert formats.read(b"Ada,Bo\n5,3\n2,1\n9,9\n").ballots == 3
    assert formats.read(b"rank1\n\\Total\nAda\n").names == {1: "Total", 2: "Ada"}
    assert formats.read(b"rank1\nTotal\nAda\n", options=["Ada", "Total"]).names == {1: "Ada", 2: "Total"}
    assert "--words Total=name" in str(refused("rank1\nTotal\n"))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("rank1,rank2,weight\nAda,Bo,3\nBo,Ada,2\n,,5\nAda,,4\n", 4),
        ("rank1,weight\nAda,3\n,1\nBo,2\n,5\n", 5),
        ("rank1,rank2,weight\nAda,Bo,3\nBo,Ada,2\n2,2,5\n", 4),
        ("rank1,rank2,weight\nAda,Bo,3\nBo,Ada,2\n,5,5\n", 4),
        ("Ada,Bo,weight\n5,0,10\n0,3,5\n5,3,15\n", 4),
        ('="Who",rank1\nx,Ada\n="Total",Bo\n', 3),
    ],
)
def test_totals_without_a_label_are_no_ballots_either(data: str, line: int) -> None:
    error = refused(data)
    assert (error.line, "take it out" in str(error)) == (line, True)


def test_a_weight_that_is_a_sum_by_chance_can_be_put_first() -> None:
    assert formats.read(b"rank1,weight\n,5\nAda,3\nBo,2\n").ballots == 10
    assert formats.read(b"rank1,weight\nAda,3\n,3\n").ballots == 6  # one ballot alone is no sum
    assert formats.read(b"rank1,rank2,weight\n1,2,3\n2,1,2\n2,,5\n").ballots == 10  # options that are called so


def test_text_as_a_spreadsheet_was_made_to_write_it_is_that_text() -> None:
    plain = formats.read(b'rank1,rank2\nAda,"Bo ""B"""\n')
    for data in ('rank1,rank2\n"=""Ada""","=""Bo """"B"""""""\n', '="rank1",rank2\n="Ada","Bo ""B"""\n'):
        assert formats.read(data.encode()) == plain
    assert formats.read(b'="Ada",Bo,weight\n="5",3,="2"\n').scores == {(5, 3): 2}
    assert formats.read(b'rank1\n\\="Ada"\n').names == {1: '="Ada"'}


@pytest.mark.parametrize("heading", ["District", "ward", "County", "Wahlkreis", "Stimmbezirk"])
def test_districts_in_numbers_are_no_options(heading: str) -> None:
    error = refused(f"Ada,Bo,{heading}\n5,0,1\n0,3,2\n4,1,7\n")
    assert (error.column, f"--ignore {heading}" in str(error)) == (3, True)


@pytest.mark.parametrize("more", ["2,2,2", "2,1,", "1,,"])
def test_mostly_ranks_are_no_scores_before_they_are_named(more: str) -> None:
    data = f"Ada,Bo,Cy\n1,2,3\n2,1,3\n3,1,2\n{more}\n".encode()
    for method in ("score", "star", "points"):
        with pytest.raises(tally.TallyError, match="if 1 is the best: --format grid"):
            formats.read(data).count(method)
        assert formats.read(data, format="scores").count(method).ballots == 4


def test_two_columns_of_one_rank_are_refused() -> None:
    error = refused("rank1,rank2,Rank 2\nA,B,C\n")
    assert (error.column, "“rank2” and “Rank 2” are the same rank" in str(error)) == (3, True)


def test_words_known_without_being_named_hold_no_name_of_another() -> None:
    assert {word for word in WORDS if word != formats.words.word(word)} == set()


@pytest.mark.parametrize(
    "word", ["N/A", "none", "Blank", "No preference", "NaN", "?", "0", "Skip", "(blank)", "[None]", "#REF!"]
)
def test_a_word_that_could_mean_nothing_is_asked_about(word: str) -> None:
    error = refused(f"rank1,rank2\nAda,Bo\nBo,{word}\n")
    assert (error.line, error.column, "could say that nothing is marked" in str(error)) == (3, 2, True)
    data = f"rank1\n{word}\nAda\n".encode()
    assert formats.read(data, options=["Ada", word]).rankings == {((2,),): 1, ((1,),): 1}
    assert formats.read(data, words=formats.words_of(f"{word}=name")).names == {1: word, 2: "Ada"}
    assert formats.read(formats.to_ranks_csv({1: word}, {((1,),): 2}).encode()).names == {1: word}


def test_doubt_is_no_meaning_to_give() -> None:
    with pytest.raises(formats.FormatError, match="WORD=MEANING"):
        formats.words_of("x=doubt")


@pytest.mark.parametrize(
    "data",
    [
        "voter,rank,candidate\nv1,1,Ada\nv1,2,Bo\nv2,1,Bo\n",
        "Ballot,Option,Points\nb1,Ada,5\nb1,Bo,3\nb2,Bo,1\n",
        "Candidate,Votes\nAda,10\nBo,5\n",
        "Ada,Bo\nx,\n,x\nx,\n",
        "Ada,Bo,Cy\nyes,no,no\nno,yes,yes\nno,no,no\n",
        "Timestamp,Who?\n12:00,Ada\n12:01,Bo\n12:02,Ada\n",
    ],
)
def test_ignoring_is_never_suggested_where_the_table_is_of_another_kind(data: str) -> None:
    said = str(refused(data))
    suggested = formats.named(said.partition("--ignore ")[2].strip("'"))
    assert set(suggested) <= {"voter", "Ballot"}, said
    if not suggested:
        assert "a row is a ballot, and a column an option" in said


def test_columns_of_survey_tools_in_numbers_are_no_options() -> None:
    header = "StartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,ResponseId,Ada,Bo"
    start = "\n2024-11-05,2024-11-05,IP Address,10.0.0.1,100"
    rows = f"{start},22,1,R_1,5,3{start},9,1,R_2,3,1\n"
    error = refused(header + rows)
    assert "“Progress” is probably no option" in str(error)
    ignored = ["Progress", "Duration (in seconds)", "Finished"]
    assert list(formats.read((header + rows).encode(), ignore=ignored).names.values()) == ["Ada", "Bo"]


def test_a_web_page_is_refused() -> None:
    assert "a web page" in str(refused(" \n<!DOCTYPE html><html><table><tr><td>rank1</td></tr></table>"))


@pytest.mark.parametrize("heading", ["Ballots", "Number of ballots", "Anzahl", "vote_count", "# of votes", "Gewicht"])
def test_what_could_be_a_column_of_weights_is_asked_about(heading: str) -> None:
    for table in (f"Ada,Bo,{heading}\n5,3,2\n", f"rank1,rank2,{heading}\nAda,Bo,2\n"):
        error = refused(table)
        assert (error.line, error.column, "call it weight" in str(error)) == (1, 3, True)
        assert len(formats.read(table.encode(), ignore=[heading]).names) == 2
    assert formats.read(f"Ada,Bo,\\{heading}\n5,3,2\n".encode()).names == {1: "Ada", 2: "Bo", 3: heading}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("heading", ["#", "No.", "Lfd. Nr.", "Unnamed: 0"])
def test_a_column_that_numbers_the_rows_is_no_option(first: int, heading: str) -> None:
    rows = [f"{number},{score},3" for number, score in enumerate((5, 3, 5, 1, 2), first)]
    error = refused("\n".join([f"{heading},Ada,Bo", *rows]))
    assert (error.line, error.column, "numbers the rows" in str(error)) == (1, 1, True)
    assert formats.read("\n".join([f"{heading},Ada,Bo", *reversed(rows)]).encode()).ballots == 5


@pytest.mark.parametrize("rows", [["Ada>Bo>Cy", "Bo > Ada"], ["Ada;Bo;Cy;", "Bo;Ada;"], ['"Ada, Bo"', '"Bo, Ada"']])
def test_a_list_of_options_in_a_cell_is_refused(rows: list[str]) -> None:
    text = "\n".join(["rank1", *rows])
    error = refused(text)
    assert (error.line, error.column, "seems to be a list" in str(error)) == (3, 1, True)
    names = [row.strip('"') for row in rows]
    assert list(formats.read(text.encode(), options=names).names.values()) == names
    assert formats.read(b'rank1\n"Lovelace, Ada"\n"Lovelace, Bo"\n"Jones, Ada"\n').ballots == 3


@pytest.mark.parametrize("heading", ["#", "No.", "Nr", "Ballot", "Voter"])
def test_a_heading_of_numbers_above_two_of_them_is_enough(heading: str) -> None:
    assert "numbers the rows" in str(refused(f"{heading},Ada,Bo\n1,5,3\n2,3,5\n"))
    assert formats.read(f"No,{heading},Bo\n1,5,3\n2,3,5\n".encode()).ballots == 2


@pytest.mark.parametrize("method", ["star", "score", "points"])
def test_ballots_of_each_rank_once_are_no_scores_before_they_are_named(method: str) -> None:
    data = b"Ada,Bo,Cy\n1,2,3\n2,1,3\n1,2,3\n"
    with pytest.raises(tally.TallyError, match="if 1 is the best: --format grid"):
        formats.read(data).count(method)
    assert formats.read(data, format="scores").count(method).winners == (3,)
    assert formats.read(data + b"5,0,1\n").count(method).ballots == 4


def test_a_tie_on_a_ballot_is_no_proof_that_the_others_are_scores() -> None:
    data = b"Ada,Bo,Cy\n1,2,2\n2,1,3\n1,2,3\n"
    with pytest.raises(tally.TallyError, match="if 1 is the best: --format grid"):
        formats.read(data).count("irv")
    assert formats.read(data, format="grid").count("irv").ballots == 3


def test_scores_of_two_questions_are_no_one_election() -> None:
    error = refused("A [Ada],A [Bo],B [Ada],B [Bo]\n5,3,1,2\n")
    assert (error.line, error.column, "--ignore 'B [Ada],B [Bo]'" in str(error)) == (1, 3, True)
    assert len(formats.read(b"Rate [Ada],Rate [Bo],Other [x]\n5,3,1\n").names) == 3


def test_ignoring_is_not_suggested_for_columns_of_ranks() -> None:
    error = refused("Start,Q1[1]. Rang 1,Q1[2]. Rang 2,a,b\nde,Ada,Bo,1,1\nde,Bo,Ada,1,1\n")
    assert "Rang" not in str(error)
    assert "call it weight" in str(refused("rank1,rank2,Total\nAda,Bo,3\n"))
