"""How an archive is laid out: a zip with a file for each list and for each file of somebody's, and a manifest."""

import asyncio
import hashlib
import zipfile
from collections.abc import Sequence
from typing import IO, Any, BinaryIO, Self
from uuid import UUID

import msgspec

from services.core.data.models import utc_now

_CHUNK_BYTES = 262_144


class Entry(msgspec.Struct, frozen=True):
    """What the manifest says of a file in the archive.

    Attributes:
        bytes: Its size, unpacked.
        sha256: In hexadecimal.
    """

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Stands last, so that an archive without it is known to be cut short."""

    account: UUID
    made_at: str
    files: list[Entry]


class _Writer:
    """Writes one file of an archive, and counts and hashes what it writes."""

    def __init__(self, out: IO[bytes], path: str) -> None:
        self._out = out
        self._path = path
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._hash.update(data)
        self._bytes += len(data)

    def close(self) -> Entry:
        self._out.close()
        return Entry(self._path, self._bytes, self._hash.hexdigest())


class Packing:
    """An archive that is being written: lists of rows and files, one after the other.

    Args:
        target: Where to.
        account: Whose it is.
    """

    def __init__(self, target: BinaryIO, account: UUID) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._account = account
        self._entries: list[Entry] = []
        self._list: _Writer | None = None
        self._path = ""
        self._rows = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End, whether or not all of it is there."""
        if self._list is not None:
            self._list.close()
        self._zip.close()

    async def rows(self, service: str, part: str, rows: Sequence[dict[str, Any]]) -> None:
        """Write some rows of a list, after those written before; packing is done beside the loop."""
        path = f"{service}/{part}.json"
        if path != self._path:
            self.end_list()
            self._path, self._rows = path, 0
            self._list = self._open(path, zipfile.ZIP_DEFLATED)
            self._list.write(b"[")
        if self._list is not None and rows:
            lines = b",\n".join(msgspec.json.encode(row) for row in rows)
            await asyncio.to_thread(self._list.write, (b",\n" if self._rows else b"") + lines)
            self._rows += len(rows)

    def end_list(self) -> None:
        """End the list that was begun last; files may follow."""
        if self._list is not None:
            self._list.write(b"]\n")
            self._entries.append(self._list.close())
            self._list, self._path = None, ""

    def keep(self, path: str, file: BinaryIO) -> None:
        """Write a file of somebody's as it is: images are packed already."""
        writer = self._open(path, zipfile.ZIP_STORED)
        file.seek(0)
        while piece := file.read(_CHUNK_BYTES):
            writer.write(piece)
        self._entries.append(writer.close())

    def end(self) -> None:
        """Say what is in it."""
        manifest = Manifest(self._account, utc_now().isoformat(), self._entries)
        self._zip.writestr("manifest.json", msgspec.json.encode(manifest))

    def _open(self, path: str, how: int) -> _Writer:
        about = zipfile.ZipInfo(path, utc_now().timetuple()[:6])
        about.compress_type = how
        return _Writer(self._zip.open(about, "w"), path)
