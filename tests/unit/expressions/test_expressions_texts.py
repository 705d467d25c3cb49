"""What Waves say is cut into pieces that are the whole text, in time that grows with its length alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.core.emoji import clean_emoji
from services.core.marked import Piece, cut, joined, targets
from services.expressions.texts import MAX_BYTES, MAX_CHARACTERS, clean
from tests.unit.linear import check_linear


def marked(text: str) -> list[tuple[str, str]]:
    """Return what a text mentions, tags and links."""
    return [(piece.type, piece.target) for piece in cut(text) if piece.type != "text"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ada, hello", [("mention", "ada")]),
        ("(@ada)", [("mention", "ada")]),
        ("ada@example.org @ab @1st @adaé a/@ada @@ada", []),
        ("#Rīga #ＲＩＧＡ #riga!", [("tag", "rīga"), ("tag", "riga"), ("tag", "riga")]),
        ("#हिन्दी #日本 ＃東京", [("tag", "हिन्दी"), ("tag", "日本"), ("tag", "東京")]),
        ("#1 #2026 #__ ## a#b #", []),
        ("#1st", [("tag", "1st")]),
        ("https://example.org/a#b,", [("link", "https://example.org/a#b")]),
        ("(https://example.org/c).", [("link", "https://example.org/c")]),
        ("https://example.org/c_(d)", [("link", "https://example.org/c_(d)")]),
        ("http://@ada https://", [("link", "http://@ada")]),
        ("javascript:alert(1) ftp://example.org", []),
    ],
)
def test_what_is_marked(text: str, found: list[tuple[str, str]]) -> None:
    assert marked(text) == found


@given(st.text(st.sampled_from("@#＃ab1_-/.:)( \n\u200d\u0301é") | st.characters(codec="utf-8"), max_size=200))
def test_pieces_are_the_whole_text(text: str) -> None:
    pieces = cut(text)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert pieces == joined(pieces)


def test_plain_pieces_in_a_row_are_one() -> None:
    pieces = [Piece("text", "a"), Piece("text", "b"), Piece("tag", "#c", "c"), Piece("text", "d")]
    assert [piece.text for piece in joined(pieces)] == ["ab", "#c", "d"]


def test_what_is_named_twice_is_one() -> None:
    assert targets(cut("@ada #a @Ada #A @ben"), "mention") == ["ada", "ben"]


@pytest.mark.parametrize(
    "unit",
    ["@", "#", "@a", "#a", "@abc ", "#a\u200d", "#\u200d", "https://", "http", "https://)", "(", "@ab@", "#1", "＃#"],
)
def test_cutting_is_linear(unit: str) -> None:
    check_linear(cut, lambda number: unit * number, 20_000)


@pytest.mark.parametrize("unit", ["\U0001f1e6", "\U0001f468\u200d", "e\u0301", "a"])
def test_what_is_too_long_is_refused_at_once(unit: str) -> None:
    check_linear(lambda text: clean(text, MAX_CHARACTERS), lambda number: unit * number, MAX_BYTES)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("\u2764", "\u2764\ufe0f"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
        ("\U0001f1f1\U0001f1fb", "\U0001f1f1\U0001f1fb"),
    ],
)
def test_an_emoji_has_one_spelling(given: str, kept: str) -> None:
    assert clean_emoji(given) == clean_emoji(kept) == kept
