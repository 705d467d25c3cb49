"""What a user may send costs in proportion to its size: each reader is fed n and 2n of the worst that is known."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from services.core.data.pagination import decode_cursor
from services.core.http.request import check_json
from services.core.problems import Problem
from services.core.text import clean_line, clean_text, fold

Reader = Callable[[Any], object]
Maker = Callable[[int], Any]

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
    "a line of combining accents": (lambda it: clean_line(it, _LONGEST), lambda n: "a" + "\u0301" * n, 4_000),
    "a name of flags to compare": (fold, lambda n: "\U0001f3f4\U000e0067\U000e007f" * n, 4_000),
    "a name of ignorables to compare": (fold, lambda n: "\u00ad\u200b" * n, 4_000),
    "a name of ligatures to compare": (fold, lambda n: "\ufdfa\u0345" * n, 2_000),
    "a cursor": (lambda it: decode_cursor(it, str), lambda n: "A" * n, 50_000),
}


def seconds(read: Reader, given: Any) -> float:
    """Return the processor time that the quickest of five readings took; what is refused is read, too."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        with contextlib.suppress(Problem, ValueError):
            read(given)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("case", CASES)
def test_twice_as_much_takes_no_more_than_thrice_as_long(case: str) -> None:
    read, make, size = CASES[case]
    once, twice = seconds(read, make(size)), seconds(read, make(2 * size))
    assert twice < 3 * once + 0.002, f"{once * 1000:.1f} ms, then {twice * 1000:.1f} ms"
