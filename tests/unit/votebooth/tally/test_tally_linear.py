"""Each reader of ballots is fed n and 2n of the worst that is known of it, and does no more than grow with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from services.votebooth.tally import formats
from services.votebooth.tally.formats.header import Header
from tests.unit.linear import Maker, check_linear

PREFLIB = "# DATA TYPE: toi\n# NUMBER ALTERNATIVES: 1\n# ALTERNATIVE NAME 1: A\n"
EXPORTED = "rank1,cast,weight\n"
SPLIT = "\u0301\u034f"
"""A mark, and a sign that keeps it from the next until it is taken away."""


def header(form: str, n: int) -> str:
    return "".join(f"{line}\n" for line in Header(format=form, options=tuple(f"N{i}" for i in range(n))).lines())


def table(heading: str, rows: str, n: int) -> bytes:
    return f"{heading}\n{rows * n}".encode()


def document(ballots: str) -> bytes:
    definition = '{"options":[{"id":1,"label":"A"},{"id":2,"label":"B"}]}'
    return f'{{"format":"votewave","method":"irv","definition":{definition},"ballots":[{ballots}]}}'.encode()


CASES: dict[str, tuple[str, Maker, int]] = {
    # what: format, file, size
    "rows of ranks": ("ranks", lambda n: table("rank1,rank2", "A,B\n", n), 4_000),
    "columns of ranks": ("ranks", lambda n: ",".join(f"rank{i}" for i in range(1, n)).encode(), 400),
    "columns beside ranks": (
        "ranks",
        lambda n: ("rank1," + ",".join(f"c{i}" for i in range(n)) + "\n").encode(),
        3_000,
    ),
    "names of ranks": ("ranks", lambda n: ("rank1\n" + "".join(f"Name {i}\n" for i in range(n))).encode(), 3_000),
    "a cell of ranks": ("ranks", lambda n: b"rank1\n" + b"A|" * n + b"\n", 20_000),
    "a cell of backslashes": ("ranks", lambda n: b"rank1\n" + b"\\" * n + b"\n", 50_000),
    "a cell of blanks": ("ranks", lambda n: b"rank1\nA" + b" " * n + b"B\n", 50_000),
    "a cell of hyphens": ("ranks", lambda n: b"rank1\n" + b"- " * n + b"B\n", 30_000),
    "a cell of accents": ("ranks", lambda n: ("rank1\na" + "\u0301" * n + "\u0327" * n + "\n").encode(), 10_000),
    "a cell of accents by turns": ("ranks", lambda n: ("rank1\na" + SPLIT * n + "\u0327" * n + "\n").encode(), 5_000),
    "a heading of accents": ("ranks", lambda n: ("a" + "\u0301\u0327" * n + ",rank1\nx,A\n").encode(), 10_000),
    "empty rows": ("ranks", lambda n: b"rank1,rank2\n" + b",\n" * n, 10_000),
    "blank lines": ("ranks", lambda n: b"rank1,rank2\n" + b"\n" * n, 50_000),
    "quotation marks": ("ranks", lambda n: b'rank1\n"' + b'""' * n, 20_000),
    "an open quotation mark": ("ranks", lambda n: b'rank1\n"' + b"A\n" * n, 20_000),
    "cells beyond the header": ("ranks", lambda n: b"rank1\nA" + b"," * n + b"\n", 20_000),
    "columns of scores": ("scores", lambda n: (",".join(f"o{i}" for i in range(n)) + "\n" + "1," * n).encode(), 3_000),
    "a doubled last heading": ("scores", lambda n: ",".join([*map(str, range(n)), str(n - 1)]).encode(), 4_000),
    "headings alike at the end": (
        "scores",
        lambda n: (",".join(f"o{i}" for i in range(n)) + f",O{n - 1}").encode(),
        3_000,
    ),
    "headings to leave out": ("scores", lambda n: (",".join(f"Time {i}" for i in range(n)) + ",A\n").encode(), 3_000),
    "a heading of capitals": ("scores", lambda n: b"A" * n + b"b,c\n1,2\n", 20_000),
    "a number of scores": ("scores", lambda n: b"A\n" + b"9" * n + b"\n", 50_000),
    "rows of scores": ("scores", lambda n: table("A,B", "3,5\n", n), 4_000),
    "semicolons": ("scores", lambda n: b"A;" * n + b"\n", 20_000),
    "columns of names": ("scores", lambda n: (",".join(f"o{i}" for i in range(n)) + "\n" + "x," * n).encode(), 3_000),
    "rows of names": ("scores", lambda n: table("A,B", "x,y\n", n), 4_000),
    "a grid": ("grid", lambda n: table("Q [A],Q [B],Time", "1st,2,x\n", n), 3_000),
    "columns of a grid": ("grid", lambda n: (",".join(f"Q [o{i}]" for i in range(n)) + "\n").encode(), 2_000),
    "a cell of a grid": ("grid", lambda n: b"A,B\n1" + b" " * n + b"x,2\n", 50_000),
    "a heading of brackets": ("grid", lambda n: b"[" * n + b",A\n1,2\n", 50_000),
    "brackets after brackets": ("grid", lambda n: b"[]" * n + b",A\n1,2\n", 30_000),
    "questions of a grid": ("grid", lambda n: ",".join(f"Q{i} [A]" for i in range(n)).encode(), 2_000),
    "names of BLT": (
        "blt",
        lambda n: (f"{n} 1\n" + "1 1 0\n" * n + "0\n" + "".join(f'"N{i}"\n' for i in range(n))).encode(),
        2_000,
    ),
    "a ballot of BLT": ("blt", lambda n: f"1 1\n1 {'1 ' * n}0\n0\nA\n".encode(), 20_000),
    "a rank of BLT": ("blt", lambda n: f"1 1\n1 1{'=1' * n} 0\n0\nA\n".encode(), 20_000),
    "a name of BLT": ("blt", lambda n: b'1 1\n0\n"' + b"\\" * n + b'"\n', 20_000),
    "names of BLT in a line": ("blt", lambda n: f"{n} 1\n0\n".encode() + b'"A" ' * n, 5_000),
    "quotation marks of BLT": ("blt", lambda n: f"{n} 1\n0\n".encode() + b'"' * n, 20_000),
    "comments of BLT": ("blt", lambda n: b"# x\n" * n + b"1 1\n0\nA\n", 10_000),
    "withdrawals of BLT": ("blt", lambda n: b"1 1\n" + b"-1\n" * n + b"0\nA\n", 10_000),
    "a header of blanks": ("preflib", lambda n: b"# x" + b" " * n + b"y\n", 50_000),
    "a key of blanks": ("preflib", lambda n: b"#" + b" " * n + b"TITLE" + b" " * n + b"\n", 50_000),
    "keys": ("preflib", lambda n: "".join(f"# KEY {i}: x\n" for i in range(n)).encode(), 5_000),
    "blanks in a preference": ("preflib", lambda n: f"{PREFLIB}1: 1{' ' * n}{{1\n".encode(), 20_000),
    "braces in a preference": ("preflib", lambda n: f"{PREFLIB}1: {'{1},' * n}\n".encode(), 10_000),
    "open braces": ("preflib", lambda n: f"{PREFLIB}1: {'{' * n}\n".encode(), 20_000),
    "a tie": ("preflib", lambda n: f"{PREFLIB}1: {{{'1,' * n}1}}\n".encode(), 10_000),
    "rows of Scottish tables": ("scottish", lambda n: b"1,1\n" + b"1,1\n" * n + b'"C 1","A","R"\n', 4_000),
    "a row of Scottish tables": ("scottish", lambda n: b"1,1\n1" + b",1" * n + b'\n"C 1","A","R"\n', 10_000),
    "options of Scottish tables": (
        "scottish",
        lambda n: (f"{n},1\n" + "".join(f'"C {i + 1}","A","R{i}"\n' for i in range(n))).encode(),
        2_000,
    ),
    "commas at the end": ("scottish", lambda n: b"1,1" + b", " * n + b"x\n", 30_000),
    "ballots of a document": (
        "json",
        lambda n: document(",".join(['{"choice":{"ranking":[[1],[2]]},"count":1}'] * n)),
        2_000,
    ),
    "a choice of a document": ("json", lambda n: document(f'{{"choice":{{"ranking":{[1] * n}}},"count":1}}'), 10_000),
    "a doubled name of a document": (
        "json",
        lambda n: document("{" + ",".join(f'"n{i}":1' for i in range(n)) + f',"n{n - 1}":1}}'),
        4_000,
    ),
    "a number of a document": ("json", lambda n: document(f'{{"choice":{{"ranking":[{"9" * n}]}},"count":1}}'), 4_000),
    "an exported table": (
        "ranks",
        lambda n: f"{header('ranks', 1)}{EXPORTED}{'N0,marks,1' * n}".encode(),
        10_000,
    ),
    "names of an exported table": ("scores", lambda n: header("scores", n).encode(), 1_000),
    "a cell of an exported table": (
        "ranks",
        lambda n: f"{header('ranks', 1)}rank1,cast,weight\n{'N0|' * n},marks,1\n".encode(),
        10_000,
    ),
    "lines of an exported header": ("ranks", lambda n: b"# VoteWave: ranks\n" + b"# x: y\n" * n, 10_000),
}


def test_each_format_is_fed() -> None:
    assert {form for form, _, _ in CASES.values()} == set(formats.FORMATS)


@pytest.mark.parametrize("what", CASES)
def test_reading_grows_with_the_file(what: str) -> None:
    form, make, size = CASES[what]
    check_linear(lambda data: formats.read(data, format=form), make, size)


@pytest.mark.parametrize("what", CASES)
def test_guessing_grows_with_the_file(what: str) -> None:
    _, make, size = CASES[what]
    check_linear(formats.read, make, size)


def items(n: int) -> str:
    return ",".join(f"word {i}=skipped" for i in range(n))


LISTS: dict[str, tuple[Any, Maker, int]] = {
    "options": (formats.listed, lambda n: "".join(f"Name {i}\n" for i in range(n)).encode(), 3_000),
    "options of accents": (formats.listed, lambda n: ("a" + "\u0301\u0327" * n + "\n").encode(), 10_000),
    "words": (formats.words_of, items, 2_000),
    "words of equals signs": (formats.words_of, lambda n: "=" * n, 50_000),
    "words of accents": (formats.words_of, lambda n: "a" + "\u0301\u0327" * n + "=name", 5_000),
    "names": (formats.named, lambda n: '"A",' * n + '"', 20_000),
    "columns to ignore": (
        lambda names: formats.read(f"{','.join(names)},A\n{',' * len(names)}1\n".encode(), ignore=names),
        lambda n: [f"c{i}" for i in range(n)],
        2_000,
    ),
    "a list against a table": (
        lambda names: formats.read(f"{','.join(names)}\n{'1,' * len(names)}\n".encode(), options=names[::-1]),
        lambda n: [f"c{i}" for i in range(n)],
        2_000,
    ),
    "a list against ranks": (
        lambda names: formats.read("\n".join(["rank1", *names]).encode(), options=names[::-1]),
        lambda n: [f"c{i}" for i in range(n)],
        2_000,
    ),
    "a long name against a list": (
        lambda name: formats.read(f"rank1\n{name}\n".encode(), options=["A"]),
        lambda n: "a" + "\u0301\u0327" * n,
        5_000,
    ),
}


@pytest.mark.parametrize("what", LISTS)
def test_what_is_said_beside_the_file_is_read_in_time_that_grows_with_it(what: str) -> None:
    check_linear(*LISTS[what])


@pytest.mark.parametrize("value", ['"123456789x"', '"' + "9" * 5_000 + '"', "9" * 5_000, "1e99", "true", '"²"'])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    data = document(f'{{"choice":{{"ranking":[{value}]}},"count":1}}')
    with pytest.raises(formats.FormatError):
        formats.read(data)
    key = json.dumps(value.strip('"'), ensure_ascii=False)
    with pytest.raises(formats.FormatError):
        formats.read(document(f'{{"choice":{{"scores":{{{key}:1}}}},"count":1}}'))
