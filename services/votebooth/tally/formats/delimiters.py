"""What separates the columns of a table: as is said by the caller or the file, else commas where that is certain."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Sequence
from contextlib import suppress

from services.votebooth.tally.formats.source import FormatError, shown

DELIMITERS = {",": ",", ";": ";", "tab": "\t"}
"""What can separate columns, by what it is called."""
_SAYS = re.compile(rb"(?:\xef\xbb\xbf)?sep=([^\r\n])[\r\n]", re.IGNORECASE)
"""The line with which a table tells a spreadsheet what separates its columns."""


def lines_as_read(data: bytes) -> io.TextIOWrapper:
    """Return a file's lines, decoded as they are read."""
    # a StringIO would hold four bytes a character
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")


def separated(data: bytes, delimiter: str | None) -> tuple[str, bool]:
    """Return what separates a table's columns, and whether its first line says so.

    Args:
        data: The file.
        delimiter: One of `DELIMITERS`. None: what the file says, or a comma.

    Raises:
        FormatError: The file says something else.
    """
    said = _SAYS.match(data)
    chosen = None if delimiter is None else DELIMITERS[delimiter]
    if said is None:
        return chosen or ",", False
    says = said[1].decode("latin-1")
    if says not in DELIMITERS.values() or chosen not in {None, says}:
        raise FormatError(f"the file says that “{shown(says)}” separates its columns", 1)
    return says, True


def refuse_other_delimiters(data: bytes, header: Sequence[str], line: int) -> None:
    """Refuse a table whose columns are probably separated by something else than commas.

    Args:
        data: The file.
        header: Its headings, read with commas.
        line: Their line.

    Raises:
        FormatError: There would be more columns, or all are in one cell.
    """
    for other, signs in ((";", "semicolons"), ("tab", "tabs")):
        if _width(data, DELIMITERS[other]) > len(header):
            reason = f"the columns seem to be separated by {signs}: --delimiter {shlex.quote(other)}"
            raise FormatError(f"{reason}; if not: --delimiter ,", line)
    if len(header) == 1 and re.search("[,|]", header[0]):
        reason = "all headings are in one cell; commas, semicolons or tabs separate cells, outside of quotation marks"
        raise FormatError(f"{reason}; if it is one heading: --delimiter ,", line)


def _width(data: bytes, delimiter: str) -> int:
    """Return how many columns a header has, read with another delimiter."""
    with suppress(csv.Error, UnicodeDecodeError):
        return len(next(filter(None, csv.reader(lines_as_read(data), delimiter=delimiter, strict=True)), ()))
    return 0
