"""Filters find words however they are written, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.filters import key_of, matching, skeleton
from tests.unit.linear import check_linear


@pytest.mark.parametrize(
    "text",
    [
        "spam",
        "SPAM!",
        "buy,spam.now",
        "ｓｐａｍ",
        "spám",
        "s\u200bp\u00adam",
        "ѕраm",  # three Cyrillic letters
        "5p4m",
        "$p@m",
        "_spam_",
        "SPÄM",
    ],
)
def test_words_are_found_however_they_are_written(text: str) -> None:
    assert matching(text, [key_of("Spam")]) == key_of("spam")


@pytest.mark.parametrize("text", ["spammer", "antispam", "s pam", "spa m", "", "*", "spa"])
def test_other_words_are_left_alone(text: str) -> None:
    assert matching(text, [key_of("spam")]) is None


def test_a_star_stands_for_how_a_word_goes_on() -> None:
    assert matching("No spammers here", [key_of("spam*")])
    assert not matching("antispam", [key_of("spam*")])


def test_several_words_are_found_in_their_order() -> None:
    key = key_of("buy  FOLLOWERS")
    assert matching("Buy\nfollowers!", [key])
    assert not matching("followers buy", [key])
    assert not matching("buy more followers", [key])


@pytest.mark.parametrize("words", ["", "...", "*", " * ", "\u200b", "!!"[:0]])
def test_what_has_no_letters_is_no_filter(words: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        key_of(words)


@given(st.text(max_size=60))
def test_a_text_matches_itself_unless_it_has_no_letters(text: str) -> None:
    try:
        key = key_of(text)
    except ValueError:
        return
    assert matching(text, [key]) == key


@pytest.mark.parametrize("unit", ["a", "é", "a ", "*", "ﷺ", "а_", "🏴"])
def test_comparing_is_linear(unit: str) -> None:
    check_linear(skeleton, lambda number: unit * number, 20_000)
