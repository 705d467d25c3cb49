"""Join codes are read however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.codes import ALPHABET, new_code, read_code
from services.core.http.api import matches


def test_a_code_has_eight_signs_that_nobody_confuses() -> None:
    assert not set("01OIL") & set(ALPHABET)
    assert not set("AEIOUY") & set(ALPHABET)
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in (new_code() for _ in range(100)))


@pytest.mark.parametrize("typed", ["7K3MPX2C", "7k3mpx2c", "7K3M-PX2C", " 7k3m px2c "])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == "7K3MPX2C"


@given(st.text(max_size=20))
def test_what_cant_be_a_code_is_none(typed: str) -> None:
    code = read_code(typed)
    assert code is None or (len(code) == 8 and set(code) <= set(ALPHABET))


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ('"3-open"', True),
        ('W/"3-open"', True),
        ('"1-open", "3-open"', True),
        ("*", True),
        ('"2-open"', False),
        ("", False),
        ("3-open", False),
    ],
)
def test_etags_match_as_http_says(header: str, good: bool) -> None:
    assert matches(header, '"3-open"') is good
