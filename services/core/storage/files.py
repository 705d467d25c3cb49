"""Files: a bucket in the cluster, a directory on a laptop. Clients upload and download by presigned URL.

Each service has a folder of its own and signs URLs for that alone. A key is lower-case words in folders, best made by
`content_key`: what a key names then never changes.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import BinaryIO, Protocol

import msgspec

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")  # no part can begin with a dot
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,10})?")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+(; ?[a-z]+=[A-Za-z0-9-]+)?")
_MAX_KEY_CHARS = 512
CHUNK_BYTES = 262_144


class StorageError(Exception):
    """A file can't be stored or read."""


class NoSuchFile(StorageError):  # noqa: N818 - an answer, not a fault
    """There is no file with that key."""


class Upload(msgspec.Struct, frozen=True):
    """How a client uploads one file.

    With `fields`, it sends a multipart form: the fields, then the file in a field named `file`. Without, the
    body is the file itself.

    Attributes:
        method: `POST` or `PUT`.
        url: Where to.
        headers: Headers to send.
        fields: Fields of the form; empty for a bare body.
    """

    method: str
    url: str
    headers: dict[str, str]
    fields: dict[str, str]


class Storage(Protocol):
    """Where files go. Every method raises `ValueError` for a key, name or type that isn't one."""

    def folder(self, name: str) -> "Storage":
        """Return a part of it: what its keys and URLs name is below `name` and nowhere else."""
        ...

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow one upload of that type, of 1 to `max_bytes` bytes, for `expires` seconds."""
        ...

    async def presign_get(self, key: str, expires: int, name: str = "") -> str:
        """Return a URL to download from for `expires` seconds; whether the file exists isn't looked at.

        With `name` a browser keeps the file under it, whatever its type is, and shows it nowhere.
        """
        ...

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; an older one with the same key is replaced at once."""
        ...

    async def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """Store what a file holds from where it stands on, as `put` does, without having all of it in memory."""
        ...

    async def get(self, key: str) -> bytes:
        """Return a file.

        Raises:
            NoSuchFile: There is none.
        """
        ...

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return a file piece by piece, each of at most `CHUNK_BYTES`; who asks reads it to its end.

        Raises:
            NoSuchFile: There is none; said before the first piece.
        """
        ...

    async def delete(self, key: str) -> None:
        """Delete a file; one that isn't there is no error."""
        ...

    async def exists(self, key: str) -> bool:
        """Return whether there is a file."""
        ...


def content_key(data: bytes, suffix: str = "") -> str:
    """Return a key made of the content's SHA-256, such as `9f/9f86d0….png`.

    Args:
        data: The content.
        suffix: `.` and up to ten lower-case letters and digits, or nothing.
    """
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError("a suffix is a dot and up to ten lower-case letters and digits")
    digest = hashlib.sha256(data).hexdigest()
    return f"{digest[:2]}/{digest}{suffix}"


def check_key(key: str) -> str:
    """Return the key.

    Raises:
        ValueError: It isn't lower-case letters, digits, `.`, `_` and `-` in parts divided by `/`, is longer
            than 512, or a part begins with a dot or dash.
    """
    if len(key) > _MAX_KEY_CHARS or not _KEY.fullmatch(key):
        raise ValueError("this isn't a file's key")
    return key


def check_media_type(media_type: str) -> str:
    """Return the media type, which will stand in a header as it is.

    Raises:
        ValueError: It isn't one such as `image/png` or `text/csv; charset=utf-8`.
    """
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError("this isn't a media type")
    return media_type
