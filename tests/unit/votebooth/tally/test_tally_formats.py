"""Files of ballots: what is read, what is refused and where, and what comes back from what is written."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.votebooth import tally
from services.votebooth.tally import OVERVOTE, formats
from tally_reference import Ballots, rankings

BLT = b'3 2\n-3\n4 1 2 0\n(id7) 2 2=1 - 3 0 # a comment\n1 0\n0\n"Ada \\"A\\" One"\nBo\n"Cy"\n"The title"\n'
PREFLIB = b"""# TITLE: The title
# DATA TYPE: toi
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 6
# NUMBER UNIQUE ORDERS: 3
# ALTERNATIVE NAME 1: Ada
# ALTERNATIVE NAME 2: Bo
# ALTERNATIVE NAME 3: Cy
3: 1,2
2: {1, 3},2
1: 3
"""
SCOTTISH = b"""3,2,
5,1,2,
2,3,
"Candidate 1","Ada","Red (R)",
"Candidate 2","Bo","Red (R)",
"Candidate 3","Cy","Blue (B)",
"The ward","""


def named(election: formats.Election) -> dict[tuple[tuple[str, ...], ...], int]:
    names = {**election.names, -1: "!"}
    return {
        tuple(tuple(sorted(names[option] for option in rank)) for rank in ballot): times
        for ballot, times in (election.rankings or {}).items()
    }


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_ranks(end: bytes, mark: bytes) -> None:
    lines = [
        b"Precinct,rank1,rank2,rank3,weight",
        b"N1,Ada,Bo,,3",
        b"",
        b'N2,"Ada",skipped, Bo ,1',
        b"N3,Ada|Bo,undervote,overvote,2",
        b"N1,Ada,Bo,skipped,4",
        b",,,,1",
    ]
    election = formats.read(mark + end.join(lines) + end)
    assert named(election) == {
        (("Ada",), ("Bo",)): 7,
        (("Ada",), (), ("Bo",)): 1,
        (("Ada", "Bo"), (), ("!", "!")): 2,
        (): 1,
    }
    assert election.ballots == 11
    assert election.count("irv").abstentions == 3


def test_ranks_of_another_prefix_and_known_options() -> None:
    data = b"choice_1,choice_2\nAda,Bo\n"
    assert formats.read(data, format="ranks", prefix="choice_").ballots == 1
    election = formats.read(data, prefix="choice_", options=["Bo", "Cy", "Ada"])
    assert election.names == {1: "Bo", 2: "Cy", 3: "Ada"}
    with pytest.raises(formats.FormatError, match="“Ada” is no option") as caught:
        formats.read(data, prefix="choice_", options=["Bo"])
    assert (caught.value.line, caught.value.column) == (2, 1)


def test_scores() -> None:
    election = formats.read(b'voter,"A, B",C,weight\nx,5,,2\ny,0,3,1\nx,05,0,1\n', ignore=["voter"])
    assert election.names == {1: "A, B", 2: "C"}
    assert election.scores == {(5, 0): 3, (0, 3): 1}
    assert election.count("score").rounds[0].tallies == {1: 15, 2: 3}
    assert election.count("approval").rounds[0].tallies == {1: 3, 2: 1}
    assert election.count("single").winners == (1,)
    assert election.count("irv").winners == (1,)
    assert election.count("stv").winners == (1,)
    assert election.count("schulze").winners == (1,)
    assert election.count("ranked_robin").winners == (1,)
    assert election.count("points", options=tally.Options()).rounds[0].tallies == {1: 15, 2: 3}


def test_single_choice_in_scores_counts_overvotes() -> None:
    election = formats.read(b"A,B\n1,0\n1,1\n0,0\n")
    assert (election.count("single").abstentions, election.count("single").void) == (2, 0)
    void = election.count("single", options=tally.Options(overvote="void"))
    assert (void.abstentions, void.void, void.rounds[0].tallies) == (1, 1, {1: 1, 2: 0})


def test_blt() -> None:
    election = formats.read(BLT)
    assert (election.format, election.seats, election.title) == ("blt", 2, "The title")
    assert election.names == {1: 'Ada "A" One', 2: "Bo"}
    assert election.withdrawn == ("Cy",)
    assert election.rankings == {((1,), (2,)): 4, ((1, 2), ()): 2, (): 1}
    assert election.count("stv").seats == 2
    assert election.count("irv").seats == 1


def test_preflib() -> None:
    election = formats.read(PREFLIB, filename="x.toi")
    assert (election.format, election.title) == ("preflib", "The title")
    assert named(election) == {(("Ada",), ("Bo",)): 3, (("Ada", "Cy"), ("Bo",)): 2, (("Cy",),): 1}


@pytest.mark.parametrize("format_", [None, "blt", "scottish"])
def test_scottish(format_: str | None) -> None:
    election = formats.read(SCOTTISH, format=format_)
    assert (election.format, election.seats, election.title) == ("scottish", 2, "The ward")
    assert named(election) == {(("Ada",), ("Bo",)): 5, (("Cy",),): 2}


RANKS = "rank1,rank2\n"
MALFORMED = [
    # what, data, arguments, line, column, message
    ("empty", b"", {}, 0, 0, "the file is empty"),
    ("blank", b"\xef\xbb\xbf \r\n\n", {}, 0, 0, "the file is empty"),
    ("UTF-16", "rank1\nA".encode("utf-16"), {}, 1, 1, "UTF-16"),
    ("zero", b"rank1\nA\n\0\n", {}, 3, 0, "zero character"),
    ("Latin-1", b"rank1,rank2\nA,Fr\xe4nzi\n", {}, 2, 5, "0xe4 is not UTF-8"),
    ("Latin-1 behind a mark", b"\xef\xbb\xbfrank1\n\xe4\n", {}, 2, 1, "0xe4 is not UTF-8"),
    ("lone surrogate", b"rank1\nA\n\xed\xa0\x80\n", {}, 3, 1, "0xed is not UTF-8"),
    ("Latin-1 in BLT", b'1 1\n1 1 0\n0\n"\xe4"\n"T"', {}, 4, 2, "0xe4 is not UTF-8"),
    ("no rank", b"Name,Age\nA,B\n", {"format": "ranks"}, 1, 0, "no column “rank1”"),
    ("a rank missing", b"rank1,rank3\nA,B\n", {}, 1, 0, "no column “rank2”"),
    ("rank 0", b"rank1,rank0\nA,B\n", {}, 1, 2, "is no rank"),
    ("rank 01", b"rank1,rank01\nA,B\n", {}, 1, 2, "is no rank"),
    ("heading twice", b"rank1,rank1\nA,B\n", {}, 1, 2, "two columns are called “rank1”"),
    ("option twice", b"A,B,A\n1,2,3\n", {}, 1, 3, "two columns are called “A”"),
    ("no heading", b"rank1,,rank2\nA,B,C\n", {}, 1, 2, "no name"),
    ("short row", b"rank1,rank2\nA,B\nC\n", {}, 3, 0, "1 cells, the header 2"),
    ("long row", b"rank1,rank2\nA,B,C\n", {}, 2, 0, "3 cells, the header 2"),
    ("open quote", b'rank1,rank2\nA,"B\nC,D\n', {}, 3, 0, "no CSV"),
    ("quote inside", b'rank1\n"A"B\n', {}, 2, 0, "no CSV"),
    ("weight NaN", b"rank1,weight\nA,NaN\n", {}, 2, 2, "“NaN” is no weight"),
    ("weight inf", b"rank1,weight\nA,1\nA,inf\n", {}, 3, 2, "“inf” is no weight"),
    ("weight negative", b"rank1,weight\nA,-1\n", {}, 2, 2, "“-1” is no weight"),
    ("weight a fraction", b"rank1,weight\nA,1.5\n", {}, 2, 2, "“1.5” is no weight"),
    ("weight empty", b"rank1,weight\nA,\n", {}, 2, 2, "“” is no weight"),
    ("weight too big", b"rank1,weight\nA,9007199254740992\n", {}, 2, 2, "more than 9007199254740991"),
    ("weight huge", b"rank1,weight\nA," + b"9" * 9000 + b"\n", {}, 2, 2, "more than"),
    ("weights too big", b"rank1,weight\nA,9007199254740991\nB,1\n", {}, 0, 0, "add up to more"),
    ("other digits", "rank1,weight\nA,١\n".encode(), {}, 2, 2, "is no weight"),
    ("long name", b"rank1\n" + b"A" * 2000 + b"\n", {}, 2, 1, "too long"),
    ("10,001 options", ("rank1\n" + "\n".join(map(str, range(1, 10_002)))).encode(), {}, 10_002, 1, "more than 10000"),
    ("score a word", b"A,B\n1,2\n3,four\n", {}, 3, 2, "“four” is no score"),
    ("score NaN", b"A\nNaN\n", {}, 2, 1, "“NaN” is no score"),
    ("score inf", b"A\ninf\n", {}, 2, 1, "“inf” is no score"),
    ("score negative", b"A,B\n1,-2\n", {}, 2, 2, "“-2” is no score"),
    ("score a fraction", b"A,B\n1,2.5\n", {}, 2, 2, "“2.5” is no score"),
    ("score too high", b"A,B\n1,6\n", {"top": 5}, 2, 2, "more than the highest score, 5"),
    ("score huge", b"A,B\n1," + b"9" * 9000 + b"\n", {}, 2, 2, "more than"),
    ("nothing to ignore", b"A,B\n1,2\n", {"ignore": ["C"]}, 1, 0, "no column “C” to ignore"),
    ("all ignored", b"A,weight\n1,2\n", {"ignore": ["A"]}, 1, 0, "no column is an option"),
    ("10,001 columns", ",".join(f"o{i}" for i in range(10_001)).encode(), {}, 1, 10_001, "10001 options"),
    ("BLT without seats", b"3", {"format": "blt"}, 1, 2, "ends before number of seats"),
    ("BLT of words", b"a b c", {"format": "blt"}, 1, 1, "“a” is no number of options"),
    ("BLT of nobody", b"0 1\n0\n", {}, 1, 3, "nothing to elect"),
    ("BLT unknown option", b'2 1\n1 1 2 0\n1 3 0\n0\n"A"\n"B"\n', {}, 3, 3, "no option 3; there are 2"),
    ("BLT option 0", b"2 1\n1 1=0 0\n", {}, 2, 3, "no option 0"),
    ("BLT negative weight", b"2 1\n1 1 0\n-3 1 0\n", {}, 3, 1, "“-3” is no weight"),
    ("BLT NaN", b"2 1\nNaN 1 0\n", {}, 2, 1, "“NaN” is no weight"),
    ("BLT fraction", b"2 1\n0.5 1 0\n", {}, 2, 1, "“0.5” is no weight"),
    ("BLT overflow", b"2 1\n9007199254740992 1 0\n", {}, 2, 1, "more than"),
    ("BLT overflowing sum", b"2 1\n9007199254740991 1 0\n1 2 0\n", {}, 3, 1, "add up to more"),
    ("BLT without end", b"2 1\n1 1 0\n1 2", {}, 3, 4, "ends before the 0 that ends a ballot"),
    ("BLT without 0", b"2 1\n1 1 0\n", {}, 3, 1, "ends before the 0 that ends the ballots"),
    ("BLT without names", b'2 1\n1 1 0\n0\n"A"\n', {}, 5, 1, "ends before the name of option 2"),
    ("BLT name twice", b'2 1\n1 1 0\n0\n"A"\n"A"\n', {}, 5, 0, "two options are called “A”"),
    ("BLT empty name", b'2 1\n1 1 0\n0\n"A"\n""\n', {}, 5, 0, "name is empty"),
    ("BLT open quote", b'2 1\n1 1 0\n0\n"A"\n"B\n', {}, 5, 1, "never closed"),
    ("BLT too many", b"10001 1\n0\n", {}, 1, 1, "more than 10000"),
    ("PrefLib bare", b"1: 1,2\n", {"format": "preflib"}, 1, 0, "no header"),
    ("PrefLib cat", PREFLIB.replace(b"toi", b"cat"), {}, 2, 0, "the data type is “cat”"),
    ("PrefLib tie in soi", PREFLIB.replace(b"toi", b"soi"), {}, 10, 4, "a tie has no place in soi"),
    ("PrefLib gap in toc", PREFLIB.replace(b"toi", b"toc"), {}, 9, 0, "toc is complete"),
    ("PrefLib unknown", PREFLIB.replace(b"1: 3", b"1: 4"), {}, 11, 4, "no alternative 4; there are 3"),
    ("PrefLib twice", PREFLIB.replace(b"1: 3", b"1: 3,3"), {}, 11, 0, "ranked twice"),
    ("PrefLib no colon", PREFLIB.replace(b"1: 3", b"1 3"), {}, 11, 0, "no colon"),
    ("PrefLib brace", PREFLIB.replace(b"{1, 3}", b"{1, 3"), {}, 10, 3, "can't be read"),
    ("PrefLib weight", PREFLIB.replace(b"3: 1,2", b"nan: 1,2"), {}, 9, 1, "“nan” is no number of voters"),
    ("PrefLib voters", PREFLIB.replace(b"VOTERS: 6", b"VOTERS: 7"), {}, 4, 0, "says 7 voters"),
    ("PrefLib no name", PREFLIB.replace(b"NAME 3", b"NAME 4"), {}, 3, 0, "alternative 3 has no name"),
    ("PrefLib names", PREFLIB.replace(b"S: 3", b"S: 2"), {}, 3, 0, "too many names"),
    ("PrefLib name twice", PREFLIB.replace(b"Cy", b"Bo"), {}, 8, 0, "two options are called “Bo”"),
    ("PrefLib late header", PREFLIB + b"# TITLE: x\n", {}, 12, 1, "among the preferences"),
    ("PrefLib key twice", b"# TITLE: x\n" + PREFLIB, {}, 2, 0, "TITLE twice"),
    ("PrefLib bad header", b"# TITLE: x\n# what\n", {}, 2, 1, "KEY: value"),
    ("Scottish unknown", SCOTTISH.replace(b"2,3,", b"2,4,"), {}, 3, 2, "no option 4; there are 3"),
    ("Scottish weight", SCOTTISH.replace(b"5,1,2", b"9007199254740992,1,2"), {}, 2, 1, "more than"),
    ("Scottish short", b'2,1\n5,1,2\n"Candidate 1","Ada","R"\n', {}, 3, 0, "before the name of option 2"),
    ("Scottish nobody", b"0,1\n", {}, 1, 0, "nothing to elect"),
    ("unknown format", b"rank1\nA\n", {"format": "xml"}, 0, 0, "no format “xml”"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "arguments", "line", "column", "message"),
    [case[1:] for case in MALFORMED],
    ids=[str(case[0]) for case in MALFORMED],
)
def test_malformed_files_are_refused_where_they_are_wrong(
    data: bytes, arguments: dict[str, str], line: int, column: int, message: str
) -> None:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data, **arguments)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert len(str(caught.value)) < 300


@given(st.binary(max_size=200), st.sampled_from([None, *formats.FORMATS]))
def test_any_bytes_are_read_or_refused(data: bytes, format_: str | None) -> None:
    with suppress(formats.FormatError):
        formats.read(data, format=format_)


@given(
    st.sampled_from([BLT, PREFLIB, SCOTTISH, b"rank1,rank2,weight\nA,B,2\nB|A,overvote,1\n", b"A,B\n1,2\n"]),
    st.integers(0, 300),
    st.binary(max_size=3),
)
def test_damaged_files_are_read_or_refused(data: bytes, at: int, patch: bytes) -> None:
    with suppress(formats.FormatError):
        formats.read(data[:at] + patch + data[at + 1 :])


def test_ten_thousand_options() -> None:
    names = [f"option {number}" for number in range(10_000)]
    table = (",".join(names) + "\n" + ",".join("1" * 10_000) + "\n" + "5," + "0," * 9_998 + "0\n").encode()
    election = formats.read(table)
    assert election.count("score").winners == (1,)
    with pytest.raises(tally.TallyError, match="at most 500 options"):
        election.count("star")
    ranks = formats.read(("rank1\n" + "\n".join(names) + "\n" + names[3]).encode())
    assert ranks.count("single").winners == (4,)
    with pytest.raises(tally.TallyError, match="at most 1000 options"):
        ranks.count("irv")


@pytest.mark.parametrize("method", ["approval", "score", "points", "star"])
def test_ranks_are_no_scores(method: str) -> None:
    with pytest.raises(tally.TallyError, match="counts scores"):
        formats.read(b"rank1\nA\n").count(method)


AWKWARD = [
    "skipped",
    "overvote",
    "undervote",
    "A|B",
    "A\\B",
    "\\skipped",
    '=1+"A"',
    "\\-a, b",
    "weight",
    "\\weight",
    "=1+1|2",
    "-x",
    "\\=a",
    "@",
]


@given(rankings(tuple(range(1, 15)), untidy=True))
def test_ranks_come_back(counts: Ballots) -> None:
    names = dict(enumerate(AWKWARD, 1))
    text = formats.to_ranks_csv(names, counts)
    election = formats.read(text.encode(), options=AWKWARD)
    expected: Ballots = {}
    for ballot, times in counts.items():
        trimmed = ballot
        while trimmed and not trimmed[-1]:
            trimmed = trimmed[:-1]
        expected[trimmed] = expected.get(trimmed, 0) + times
    assert election.rankings == expected
    assert election.names == names


@given(st.dictionaries(st.tuples(*[st.integers(0, 9)] * 14), st.integers(0, 5), max_size=5))
def test_scores_come_back(scores: dict[tuple[int, ...], int]) -> None:
    names = dict(enumerate(AWKWARD, 1))
    election = formats.read(formats.to_scores_csv(names, scores).encode(), format="scores")
    assert (election.names, election.scores) == (names, scores)


@given(rankings(untidy=True))
def test_blt_and_preflib_come_back(counts: Ballots) -> None:
    names = {10: 'Ada "A" \\ One', 20: "Bo", 30: "Cy", 40: "#4", 50: "E é"}
    ids = dict(enumerate(names, 1))
    mine = {
        tuple(tuple(sorted(ids.get(o, o) for o in rank)) for rank in ballot): times for ballot, times in counts.items()
    }
    blt = formats.read(formats.to_blt(names, mine, seats=2, title="T").encode())
    tidy: Ballots = {}
    for ballot, times in counts.items():
        line = tuple(rank for rank in ballot if rank and rank != OVERVOTE)
        if times:
            tidy[line] = tidy.get(line, 0) + times
    assert (blt.rankings, list(blt.names.values()), blt.seats) == (tidy, list(names.values()), 2)
    text, kind = formats.to_preflib(names, mine, title="T")
    assert kind in {"soc", "soi", "toc", "toi"}
    preflib = formats.read(text.encode(), filename=f"x.{kind}")
    assert preflib.title == "T"
    assert (
        tally.pairwise_from_rankings(preflib.rankings or {}, preflib.names).pairwise
        == tally.pairwise_from_rankings(counts, dict(enumerate(names.values(), 1))).pairwise
    )


def test_tables_do_not_show_the_order_of_ballots() -> None:
    one = {((1,), (2,)): 2, ((2,),): 1}
    other = {((2,),): 1, ((1,), (2,)): 2}
    names = {1: "A", 2: "B"}
    assert formats.to_ranks_csv(names, one) == formats.to_ranks_csv(names, other) == "rank1,rank2,weight\nA,B,2\nB,,1\n"
    assert formats.to_blt(names, one) == formats.to_blt(names, other)
    assert formats.to_preflib(names, one) == formats.to_preflib(names, other)
