"""How mails look: paragraphs, and links that lead on, in plain text and in HTML."""

from collections.abc import Sequence
from html import escape
from textwrap import fill
from typing import NamedTuple

_BODY = "margin: 0; padding: 1.5rem 1rem; font: 16px/1.5 system-ui, sans-serif; color: #14262b; background: #f8fbfc"
_SHEET = "max-width: 34rem; margin: 0 auto"
_SIGN = "margin: 0 0 1.5rem; font-weight: 700; color: #0d5c6b"
_PART = "margin: 0 0 1rem"
_ACT = (
    "display: inline-block; padding: .7rem 1.25rem; border-radius: 10px; background: #0d5c6b; color: #ffffff;"
    " font-weight: 600; text-decoration: none"
)
_ADDRESS = "margin: 0 0 1.25rem; font-size: 13px; color: #50666c; overflow-wrap: anywhere"

_WIDTH = 76
"""Longer lines are encoded, and no more to be read as they stand in a file."""


class Act(NamedTuple):
    """What the reader can do.

    Attributes:
        says: In a few words; plain text ends it with a colon.
        url: Where that is.
    """

    says: str
    url: str


def written(language: str, subject: str, parts: Sequence[str | Act]) -> tuple[str, str]:
    """Return a mail's plain text and its HTML.

    Args:
        language: Its tag.
        subject: The mail's.
        parts: In their order.
    """
    text = "\n\n".join(_wrapped(part) if isinstance(part, str) else f"{part.says}:\n{part.url}" for part in parts)
    return f"{text}\n", page(language, subject, "".join(map(_shown, parts)))


def page(language: str, subject: str, body: str) -> str:
    """Return HTML as a mail has it.

    Args:
        language: Its tag.
        subject: The mail's.
        body: HTML.
    """
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light">'
        f"<title>{escape(subject)}</title></head>"
        f'<body style="{_BODY}"><div style="{_SHEET}"><p style="{_SIGN}">VoteWave</p>{body}</div></body></html>'
    )


def act(says: str, url: str) -> str:
    """Return HTML of what leads on."""
    return f'<p style="{_PART}"><a href="{escape(url)}" style="{_ACT}">{escape(says)}</a></p>'


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _shown(part: str | Act) -> str:
    if isinstance(part, str):
        return f'<p style="{_PART}">{escape(part)}</p>'
    return f'{act(part.says, part.url)}<p style="{_ADDRESS}">{escape(part.url)}</p>'
