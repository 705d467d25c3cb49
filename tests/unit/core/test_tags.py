"""Tags are the same wherever they are read: in texts, and by themselves."""

import unicodedata

import pytest
import regex
from services.core.marked import cut, targets
from services.core.tags import LONGEST, tag_of, tags_in
from tests.unit.linear import check_linear

WRITTEN = ["sea", "Sea_2", "２０２６年", "größe", "日本", "हिन्दी", "क्\u200dष", "נבחרות", "1a", "a" * 100, "Ⅻa", "ǅ"]
NOT_TAGS = ["", "12", "_", "a-b", "a b", "a" * 101, "\u200d", "🌊", "a.b", "ﷺ", "٣", "\u0000"]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_tag_is_the_same_in_a_wave_a_poll_and_by_itself(written: str) -> None:
    tag = tag_of(written)
    assert tag is not None
    assert tag_of(tag) == tag_of(f"#{tag}") == tag
    assert tags_in(f"About #{written}, and ＃{written}.") == [tag]
    assert targets(cut(f"About #{written}."), "tag") == [tag]


@pytest.mark.parametrize("written", NOT_TAGS)
def test_what_is_no_tag_is_none_anywhere(written: str) -> None:
    assert tag_of(written) is None
    assert written not in targets(cut(f"#{written}"), "tag")


def test_every_letter_of_a_word_is_one_to_both_ways_of_asking() -> None:
    """Python's own tables and those of `regex` may be of different versions of Unicode, but not of different minds."""
    letters = [chr(code) for code in range(0x11_0000) if not 0xD800 <= code < 0xE000]
    ours = {letter for letter in letters if tag_of(f"a{letter}") is not None}
    theirs = set(regex.findall(r"\p{XID_Continue}", "".join(letters)))
    assert not ours - theirs
    assert not [letter for letter in theirs - ours if unicodedata.category(letter) != "Cn"]


def test_texts_have_so_many_tags_and_take_no_more_time_for_them() -> None:
    assert len(tags_in(" ".join(f"#t{number}" for number in range(50)))) == 20
    assert tags_in("no sign, no tag") == []
    assert LONGEST == 100
    check_linear(tags_in, lambda size: "#a" * size, 20_000)
    check_linear(tags_in, lambda size: "#" + "a" * size, 20_000)
