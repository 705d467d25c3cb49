"""Files that say what they are: what is read of them, and where they are refused."""

from __future__ import annotations

import json
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

RANKS = b"""# VoteWave: ranks
# method: stv
# seats: 2
# seed: ab12
"# options: [""Ada"", ""weight"", ""Cy|D""]"
rank1,rank2,cast,weight
Ada,Cy\\|D,marks,3
weight|Ada,,marks,1
,,abstain,2
"""
SCORES = b"""# VoteWave: scores
# method: star
# max_score: 9
"# options: [""# seats: 7"", ""cast""]"
# seats: 7,cast,cast,weight
9,3,marks,2
,,empty,1
"""
DOCUMENT: dict[str, Any] = {
    "format": "votewave",
    "seed": "ab12",
    "definition": {"method": {"type": "approval"}, "options": [{"id": 4, "label": "Ada"}, {"id": 2, "label": "Bo"}]},
    "result": None,
    "ballots": [{"choice": {"picks": [2]}, "cast": "marks", "count": 2}, {"choice": {"abstain": True}, "count": 1}],
}


def document(**changes: Any) -> bytes:
    return json.dumps({**DOCUMENT, **changes}).encode()


def defined(**changes: Any) -> dict[str, Any]:
    return {**DOCUMENT["definition"], **changes}


def test_a_table_of_ranks_is_read_by_its_header() -> None:
    election = formats.read(RANKS)
    assert election.names == {1: "Ada", 2: "weight", 3: "Cy|D"}
    assert election.rankings == {((1,), (3,)): 3, ((1, 2),): 1, (): 2}
    assert (election.method, election.seats, election.seed, election.notes) == ("stv", 2, "ab12", ())
    result = election.count()
    assert (result.method, result.seats, result.seed, result.ballots) == ("stv", 2, "ab12", 6)


def test_labels_like_lines_of_the_header_are_labels() -> None:
    election = formats.read(SCORES)
    assert election.names == {1: "# seats: 7", 2: "cast"}
    assert (election.scores, election.seats, election.top) == ({(9, 3): 2, (0, 0): 1}, None, 9)
    assert election.count().abstentions == 1


def test_the_json_of_an_export_is_read() -> None:
    election = formats.read(document())
    assert (election.names, election.scores) == ({4: "Ada", 2: "Bo"}, {(0, 1): 2, (0, 0): 1})
    result = election.count()
    assert (result.method, result.winners, result.abstentions, result.seed) == ("approval", (2,), 1, "ab12")


@pytest.mark.parametrize("data", [RANKS, SCORES])
def test_a_table_that_a_spreadsheet_saved_again_is_the_same(data: bytes) -> None:
    lines = data.decode().splitlines()
    padded = [f"{line},," if line.startswith(("# ", '"# ')) and "weight" not in line[-6:] else line for line in lines]
    assert formats.read(("\ufeff" + "\r\n".join(padded) + "\r\n").encode()) == formats.read(data)


def test_what_the_caller_says_goes_before_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(RANKS)
    out = by_name(json.loads(CliRunner().invoke(command, [str(path), "--json"]).stdout))
    assert (out["method"], out["seats"], out["seed"]) == ("stv", 2, "ab12")
    other = ["--method", "schulze", "--seats", "1", "--seed", "", "--json"]
    out = by_name(json.loads(CliRunner().invoke(command, [str(path), *other]).stdout))
    assert (out["method"], out["seats"], out["seed"]) == ("schulze", 1, "")
    options = tmp_path / "options.txt"
    options.write_text("Ada\nweight\n")
    refused = CliRunner().invoke(command, [str(path), "--options", str(options)])
    assert (refused.exit_code, "“Cy|D”" in refused.stderr) == (2, True)


