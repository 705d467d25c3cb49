"""Texts that name people, tag and link: cut into pieces, and shown as parts.

`regex` knows Unicode's properties, which `re` doesn't: what words consist of (UAX #31), so that a tag may be written in
any script.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import regex
from msgspec import Meta, Struct

from services.core.people import PersonView
from services.core.tags import PATTERN, tag_of

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


class TextPart(Struct, frozen=True, tag_field="type", tag="text"):
    """Plain text."""

    text: str


class MentionPart(Struct, frozen=True, tag_field="type", tag="mention"):
    """Somebody is named."""

    text: Annotated[str, Meta(description="As it was written; the person may have another handle now.")]
    person: PersonView


class TagPart(Struct, frozen=True, tag_field="type", tag="tag"):
    """A hashtag."""

    text: Annotated[str, Meta(examples=["#Riga"])]
    tag: Annotated[str, Meta(description="As tags are compared.", examples=["riga"])]


class LinkPart(Struct, frozen=True, tag_field="type", tag="link"):
    """A link; it begins with http:// or https://."""

    text: str
    url: str


Part = TextPart | MentionPart | TagPart | LinkPart


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


def resolved(pieces: list[Piece], accounts: Mapping[str, UUID]) -> list[Piece]:
    """Return pieces whose mentions point to accounts, which are given by handle; who isn't there is plain text."""
    whole = []
    for piece in pieces:
        if piece.type != "mention":
            whole.append(piece)
        elif piece.target in accounts:
            whole.append(Piece("mention", piece.text, str(accounts[piece.target])))
        else:
            whole.append(Piece("text", piece.text))
    return joined(whole)


def parts_of(pieces: Sequence[Piece], people: Mapping[UUID, PersonView]) -> list[Part]:
    """Return resolved pieces as they go over the wire, with those whom they name."""
    parts: list[Part] = []
    for piece in pieces:
        if piece.type == "mention":
            parts.append(MentionPart(piece.text, people[UUID(piece.target)]))
        elif piece.type == "tag":
            parts.append(TagPart(piece.text, piece.target))
        elif piece.type == "link":
            parts.append(LinkPart(piece.text, piece.target))
        else:
            parts.append(TextPart(piece.text))
    return parts


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
