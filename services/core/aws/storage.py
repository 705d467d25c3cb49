"""Files: a bucket in the cluster, a directory on a laptop. Clients upload and download by presigned URL.

A key is lower-case words in folders, best made by `content_key`: what a key names then never changes.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import msgspec

from services.core.aws.client import Lazy, client_config, error_code

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")  # no part can begin with a dot
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,10})?")
_MAX_KEY_CHARS = 512


class StorageError(Exception):
    """A file can't be stored or read."""


class NoSuchFile(StorageError):  # noqa: N818 - an answer, not a fault
    """There is no file with that key."""


class NotPermitted(StorageError):  # noqa: N818 - an answer, not a fault
    """A presigned URL is forged, for something else, or too old."""


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


class Grant(msgspec.Struct, frozen=True):
    """What a presigned URL of a directory allows.

    Attributes:
        content_type: What an upload must be; empty for a download.
        max_bytes: How large an upload may be; 0 for a download.
    """

    content_type: str = ""
    max_bytes: int = 0


class Storage(Protocol):
    """Where files go. Every method raises `ValueError` for a key that isn't one."""

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow one upload of that type, of 1 to `max_bytes` bytes, for `expires` seconds."""
        ...

    async def presign_get(self, key: str, expires: int) -> str:
        """Return a URL to download from for `expires` seconds; whether the file exists isn't looked at."""
        ...

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; an older one with the same key is replaced at once."""
        ...

    async def get(self, key: str) -> bytes:
        """Return a file.

        Raises:
            NoSuchFile: There is none.
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


