"""What Waves say: cleaned, measured as people see it, and cut where it mentions, tags or links.

`regex` knows Unicode's properties, which `re` doesn't: what one character is to the eye (UAX #29), and what words
consist of (UAX #31), so that a tag may be written in any script.
"""

from typing import Literal

import regex
from msgspec import Struct

from services.core.tags import MOST_IN_A_TEXT, PATTERN, tag_of
from services.core.text import clean_text

MAX_CHARACTERS = 500
"""As people see them: a flag, or a letter with its accents, is one."""

MAX_BYTES = 4_000
"""In UTF-8. One character to the eye may consist of any number of code points."""

MAX_MENTIONS = 20
MAX_TAGS = MOST_IN_A_TEXT

_CHARACTER = regex.compile(r"\X")
# Each alternative begins with a sign of its own and takes what it matches, so no part of a text is looked at often.
_MARKED = regex.compile(
    r"""(?P<link>https?://[^\s<>"\\^`{|}]+)"""
    r"|(?<![\p{XID_Continue}@/])@(?P<mention>[A-Za-z][A-Za-z0-9_-]{2,29})(?![\p{XID_Continue}@-])"
    rf"|{PATTERN}"
)
_AFTER_LINK = ".,;:!?'*_~]"


class Piece(Struct, frozen=True, array_like=True):
    """A piece of a text.

    Attributes:
        type: What it is.
        text: As it was written; pieces in a row are the whole text.
        target: Whom it mentions (an account), the tag as it is compared, or the address; empty for plain text.
    """

    type: Literal["text", "mention", "tag", "link"]
    text: str
    target: str = ""


def clean(value: str, most: int) -> str:
    """Return a Wave's text as it is stored.

    Raises:
        ValueError: It can't be accepted; the message is a sentence for the one who wrote it.
    """
    value = clean_text(value, MAX_BYTES)
    # Before characters are counted: of letters that make flags that takes the square of their number.
    if (size := len(value.encode())) > MAX_BYTES:
        raise ValueError(f"This is too long: {size} bytes, and at most {MAX_BYTES} fit.")
    if (seen := len(_CHARACTER.findall(value))) > most:
        raise ValueError(f"This is too long: {seen} characters, and at most {most} fit.")
    return value


def cut(value: str) -> list[Piece]:
    """Cut a text; a mention's target is the handle in lower case. Its time grows with the text's length alone."""
    pieces: list[Piece] = []
    end = 0
    for found in _MARKED.finditer(value):
        piece = _piece(found)
        if piece is None:
            continue
        if found.start() > end:
            pieces.append(Piece("text", value[end : found.start()]))
        pieces.append(piece)
        end = found.start() + len(piece.text)
    if end < len(value):
        pieces.append(Piece("text", value[end:]))
    return pieces


def joined(pieces: list[Piece]) -> list[Piece]:
    """Return the same pieces, with plain ones in a row as one."""
    whole: list[Piece] = []
    for piece in pieces:
        if piece.type == "text" and whole and whole[-1].type == "text":
            whole[-1] = Piece("text", whole[-1].text + piece.text)
        else:
            whole.append(piece)
    return whole


def targets(pieces: list[Piece], kind: Literal["mention", "tag"]) -> list[str]:
    """Return what pieces of a kind point to, each once, in the text's order."""
    return list(dict.fromkeys(piece.target for piece in pieces if piece.type == kind))


def _piece(found: "regex.Match[str]") -> Piece | None:
    if found["mention"]:
        return Piece("mention", found[0], found["mention"].lower())
    if found["tag"]:
        tag = tag_of(found["tag"])
        return Piece("tag", found[0], tag) if tag else None
    link = found["link"].rstrip(_AFTER_LINK)
    if "(" not in link:
        link = link.rstrip(_AFTER_LINK + ")")
    return Piece("link", link, link) if len(link) > len("https://") else None
