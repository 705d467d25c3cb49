"""Tables that could be read otherwise than they were meant, and parsers whose work grows as their input does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from services.votebooth import tally
from services.votebooth.tally import formats
from services.votebooth.tally_cli import tally as command
from tests.results_by_name import by_name
from tests.unit.linear import check_linear


@pytest.mark.parametrize("heading", ["Weight", "WEIGHT", "count", "Votes"])
def test_a_column_of_weights_is_known_in_any_case_and_named(heading: str) -> None:
    election = formats.read(f"rank1,rank2,{heading}\nAda,Bo,10\nBo,Ada,1\nBo,Ada,1\n".encode())
    assert election.ballots == 12
    assert election.notes == (f"The column “{heading}” says how many such ballots there are.",)
    scores = formats.read(f"Ada,Bo,{heading}\n5,0,10\n0,5,1\n".encode())
    assert (scores.ballots, list(scores.names.values())) == (11, ["Ada", "Bo"])


def test_two_columns_of_weights_are_refused() -> None:
    with pytest.raises(formats.FormatError, match="two columns could say") as caught:
        formats.read(b"rank1,count,Votes\nA,1,2\n")
    assert (caught.value.line, caught.value.column) == (1, 3)


def test_columns_left_out_are_named() -> None:
    assert formats.read(b"Precinct,rank1,Time\nN1,Ada,12:00\n").notes == ("Left out: “Precinct”, “Time”.",)


@pytest.mark.parametrize("word", ["Skipped", " SKIPPED ", "under vote", "Under-Vote", "Undervoted", "–", "—"])
def test_words_are_known_in_any_case_and_spacing(word: str) -> None:
    assert list(formats.read(f"rank1,rank2\n{word},Ada\n".encode()).names.values()) == ["Ada"]
    assert formats.read(f"rank1,rank2\nOver Vote,{word}\n".encode()).rankings == {(tally.OVERVOTE,): 1}
    names = {1: word.strip(), 2: "Count"}
    text = formats.to_ranks_csv(names, {((1,), (2,)): 2})
    assert formats.read(text.encode(), options=list(names.values())).rankings == {((1,), (2,)): 2}
    assert formats.read(formats.to_scores_csv(names, {(1, 2): 3}).encode(), format="scores").names == names


def test_ignoring_is_never_suggested_for_what_is_probably_an_option(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for content, suggested in (("Ada,Bo\n5,x\n", False), ("Ada,David\n5,x\n", False), ("Voter ID,Ada\n17,1\n", True)):
        path.write_text(content)
        result = CliRunner().invoke(command, [str(path), "--method", "star"])
        assert result.exit_code == 2
        assert ("--ignore" in result.stderr) is suggested, result.stderr


def test_explanations_tell_the_truth() -> None:
    names = dict(enumerate("ABCD", 1))
    counts = tally.Counts(names=names, ballots=3, rankings={((1,),): 3})
    notes = [note for each in by_name(tally.count("stv", counts, seats=2))["rounds"] for note in each["notes"]]
    assert not any("too low" in note for note in notes)
    assert any("have no vote and are eliminated" in note for note in notes)
    sums = tally.Counts(names=names, ballots=9, totals={1: 5, 2: 3, 3: 1, 4: 0})
    second = by_name(tally.count("single", sums, seats=2))["rounds"][0]["notes"][1]
    assert second == "B has 3, one of the 2 highest sums, and is elected."


def notes(method: str, totals: dict[int, int], seats: int = 1) -> list[str]:
    pairs = {(a, b): 1 for a in totals for b in totals if a != b}
    names = dict(zip(totals, "ABCD", strict=False))
    counts = tally.Counts(names=names, ballots=9, totals=totals, pairwise=pairs)
    return [note for each in by_name(tally.count(method, counts, seats=seats))["rounds"] for note in each["notes"]]


def test_explanations_claim_no_more_than_is_so() -> None:
    assert "A has 5, the most, and is elected." in notes("single", {1: 5, 2: 3})
    level = [note for note in notes("single", {1: 5, 2: 5, 3: 1}) if "is elected" in note]
    assert [note.partition(" ")[2] for note in level] == ["has 5, no less than any other, and is elected."]
    assert any("have the highest totals and go" in note for note in notes("star", {1: 5, 2: 4, 3: 1}))
    assert not any("have the highest totals" in note for note in notes("star", {1: 5, 2: 4, 3: 4}))
    counts = tally.Counts(names={1: "A", 2: "B"}, ballots=3, rankings={((1,), (2,)): 3})
    said = [note for each in by_name(tally.count("stv", counts, seats=3))["rounds"] for note in each["notes"]]
    assert any("is one of no more options than seats are left" in note for note in said), said


def header(n: int) -> bytes:
    return b"# x" + b" " * n + b"y\n"


GROWING: dict[str, tuple[int, Callable[[int], bytes], str]] = {
    "a doubled last heading": (4_000, lambda n: ",".join([*map(str, range(n)), str(n - 1)]).encode(), "scores"),
    "blanks in a header": (20_000, header, "preflib"),
    "blanks in a preference": (
        3_000,
        lambda n: b"# DATA TYPE: toi\n# NUMBER ALTERNATIVES: 1\n# ALTERNATIVE NAME 1: A\n1: 1" + b" " * n + b"{1\n",
        "preflib",
    ),
    "names of BLT": (
        2_000,
        lambda n: (f"{n} 1\n" + "1 1 0\n" * n + "0\n" + "".join(f'"N{i}"\n' for i in range(n))).encode(),
        "blt",
    ),
    "a long ballot of BLT": (20_000, lambda n: (f"1 1\n1 {'1 ' * n}0\n0\nA\n").encode(), "blt"),
    "rows of Scottish tables": (4_000, lambda n: b"1,1\n" + b"1,1\n" * n + b'"C 1","A","R"\n', "scottish"),
    "rows of ranks": (4_000, lambda n: b"rank1,rank2\n" + b"A,B\n" * n, "ranks"),
    "a cell of ranks": (30_000, lambda n: b"rank1\n" + b"A|" * n + b"\n", "ranks"),
}


@pytest.mark.parametrize("what", GROWING)
def test_reading_grows_with_what_is_read(what: str) -> None:
    size, made, form = GROWING[what]
    check_linear(lambda data: formats.read(data, format=form), made, size)


def test_a_long_ballot_with_a_repeat_is_made_strict_in_time_that_grows_with_it() -> None:
    def ballots(size: int) -> dict[Any, int]:
        return {(*((option,) for option in range(size)), (0,)): 1}

    check_linear(tally.strict, ballots, 4_000)
