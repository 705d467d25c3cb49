"""What a user may send costs in proportion to its size: each reader is fed n and 2n of the worst that is known."""

import json
import sys
import unicodedata

import pytest
from services.core.data.pagination import decode_cursor
from services.core.http.request import check_json
from services.core.text import clean_line, clean_text, fold, is_stacked
from tests.unit.linear import Maker, Reader, check_linear

_LONGEST = 10**9


def names(count: int, last: str) -> bytes:
    return ("{" + "".join(f'"{i}":0,' for i in range(count)) + f'"{last}":0}}').encode()


CASES: dict[str, tuple[Reader, Maker, int]] = {
    "an object whose last name is its first again": (check_json, lambda n: names(n, "0"), 4_000),
    "an object whose last name is the one before": (check_json, lambda n: names(n, str(n - 1)), 4_000),
    "an object of many names": (check_json, lambda n: names(n, "last"), 4_000),
    "a list of many objects": (check_json, lambda n: json.dumps([{"a": 1}] * n).encode(), 4_000),
    "a line of blanks by turns": (lambda it: clean_line(it, _LONGEST), lambda n: " \u200b" * n + "a", 4_000),
    "a text of blanks by turns": (lambda it: clean_text(it, _LONGEST), lambda n: "a" + "\n\ufeff" * n, 4_000),
    "a text of ends of lines": (lambda it: clean_text(it, _LONGEST), lambda n: "a" + "\r\n\r" * n + "a", 4_000),
    "a line of accents": (lambda it: clean_line(it, _LONGEST), lambda n: "a" + "\u0301" * n + "\u0327" * n, 2_000),
    "a line of marks that come apart": (lambda it: clean_line(it, _LONGEST), lambda n: "a" + "\u0f73" * n, 2_000),
    "a text of accents by turns": (lambda it: clean_text(it, _LONGEST), lambda n: "a" + "\u0301\u0327" * n, 2_000),
    "a name of accents to compare": (fold, lambda n: "\u0301\u034f" * n + "\u0327\u034f" * n, 2_000),
    "a name of voiced marks to compare": (fold, lambda n: "\u0301\uff9e" * n, 2_000),
    "a line of combining accents": (lambda it: clean_line(it, _LONGEST), lambda n: "a" + "\u0301" * n, 4_000),
    "a name of flags to compare": (fold, lambda n: "\U0001f3f4\U000e0067\U000e007f" * n, 4_000),
    "a name of ignorables to compare": (fold, lambda n: "\u00ad\u200b" * n, 4_000),
    "a name of ligatures to compare": (fold, lambda n: "\ufdfa\u0345" * n, 2_000),
    "a cursor": (lambda it: decode_cursor(it, str), lambda n: "A" * n, 50_000),
}


@pytest.mark.parametrize("case", CASES)
def test_twice_as_much_takes_no_more_than_thrice_as_long(case: str) -> None:
    read, make, size = CASES[case]
    check_linear(read, make, size)


def test_a_text_of_ordinary_marks_is_taken() -> None:
    assert clean_line("e\u0301" * 50 + "x\u0301\u0327", 200) == "é" * 50 + "x\u0327\u0301"
    assert fold("Ṩ" * 50) == "ṩ" * 50
    with pytest.raises(ValueError, match="too many accents"):
        clean_line("a" + "\u0301" * 31, 200)


def test_what_comes_apart_into_marks_is_known() -> None:
    """Signs that aren't marks and become nothing but marks in a normal form."""
    signs = [chr(code) for code in range(sys.maxunicode + 1)]
    made = {sign for sign in signs if all(map(unicodedata.combining, unicodedata.normalize("NFKD", sign)))}
    assert {sign for sign in made if not is_stacked("a" + sign * 31)} == set()