class DirectoryStorage:
    """Files in a directory: each at `<root>/files/<key>`, its type at `<root>/types/<key>`.

    The process serves the presigned URLs itself; its routes ask `verify` before anything else.

    Args:
        root: The directory; made when it is missing.
        base_url: What presigned URLs begin with, such as `http://127.0.0.1:8000/v1/files`.
        secret: Signs the URLs. By default a random one, kept in the directory: URLs outlive a
            restart.
    """

    def __init__(self, root: Path, base_url: str, secret: bytes | None = None) -> None:
        self._root = Path(root).absolute()
        self._base_url = base_url.rstrip("/")
        self._secret = Lazy(lambda: secret or self._kept_secret())

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow an upload; see `Storage.presign_put`."""
        if "\n" in content_type or max_bytes < 1:
            raise ValueError("an upload needs a content type and at least one byte")
        url = self._url("PUT", key, expires, {"type": content_type, "max": str(max_bytes)})
        return Upload("PUT", url, {"Content-Type": content_type}, {})

    async def presign_get(self, key: str, expires: int) -> str:
        """Return a URL to download from; see `Storage.presign_get`."""
        return self._url("GET", key, expires, {})

    def verify(self, method: str, key: str, query: Mapping[str, str]) -> Grant:
        """Check a request to a presigned URL.

        Args:
            method: The request's method; HEAD is allowed where GET is.
            key: What follows the base URL's `/`, decoded.
            query: The query's parameters, decoded.

        Raises:
            NotPermitted: The signature doesn't fit, or the time is over.
        """
        method = "GET" if method == "HEAD" else method
        limits = {name: query[name] for name in ("type", "max") if name in query}
        expires = query.get("expires", "")
        try:
            wanted = self._signature(method, check_key(key), expires, limits)
        except ValueError:
            raise NotPermitted("This link isn't valid.") from None
        if not hmac.compare_digest(wanted.encode(), query.get("signature", "").encode()):
            raise NotPermitted("This link isn't valid.")
        if int(expires) < time.time():
            raise NotPermitted("This link has expired.")
        return Grant(limits.get("type", ""), int(limits.get("max", "0")))

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; see `Storage.put`."""
        await asyncio.to_thread(self._put, check_key(key), data, content_type)

    async def get(self, key: str) -> bytes:
        """Return a file; see `Storage.get`."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchFile(key) from None

    async def content_type(self, key: str) -> str:
        """Return the type a file was stored with.

        Raises:
            NoSuchFile: There is none.
        """
        try:
            return await asyncio.to_thread(self._path(key, "types").read_text)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NoSuchFile(key) from None

    async def delete(self, key: str) -> None:
        """Delete a file; see `Storage.delete`."""
        for kind in ("files", "types"):
            await asyncio.to_thread(self._path(key, kind).unlink, missing_ok=True)

    async def exists(self, key: str) -> bool:
        """Return whether there is a file; see `Storage.exists`."""
        return await asyncio.to_thread(self._path(key).is_file)

    def _path(self, key: str, kind: str = "files") -> Path:
        return self._root / kind / check_key(key)

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        self._write(self._path(key, "types"), content_type.encode())
        self._write(self._path(key), data)

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = path.with_name(f".{secrets.token_hex(8)}")
            try:
                with new.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(path)
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"The file can't be stored: {error.strerror}.") from error

    def _url(self, method: str, key: str, expires: int, limits: dict[str, str]) -> str:
        until = str(int(time.time()) + expires)
        signature = self._signature(method, check_key(key), until, limits)
        query = urlencode(limits | {"expires": until, "signature": signature})
        return f"{self._base_url}/{quote(key)}?{query}"

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


class S3Storage:
    """Files in a bucket. Uploads are presigned forms, whose policy holds the type and the size.

    Args:
        bucket: The bucket.
        prefix: What stands before the keys, without slashes at its ends.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self._client = Lazy(self._make_client)

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow an upload; see `Storage.presign_put`."""
        if max_bytes < 1:
            raise ValueError("an upload needs at least one byte")
        made: dict[str, Any] = await asyncio.to_thread(
            lambda: self._client.get().generate_presigned_post(
                self._bucket,
                self._full(key),
                Fields={"Content-Type": content_type},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
                ExpiresIn=expires,
            )
        )
        return Upload("POST", made["url"], {}, made["fields"])

    async def presign_get(self, key: str, expires: int) -> str:
        """Return a URL to download from; see `Storage.presign_get`."""
        place = {"Bucket": self._bucket, "Key": self._full(key)}
        return await asyncio.to_thread(
            lambda: self._client.get().generate_presigned_url("get_object", Params=place, ExpiresIn=expires)
        )

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; see `Storage.put`."""
        await self._call("put_object", key, Body=data, ContentType=content_type)

    async def get(self, key: str) -> bytes:
        """Return a file; see `Storage.get`."""
        found = await self._call("get_object", key)
        data: bytes = await asyncio.to_thread(found["Body"].read)
        return data

    async def delete(self, key: str) -> None:
        """Delete a file; see `Storage.delete`."""
        await self._call("delete_object", key)

    async def exists(self, key: str) -> bool:
        """Return whether there is a file; see `Storage.exists`."""
        try:
            await self._call("head_object", key)
        except NoSuchFile:
            return False
        return True

    def _full(self, key: str) -> str:
        return f"{self._prefix}/{check_key(key)}" if self._prefix else check_key(key)

    async def _call(self, operation: str, key: str, **options: object) -> Any:
        return await asyncio.to_thread(self._do, operation, key, options)

    def _do(self, operation: str, key: str, options: dict[str, object]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

        try:
            method = getattr(self._client.get(), operation)
            return method(Bucket=self._bucket, Key=self._full(key), **options)
        except ClientError as error:
            code = error_code(error)
            if code in {"NoSuchKey", "404", "NotFound"}:
                raise NoSuchFile(key) from None
            raise StorageError(f"{operation} failed in the bucket {self._bucket} ({code}).") from error
        except BotoCoreError as error:
            raise StorageError(f"{operation} failed in the bucket {self._bucket}: {error}") from error

    @staticmethod
    def _make_client() -> "S3Client":
        from boto3.session import Session  # noqa: PLC0415 - slow to import
        from botocore.config import Config  # noqa: PLC0415 - slow to import

        return Session().client("s3", config=client_config().merge(Config(signature_version="s3v4")))


def open_storage(
    url: str, base_url: str = "http://127.0.0.1:8000/v1/files", secret: bytes | None = None
) -> DirectoryStorage | S3Storage:
    """Return the storage that a setting names.

    Args:
        url: `file:///DIRECTORY` (taken as it stands, without %-escapes) or `s3://BUCKET/PREFIX`.
        base_url: For a directory: what its presigned URLs begin with.
        secret: For a directory: signs its URLs; by default one kept in the directory.

    Raises:
        ValueError: It is neither.
    """
    if url.startswith("file:///"):
        return DirectoryStorage(Path(url.removeprefix("file://")), base_url, secret)
    if url.startswith("s3://") and (place := url.removeprefix("s3://")):
        bucket, _, prefix = place.partition("/")
        return S3Storage(bucket, prefix)
    raise ValueError("files go to `file:///DIRECTORY` or `s3://BUCKET/PREFIX`")
