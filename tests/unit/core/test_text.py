import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.text import clean_line, clean_text, fold


def test_a_line_is_trimmed_and_composed() -> None:
    assert clean_line("  Cafe\u0301\u200b \n", 10) == "Café"
    assert clean_line("می\u200cخواهم", 20) == "می\u200cخواهم", "a joiner inside is part of the word"
    assert clean_line("👩\u200d💻 ❤\ufe0f", 20) == "👩\u200d💻 ❤\ufe0f"
    assert clean_line("\u200eשלום\u200f!", 20) == "שלום\u200f!"


def test_a_text_keeps_its_lines() -> None:
    assert clean_text(" a\r\nb\rc\u2028d\te\n\n", 20) == "a\nb\nc\nd\te"


@pytest.mark.parametrize(
    "value",
    [
        "a\ud800b",
        "a\x00b",
        "a\x1bb",
        "a\x9bb",
        "a\u202eb",
        "a\u202ab",
        "a\u2066b",
        "a\u2069b",
        "a\ufffeb",
        "a\U0001ffffb",
    ],
)
def test_what_could_deceive_or_break_is_refused(value: str) -> None:
    for clean in (clean_line, clean_text):
        with pytest.raises(ValueError, match=r"^This contains .*\.$"):
            clean(value, 100)


@pytest.mark.parametrize(
    "value", ["", "  ", "\u200b", "\u200d\u2060", "\u3164", "\u2800", "\ufe0f", "\u00ad", "\u115f\u1160"]
)
def test_what_looks_empty_is_refused(value: str) -> None:
    for clean in (clean_line, clean_text):
        with pytest.raises(ValueError, match="empty"):
            clean(value, 100)


def test_length_is_counted_after_cleaning() -> None:
    assert clean_line("  e\u0301  ", 1) == "é"
    with pytest.raises(ValueError, match="11 characters, and at most 10"):
        clean_line("x" * 11, 10)


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\u0085"])
def test_a_line_is_one_line(end: str) -> None:
    with pytest.raises(ValueError, match="single line"):
        clean_line(f"a{end}b", 10)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE\u0301"),
        ("yes", "y\u200bes"),
        ("Yes  please", "yes\u00a0please"),
        ("ＡＢＣ", "abc"),
        ("straße", "STRASSE"),
        ("❤", "❤\ufe0f"),
        ("ﬁne", "fine"),
    ],
)
def test_look_alikes_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_what_differs_stays_different() -> None:
    assert fold("a") != fold("b")
    england, scotland = (f"🏴{''.join(chr(0xE0000 + ord(c)) for c in code)}\U000e007f" for code in ("gbeng", "gbsct"))
    assert fold(england) != fold(scotland)


@given(st.text())
def test_folding_twice_changes_nothing(value: str) -> None:
    assert fold(fold(value)) == fold(value)


@given(st.text(max_size=40))
def test_cleaning_twice_changes_nothing(value: str) -> None:
    for clean in (clean_line, clean_text):
        try:
            cleaned = clean(value, 80)
        except ValueError:
            continue
        assert clean(cleaned, 80) == cleaned
        assert fold(cleaned) or cleaned
        cleaned.encode()
