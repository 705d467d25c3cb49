"""The text of a file of ballots, and how a file is refused: with what is wrong, where, and what helps."""

from __future__ import annotations

import re

from services.votebooth.tally.model import MAX_VOTES, TallyError


class FormatError(TallyError):
    """A file is malformed.

    Attributes:
        line: Line of the file, from 1; 0 where the whole file is meant.
        column: In a table the column, elsewhere the character in the line, from 1; 0 if the whole line.
        heading: The heading of that column of a table, if that helps.
        reason: What is wrong, and what leads to the right count.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0, heading: str = "") -> None:
        self.reason, self.line, self.column, self.heading = reason, line, column, heading
        place = f"line {line}" if line else ""
        if column:
            place += f", column {column}"
        if heading:
            place += f" ({shown(heading)})"
        super().__init__(f"{place}: {reason}" if place else reason)


def shown(text: str) -> str:
    """Return a piece of a file fit for a message: short, on one line, and no terminal codes."""
    text = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return text if len(text) <= 40 else f"{text[:39]}…"


def whole(text: str, line: int, column: int, what: str, *, most: int = MAX_VOTES, heading: str = "") -> int:
    """Return a whole number from 0 to `most`, written in digits.

    Raises:
        FormatError: It is anything else: a sign, a fraction, NaN, infinity, other scripts' digits.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise FormatError(f"“{shown(text)}” is no {what}: a whole number is wanted", line, column, heading)
    if len(digits) > 20 or int(digits) > most:
        raise FormatError(f"“{shown(text)}” is no {what}: it is more than {most}", line, column, heading)
    return int(digits)


_BINARY = {
    b"PK\x03\x04": "a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"%PDF-": "a PDF",
    b"\x1f\x8b": "compressed",
}
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)", re.IGNORECASE)


def refuse_binary(data: bytes) -> None:
    """Refuse what is plainly no text.

    Raises:
        FormatError: The file is UTF-16, of another program, or holds a zero.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("the file is UTF-16; save it as UTF-8", 1, 1)
    if _MARKUP.match(data):
        raise FormatError("the file is a web page or XML; save it as text: a table as CSV, in UTF-8", 1)
    for begin, kind in _BINARY.items():
        if data.startswith(begin):
            raise FormatError(f"the file is {kind}; save it as text: a table as CSV, in UTF-8")
    zero = data.find(b"\0")
    if zero >= 0:
        line = data.count(b"\n", 0, zero) + 1
        raise FormatError("the file holds a zero character; if it is UTF-16, save it as UTF-8", line)


def decode(data: bytes) -> str:
    """Return a file's text, which is UTF-8 with or without a byte order mark.

    Raises:
        FormatError: The bytes aren't UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        before = data[data.rfind(b"\n", 0, start) + 1 : start]
        column = len(before.decode("utf-8-sig", "replace")) + 1
        reason = f"byte {data[start]:#04x} is not UTF-8; save it as UTF-8"
        raise FormatError(reason, data.count(b"\n", 0, start) + 1, column) from None


def lines_of(text: str) -> list[str]:
    """Return a text's lines, whichever of the three usual ends they have."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
