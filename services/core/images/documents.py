"""Finds out whether a file is the document that it is said to be, in a process of its own: see `decoding`.

Taken is what programs open without running anything of it: plain text, PDF, and the office formats in their kinds
without macros. What a document holds beside that isn't looked at, and nobody here opens it.

Sources: OpenDocument 1.3 part 2, section 3.3 (the member `mimetype`); ECMA-376 part 2, annex F (`[Content_Types].xml`).
"""

import io
import re
import zipfile
from typing import BinaryIO

import msgspec

SUFFIXES = {
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}
"""The types that are taken, and how a name ends."""

OTHER = 21
"""Exit code: the file isn't of its type, or holds macros."""

_PARTS = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml", ".pptx": "ppt/presentation.xml"}
_MACROS = re.compile(r"^(basic|scripts)/|vbaproject|vbadata|activex|macrosheets/")
_MOST_MEMBERS = 5_000
_MOST_MIMETYPE_BYTES = 200


class Asked(msgspec.Struct, frozen=True):
    """A file, and what it is said to be."""

    content_type: str
    data: bytes


def check(given: BinaryIO, answer: BinaryIO) -> int:
    """Read `Asked` as MessagePack; return 0 if the file is what it is said to be. Nothing is answered beside that."""
    del answer
    asked = msgspec.msgpack.decode(given.read(), type=Asked)
    try:
        fits = _fits(asked)
    except Exception:  # noqa: BLE001  (an archive that was made to break its reader raises whatever it likes)
        fits = False
    return 0 if fits else OTHER


def _fits(asked: Asked) -> bool:
    if asked.content_type == "text/plain":
        return "\0" not in asked.data.decode("utf-8")
    if asked.content_type == "application/pdf":
        return asked.data.startswith(b"%PDF-")
    suffix = SUFFIXES[asked.content_type]
    if not asked.data.startswith(b"PK\x03\x04"):
        return False
    with zipfile.ZipFile(io.BytesIO(asked.data)) as opened:
        names = [each.lower() for each in opened.namelist()]
        if len(names) > _MOST_MEMBERS or any(_MACROS.search(name) for name in names):
            return False
        if suffix in _PARTS:
            return _PARTS[suffix] in names and "[content_types].xml" in names
        first = opened.infolist()[0]
        if first.filename != "mimetype" or first.file_size > _MOST_MIMETYPE_BYTES:
            return False
        return opened.read(first).decode("ascii").strip() == asked.content_type
