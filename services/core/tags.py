"""Tags: words after a number sign that texts are found by, the same in whatever is published, followed and listed.

A tag may be written in any script: it consists of what words consist of (UAX #31), and isn't of digits alone.
`#Ökonomie` and `#ökonomie` are one tag; `#okonomie` is another one.
"""

import unicodedata

from services.core.text import fold

MOST_IN_A_TEXT = 20

LONGEST = 100
"""Characters of a tag as it is written."""

PATTERN = r"(?<![\p{XID_Continue}#＃&/])[#＃](?P<tag>[\p{XID_Continue}\u200c\u200d]{1,100})(?![\p{XID_Continue}])"
"""Of `regex`, which knows these properties. It looks at no part of a text twice."""

_SIGNS = "#＃"
_JOINERS = "\u200c\u200d"
_DOTS = "\u30fb\uff65"
"""Between parts of Japanese words; they go on a word since Unicode 15.1."""

_MOST_BYTES = 400


def tag_of(written: str) -> str | None:
    """Return a tag as it is compared, without its number sign; None if it isn't one."""
    written = written.lstrip(_SIGNS)
    if not 0 < len(written) <= LONGEST or not all(_in_words(c) or c in _JOINERS for c in written):
        return None
    tag = fold(written)
    is_word = any(c != "_" and unicodedata.category(c)[0] != "N" for c in tag)
    return tag if is_word and len(tag.encode()) <= _MOST_BYTES and all(map(_in_words, tag)) else None


def tags_in(*texts: str) -> list[str]:
    """Return the tags of texts as they are compared, each once and in order; the first ones if they are many."""
    marked = [text for text in texts if any(sign in text for sign in _SIGNS)]
    if not marked:
        return []
    import regex  # noqa: PLC0415  (takes memory that services don't need whose texts have no tags)

    found = (tag_of(match["tag"]) for text in marked for match in regex.finditer(PATTERN, text))
    return list(dict.fromkeys(tag for tag in found if tag))[:MOST_IN_A_TEXT]


def _in_words(character: str) -> bool:
    """Say whether a character may go on a word (XID_Continue), which is what may go on an identifier."""
    return f"a{character}".isidentifier() or character in _DOTS
