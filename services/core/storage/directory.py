"""Files in a directory, and the signatures of URLs that lead to them."""

import asyncio
import base64
import hmac
import json
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode

import msgspec

from services.core.aws.client import Lazy
from services.core.storage.files import CHUNK_BYTES, NoSuchFile, StorageError, Upload, check_key, check_media_type


class NotPermitted(StorageError):  # noqa: N818 - an answer, not a fault
    """A presigned URL is forged, for something else, or too old."""


class Expired(NotPermitted):
    """A presigned URL is too old."""


class WrongSize(StorageError):  # noqa: N818 - an answer, not a fault
    """An upload is empty or larger than it may be.

    Args:
        size: How many bytes have come.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


class Grant(msgspec.Struct, frozen=True):
    """What a presigned URL of a directory allows.

    Attributes:
        content_type: What an upload must be; empty for a download.
        max_bytes: How large an upload may be; 0 for a download.
        name: As what a download is kept; empty where a browser may show it.
        expires: Until when, Unix seconds.
    """

    content_type: str = ""
    max_bytes: int = 0
    expires: int = 0
    name: str = ""


class DirectoryStorage:
    """Files in a directory: each at `<root>/files/<key>`, its type at `<root>/types/<key>`.

    The process serves the presigned URLs itself (`routes`).

    Args:
        root: The directory; made when it is missing.
        base_url: What presigned URLs begin with, such as `http://127.0.0.1:8000/v1/files`.
        secret: Signs the URLs. By default a random one, kept in the directory: URLs outlive a
            restart.
        folder: Stands before the keys, with a slash at its end.
    """

    def __init__(self, root: Path, base_url: str, secret: bytes | None = None, folder: str = "") -> None:
        self._root = Path(root).absolute()
        self._base_url = base_url.rstrip("/")
        self._secret = Lazy(lambda: secret or self._kept_secret())
        self._folder = folder

    def folder(self, name: str) -> "DirectoryStorage":
        """Return a part of it; see `Storage.folder`."""
        part = DirectoryStorage(self._root, self._base_url, folder=f"{self._full(name)}/")
        part._secret = self._secret
        return part

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow an upload; see `Storage.presign_put`."""
        if max_bytes < 1:
            raise ValueError("an upload needs at least one byte")
        url = self._url("PUT", key, expires, {"type": check_media_type(content_type), "max": str(max_bytes)})
        return Upload("PUT", url, {"Content-Type": content_type}, {})

    async def presign_get(self, key: str, expires: int, name: str = "") -> str:
        """Return a URL to download from; see `Storage.presign_get`."""
        return self._url("GET", key, expires, {"name": name} if name else {})

    def verify(self, method: str, key: str, query: Mapping[str, str]) -> Grant:
        """Check a request to a presigned URL.

        Args:
            method: The request's method; HEAD is allowed where GET is.
            key: What follows the base URL's `/`, decoded.
            query: The query's parameters, decoded.

        Raises:
            NotPermitted: The signature doesn't fit.
            Expired: It does, and the time is over.
        """
        method = "GET" if method == "HEAD" else method
        limits = {name: query[name] for name in ("type", "max", "name") if name in query}
        expires = query.get("expires", "")
        try:
            wanted = self._signature(method, self._full(key), expires, limits)
        except ValueError:
            raise NotPermitted("This link isn't valid.") from None
        if not hmac.compare_digest(wanted.encode(), query.get("signature", "").encode()):
            raise NotPermitted("This link isn't valid.")
        if int(expires) < time.time():
            raise Expired("This link has expired.")
        return Grant(limits.get("type", ""), int(limits.get("max", "0")), int(expires), limits.get("name", ""))

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; see `Storage.put`."""
        await asyncio.to_thread(self._put, key, lambda target: target.write(data), check_media_type(content_type))

    async def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """Store what a file holds; see `Storage.put_file`."""

        def copy(target: BinaryIO) -> None:
            shutil.copyfileobj(file, target, CHUNK_BYTES)

        await asyncio.to_thread(self._put, key, copy, check_media_type(content_type))

    async def receive(self, key: str, chunks: AsyncIterator[bytes], grant: Grant) -> None:
        """Store a file as it comes; it is in its place when all of it is here, and not before.

        Args:
            key: Its key.
            chunks: Its content.
            grant: What it may be.

        Raises:
            WrongSize: It is empty or larger than that. What has come is deleted, as it is if `chunks` raises.
        """
        path = self._path(key)
        new = await asyncio.to_thread(self._new_beside, path)
        size = 0
        try:
            with new.open("wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > grant.max_bytes:
                        raise WrongSize(size)
                    await asyncio.to_thread(file.write, chunk)
                if not size:
                    raise WrongSize(size)
                await asyncio.to_thread(_to_disk, file)
            media_type = grant.content_type.encode()
            await asyncio.to_thread(self._write, self._path(key, "types"), lambda target: target.write(media_type))
            new.replace(path)
        except OSError as error:
            raise StorageError(f"The file can't be stored: {error.strerror}.") from error
        finally:
            new.unlink(missing_ok=True)

    def find(self, key: str) -> tuple[Path, str]:
        """Return where a file is, and its type.

        Raises:
            NoSuchFile: There is none.
        """
        try:
            media_type = self._path(key, "types").read_text()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchFile(key) from None
        path = self._path(key)
        if not path.is_file():
            raise NoSuchFile(key)
        return path, media_type

    async def get(self, key: str) -> bytes:
        """Return a file; see `Storage.get`."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchFile(key) from None

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return a file piece by piece; see `Storage.stream`."""
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchFile(key) from None

        async def pieces() -> AsyncIterator[bytes]:
            with file:
                while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
                    yield piece

        return pieces()

    async def content_type(self, key: str) -> str:
        """Return the type a file was stored with.

        Raises:
            NoSuchFile: There is none.
        """
        return (await asyncio.to_thread(self.find, key))[1]

    async def delete(self, key: str) -> None:
        """Delete a file; see `Storage.delete`."""
        for kind in ("files", "types"):
            await asyncio.to_thread(self._path(key, kind).unlink, missing_ok=True)

    async def exists(self, key: str) -> bool:
        """Return whether there is a file; see `Storage.exists`."""
        return await asyncio.to_thread(self._path(key).is_file)

    def _full(self, key: str) -> str:
        return check_key(f"{self._folder}{check_key(key)}")

    def _path(self, key: str, kind: str = "files") -> Path:
        return self._root / kind / self._full(key)

    def _put(self, key: str, fill: Callable[[BinaryIO], object], content_type: str) -> None:
        self._write(self._path(key, "types"), lambda target: target.write(content_type.encode()))
        self._write(self._path(key), fill)

    def _new_beside(self, path: Path) -> Path:
        """Return a path for what will be moved to `path` when it is complete; no key is of its form."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"The file can't be stored: {error.strerror}.") from error
        return path.with_name(f".{secrets.token_hex(8)}")

    def _write(self, path: Path, fill: Callable[[BinaryIO], object]) -> None:
        new = self._new_beside(path)
        try:
            with new.open("wb") as file:
                fill(file)
                _to_disk(file)
            new.replace(path)
        except OSError as error:
            raise StorageError(f"The file can't be stored: {error.strerror}.") from error
        finally:
            new.unlink(missing_ok=True)

    def _url(self, method: str, key: str, expires: int, limits: dict[str, str]) -> str:
        until = str(int(time.time()) + expires)
        signature = self._signature(method, self._full(key), until, limits)
        query = urlencode(limits | {"expires": until, "signature": signature})
        return f"{self._base_url}/{quote(self._full(key))}?{query}"

    def _signature(self, method: str, key: str, expires: str, limits: dict[str, str]) -> str:
        signed = json.dumps([method, key, int(expires), sorted(limits.items())]).encode()
        digest = hmac.digest(self._secret.get(), signed, "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _kept_secret(self) -> bytes:
        path = self._root / "url-key"
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._root / f".{secrets.token_hex(8)}"
        new.touch(mode=0o600, exist_ok=False)
        try:
            new.write_bytes(secrets.token_bytes(32))
            os.link(new, path)  # unlike a rename, it fails if another process was first
        except FileExistsError:
            pass
        finally:
            new.unlink()
        return path.read_bytes()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