REFUSED = [
    (RANKS.replace(b": ranks", b": rancs"), 1, "there is no format “rancs”"),
    (RANKS.replace(b"stv", b"lot"), 2, "“lot” is no method"),
    (RANKS.replace(b"seats: 2", b"seats: two"), 3, "no number of seats"),
    (RANKS.replace(b"seed: ab12", b"seats: 3"), 4, "says seats twice"),
    (RANKS.replace(b'[""', b'""'), 5, "can't be read as a JSON list"),
    (RANKS.replace(b'""Ada""', b"7"), 5, "no JSON list of names"),
    (RANKS.replace(b"Cy|D", b"ADA"), 5, "differ in case"),
    (RANKS.replace(b'"# options', b'"# optoins'), 5, "doesn't say which options"),
    (RANKS.replace(b"cast,weight", b"cast,Weight"), 6, "aren't the columns of an export"),
    (RANKS.replace(b"Ada,Cy", b"Bo,Cy"), 7, "“Bo” is no option"),
    (RANKS.replace(b"marks,1", b"marks,1,"), 8, "5 cells"),
    (RANKS.replace(b"abstain,2", b"abstain,-2"), 9, "“-2” is no weight"),
    (RANKS.replace(b",,abstain,2", b'"'), 9, "no CSV"),
    (SCORES.replace(b"9,3,", b"9,x,"), 6, "“x” is no score"),
    (document()[:-1], 1, "no JSON"),
    (document(format="other"), 0, "isn't VoteWave's"),
    (document(definition=defined(method="approval")), 0, "definition.method is no object"),
    (document(definition=defined(method={"type": "lot"})), 0, "definition.method.type is none of"),
    (document(definition=defined(method={"type": "approval", "seats": 0})), 0, "definition.method.seats is 0"),
    (document(seed=7), 0, "seed is no text"),
    (document(ballots={}), 0, "ballots is no list"),
    (document(ballots=[{"choice": {"picks": [3]}, "count": 1}]), 0, "ballots[0].choice.picks names the option 3"),
    (document(ballots=[{"choice": {"picks": [True]}, "count": 1}]), 0, "names the option True"),
    (document(ballots=[{"choice": {"picks": [2]}, "count": True}]), 0, "ballots[0].count is no whole number"),
    (document(ballots=[{"choice": {"ranking": [2]}, "count": 1}]), 0, "none of the marks that the method takes"),
    (document(ballots=[{"choice": {}, "count": 1}]), 0, "more or less than one thing"),
    (document(ballots=[{"choice": {"scores": {"2": -1}}, "count": 1}]), 0, "no whole number"),
    (
        document(definition=defined(method={"type": "irv"}), ballots=[{"choice": {"ranking": [2, 2]}, "count": 1}]),
        0,
        "ranks an option twice",
    ),
    (document(definition=defined(options=[{"id": 1, "label": "A"}, {"id": 1, "label": "B"}])), 0, "no id of its own"),
    (b'{"format":"votewave","format":"votewave"}', 0, "“format” twice"),
    (b'{"a":' * 100_000, 0, "nested too deeply"),
    (b'{"a":1' + b"0" * 9_000 + b"}", 0, "no export"),
    (b'{"a":NaN}', 0, "“NaN” is no whole number"),
]


@pytest.mark.parametrize(("data", "line", "message"), REFUSED, ids=[case[2] for case in REFUSED])
def test_what_is_not_as_it_was_written_is_refused(data: bytes, line: int, message: str) -> None:
    with pytest.raises(formats.FormatError) as caught:
        formats.read(data)
    assert message in str(caught.value)
    assert caught.value.line == line


def test_a_format_that_contradicts_the_file_is_refused() -> None:
    with pytest.raises(formats.FormatError, match="says that it is ranks"):
        formats.read(RANKS, format="scores")


def test_a_file_that_says_no_method_is_not_counted_without_one() -> None:
    with pytest.raises(tally.TallyError, match="--method"):
        formats.read(b"rank1\nAda\n").count()


HEAD = b'# VoteWave: ranks\n"# options: [""A"", ""B""]"\n'
GROWING: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "lines of a header": (4_000, lambda n: b"# VoteWave: ranks\n" + b"# a: b\n" * n),
    "options": (
        1_000,
        lambda n: b"# VoteWave: ranks\n# options: " + json.dumps([f"N{i}" for i in range(n)]).encode() + b"\n",
    ),
    "empty ranks": (
        10_000,
        lambda n: (
            HEAD + ",".join(f"rank{i}" for i in range(1, n + 1)).encode() + b",cast,weight\n" + b"," * n + b",1\n"
        ),
    ),
    "a cell of ranks": (30_000, lambda n: HEAD + b"rank1,cast,weight\n" + b"A|" * n + b",,1\n"),
    "a doubled field": (10_000, lambda n: b"{" + b"".join(b'"%d":1,' % i for i in range(n)) + b'"%d":1}' % (n - 1)),
    "ballots": (2_000, lambda n: document(ballots=[{"choice": {"picks": [2]}, "count": 1}] * n)),
}


@pytest.mark.parametrize("what", GROWING)
def test_reading_grows_with_what_is_read(what: str) -> None:
    size, made = GROWING[what]
    check_linear(formats.read, made, size)
