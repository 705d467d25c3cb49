"""Tables as people have them: each is counted rightly, or refused with a hint that leads to the right count.

All of them hold the same five ballots, in one form or another: Ada, Bo, Cy twice; Bo, Ada, Cy twice; Cy, Ada once.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from services.votebooth.tally_cli import tally
from tests.results_by_name import by_name

RANKED = ["Ada,Bo,Cy", "Bo,Ada,Cy", "Ada,Bo,Cy", "Cy,Ada,", "Bo,Ada,Cy"]
ORDINALS = ["1st,2nd,3rd", "2nd,1st,3rd", "1st,2nd,3rd", "2nd,,1st", "2nd,1st,3rd"]
NUMBERS = ["1,2,3", "2,1,3", "1,2,3", "2,,1", "2,1,3"]
SCORES = ["5,3,0", "3,5,0", "5,3,0", "3,,5", "3,5,0"]


def table(header: str, rows: list[str], before: str = "", after: str = "", end: str = "\n") -> bytes:
    """Return a table; `#` in what stands around each row is its number."""
    lines = [
        before.replace("#", str(number)) + row + after.replace("#", str(number)) for number, row in enumerate(rows, 1)
    ]
    return (end.join([header, *lines]) + end).encode()


def german(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data.replace(b",", b";").replace(b"\n", b"\r\n")


RANKS = table("rank1,rank2,rank3", RANKED)
ASIDES = table("Zeitstempel,rank1,rank2,rank3,Wahllokal", RANKED, "5.11.2024 10:0#,", ",#")
TIMED = table("Timestamp,Ada,Bo,Cy", NUMBERS, "2024/11/05 10:0#,")
CHOICES = "Timestamp,Vote [1st choice],Vote [2nd choice],Vote [3rd choice]"
WORDS = [row.replace("1st", "First choice").replace("2nd", "Second choice") for row in ORDINALS]
GRID = table("Ada,Bo,Cy", ORDINALS)
GOOGLE = "Zeitstempel,E-Mail-Adresse,Rank them [Ada],Rank them [Bo],Rank them [Cy],Anything else?"
MONKEY = "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1"
MONKEYS = "114#,99#,11/05/2024 10:0#:00 AM,11/05/2024 10:1#:00 AM,10.0.0.#,,,,,"
LIME = '"Response ID","Date submitted","Last page","Start language","Seed"'
LIMES = '"#","2024-11-05 10:0#:00","1","en","12345#",'
MICROSOFT = "ID,Start time,Completion time,Email,Name"
MICROSOFTS = "#,11/5/24 10:0#:00,11/5/24 10:1#:00,anonymous,,"

COUNTED = {
    # what: file, arguments
    "ranks": (RANKS, "irv"),
    "ranks of Excel, UTF-8 with a mark and CRLF": (b"\xef\xbb\xbf" + RANKS.replace(b"\n", b"\r\n"), "irv"),
    "line ends of an old Mac": (RANKS.replace(b"\n", b"\r"), "irv"),
    "columns and rows that are empty": (table("rank1,rank2,rank3,,", [*RANKED, ",,", ",,"], "", ",,"), "irv"),
    "cells beyond the header, and no end of line": (table("rank1,rank2,rank3", RANKED, "", ",,").rstrip(), "irv"),
    "headings with blanks and capitals": (table("Rank 1,RANK_2, rank-3 ", RANKED), "irv"),
    "the same rank for no one": (table("rank1,rank2,rank3,rank4", RANKED, "", ",Skipped"), "irv"),
    "quoted cells": (table('"rank1","rank2","rank3"', ['"' + row.replace(",", '","') + '"' for row in RANKED]), "irv"),
    "a table that says its separator": (b"sep=;\r\n" + german(RANKS)[3:], "irv"),
    "Excel in German, named": (german(RANKS), 'irv --delimiter ";"'),
    "tabs, named": (RANKS.replace(b",", b"\t"), "irv --delimiter tab"),
    "columns aside of ranks": (ASIDES, "irv"),
    "weights": (b"rank1,rank2,rank3,Votes\nAda,Bo,Cy,2\nBo,Ada,Cy,2\nCy,Ada,,1\n", "irv"),
    "names in forms of Unicode, listed": (RANKS.replace(b"Ada", b"ADA", 1), "irv --options OPTIONS"),
    "a grid": (GRID, "irv --format grid"),
    "a grid of numbers, with a Timestamp": (TIMED, "irv --format grid"),
    "a grid of Google Forms": (
        table(GOOGLE, ORDINALS, "5.11.2024 10:0#,a#@example.org,", ",no # idea"), "irv --format grid"),
    "a grid of LimeSurvey": (
        table(f'{LIME},"R01[Ada]","R01[Bo]","R01[Cy]"', NUMBERS, LIMES),
        "irv --format grid",
    ),
    "a grid in words": (
        table("Ada,Bo,Cy", WORDS),
        "irv --format grid",
    ),
    "scores": (table("Ada,Bo,Cy", SCORES), "star"),
    "scores under a ranked method": (table("Ada,Bo,Cy", SCORES), "irv --format scores"),
    "scores with a Timestamp": (table("Timestamp,Ada,Bo,Cy", SCORES, "2024/11/05 10:0#,"), "star"),
    "scores with voters": (table("Voter,E-mail,Ada,Bo,Cy", SCORES, "v#,v#@example.org,"), "star --ignore Voter"),
}  # fmt: skip

FRENCH = german(table("Choix 1,Choix 2,Choix 3", RANKED))
QUOTED = table('"rank1,rank2,rank3"', [f'"{row}"' for row in RANKED])
COMMENTED = b"# exported on 2024-11-05\n" + RANKS
TITLED = table("Election of 2024,,\nrank1,rank2,rank3", RANKED)
NONE = RANKS.replace(b"Cy,Ada,\n", b"Cy,Ada,N/A\n")
COMMENTS = table("rank1,rank2,rank3,Comment,Comment", RANKED, "", ",so,so")

REFUSED = {
    # what: file, arguments, the hints that lead to the count, or what it says is to be done to the file
    "Excel in German": (german(RANKS), "irv", 1),
    "tabs": (RANKS.replace(b",", b"\t"), "irv", 1),
    "Excel in German, scores": (german(table("Ada,Bo,Cy", SCORES)), "star", 1),
    "a grid nobody named": (GRID, "irv", 1),
    "a grid of numbers nobody named": (table("Ada,Bo,Cy", NUMBERS), "irv", 1),
    "a grid of numbers under approval": (table("Ada,Bo,Cy", NUMBERS), "schulze", 1),
    "columns of choices": (table("1st choice,2nd choice,3rd choice", RANKED), "irv", 1),
    "columns of choices in words": (table("First choice,Second choice,Third choice", RANKED), "irv", 1),
    "ranks of LimeSurvey": (table(f'{LIME},"R01[1]","R01[2]","R01[3]"', RANKED, LIMES), "irv", 1),
    "ranks of Google Forms": (
        table(CHOICES, RANKED, "2024/11/05 10:0#,"), "irv", 1),
    "a grid of Microsoft Forms": (
        table(f"{MICROSOFT},Ada,Bo,Cy,Why?", ORDINALS, MICROSOFTS, ",why # not"), "irv", 3),
    "scores of Microsoft Forms": (table(f"{MICROSOFT},Ada,Bo,Cy,Why?", SCORES, MICROSOFTS, ",why # not"), "star", 2),
    "scores with a column of questions": (
        table('"What, if anything, do you say?",Ada,Bo,Cy', SCORES, "it is #,"), "star", 1),
    "scores by precinct, in numbers": (table("Precinct,Ada,Bo,Cy", SCORES, "#,"), "star", 1),
    "scores with a column of totals": (table("Ada,Bo,Cy,Total", SCORES, "", ",8"), "star", 1),
    "words of one's own": (
        table("rank1,rank2,rank3,rank4", RANKED, "", ",writein"), "irv --options OPTIONS", 1),
    "two questions": (
        table("A [Ada],A [Bo],A [Cy],B [Ada],B [Bo],B [Cy]", [f"{row},{row}" for row in ORDINALS]),
        "irv --format grid", 1),
    "two counts": (table("rank1,rank2,rank3,weight,votes", RANKED, "", ",1,7"), "irv", 1),
    "Excel in French": (FRENCH, "irv", 2),
    "a word for nothing": (NONE, "irv", 1),
    "a word for nothing in scores": (table("Ada,Bo,Cy", ["5,3,n/a", *SCORES[1:]]), "star", 1),
    "a word for nothing in a grid": (table("Ada,Bo,Cy", [row.replace(",,", ",None,") for row in ORDINALS]),
        "irv --format grid", 1),
    "two columns of comments": (COMMENTS, "irv", 1),
    "an Excel workbook": (b"PK\x03\x04\x14\x00\x06\x00", "irv", "a table as CSV"),
    "lines in quotation marks": (QUOTED, "irv", "outside of quotation marks"),
    "bars": (RANKS.replace(b",", b"|"), "irv", "commas, semicolons or tabs separate cells"),
    "a comment above the headings": (COMMENTED, "irv", "the first line has the headings"),
    "a title above the headings": (TITLED, "irv", "keep one line of headings"),
    "scores of pandas": (table("Ada,Bo,Cy", [row.replace(",", ".0,") for row in SCORES]), "star", "write 5"),
    "UTF-16": (RANKS.decode().encode("utf-16"), "irv", "save it as UTF-8"),
    "UTF-16 without a mark": (RANKS.decode().encode("utf-16-le"), "irv", "save it as UTF-8"),
    "Windows": (table("rank1,rank2,rank3", [*RANKED, "Zoë,Ada,"]).decode().encode("cp1252"), "irv", "save it as UTF-8"),
    "a row of totals": (table("Voter,Ada,Bo,Cy", [*SCORES[:5], "19,16,5"], "v#,").replace(b"v6", b"Total"),
        "star --ignore Voter", "take it out"),
    "a row of totals without a name": (table("Ada,Bo,Cy", [*SCORES, "19,16,5"]), "star", "take it out"),
    "a row of totals below ranks": (table("rank1,rank2,rank3,weight", [*(f"{row},1" for row in RANKED), "Total,,,5"]),
        "irv", "take it out"),
    "two lines of headings, of SurveyMonkey": (
        table(f"{MONKEY},Rank them,,\n,,,,,,,,,Ada,Bo,Cy", NUMBERS, MONKEYS), "irv --format grid",
        "keep one line of headings"),
    "names that differ in case": (RANKS.replace(b"Ada", b"ADA", 1), "irv", "write them alike"),
    "a name with a comma": (table("rank1,rank2,rank3", [*RANKED, "Ada, Countess,Bo,Cy"]), "irv", "in quotation marks"),
    "Microsoft's list of ranks in a cell": (
        table(f"{MICROSOFT},Rank them", [row.replace(",", ";") for row in RANKED], MICROSOFTS), "irv",
        "rank1, rank2"),
}  # fmt: skip

HINT = re.compile(r"""--[a-z]+ (?:'[^']*'|"[^"]*"|[^\s;,]+)""")


