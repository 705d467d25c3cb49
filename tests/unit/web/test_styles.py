"""The client's style sheets: what makes every page slow."""

import re
from pathlib import Path

SOURCES = Path("frontend/src")
RULE = re.compile(r"([^{}]+)\{")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CHEAP = re.compile(r"\.[\w-]+:has\(:[a-z-]+\)")


def test_nothing_is_looked_for_below_what_holds_a_whole_page() -> None:
    """`html:has(.bar)` or `li:has(+ .wish)` has a browser look again at each element that is put anywhere into a page.

    A feed of twenty entries took a phone 0.2 s longer by them. A part of a class of its own that asks for the state of
    the field in it costs nothing elsewhere.
    """
    costly = [
        (sheet.name, selector.strip())
        for sheet in SOURCES.rglob("*.css")
        for rule in RULE.findall(COMMENT.sub("", sheet.read_text()))
        for selector in rule.split(",")
        if ":has(" in selector and not CHEAP.fullmatch(selector.strip())
    ]
    assert costly == []