def counted(folder: Path, data: bytes, arguments: str) -> tuple[int, str]:
    (folder / "ballots.csv").write_bytes(data)
    (folder / "options.txt").write_text("Ada\nBo\nCy\n")
    words = shlex.split(arguments.replace("OPTIONS", str(folder / "options.txt")))
    result = CliRunner().invoke(tally, [str(folder / "ballots.csv"), "--json", "--method", *words])
    return result.exit_code, result.stdout if result.exit_code == 0 else result.stderr


def check(output: str) -> None:
    answer = by_name(json.loads(output))
    assert set(answer["tie_order"]) >= {"Ada", "Bo", "Cy"}
    assert len(answer["tie_order"]) == 3, answer
    assert (answer["ballots"], answer["winners"], answer["abstentions"]) == (5, ["Ada"], 0), answer


@pytest.mark.parametrize("what", COUNTED)
def test_what_is_certain_is_counted(what: str, tmp_path: Path) -> None:
    data, arguments = COUNTED[what]
    code, output = counted(tmp_path, data, arguments)
    assert code == 0, output
    check(output)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_certain_is_refused_with_what_leads_to_the_count(what: str, tmp_path: Path) -> None:
    data, arguments, hints = REFUSED[what]
    code, output = counted(tmp_path, data, arguments)
    assert code == 2, output
    if isinstance(hints, str):
        assert hints in output
        return
    for _ in range(hints):
        assert code == 2, output
        hint = HINT.search(output)
        assert hint is not None, output
        arguments = merged(arguments, hint[0])
        code, output = counted(tmp_path, data, arguments)
    assert code == 0, output
    check(output)


def merged(arguments: str, hint: str) -> str:
    """Add an option; what is to be ignored is added to what is."""
    option, value = shlex.split(hint)
    words = shlex.split(arguments)
    if option == "--ignore" and option in words:
        place = words.index(option) + 1
        words[place] += f",{value}"
        return shlex.join(words)
    return shlex.join([*words, option, value])
