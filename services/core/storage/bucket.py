"""Files in a bucket of S3."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, urlsplit

from services.core.aws.client import Lazy, client_config, error_code
from services.core.storage.files import CHUNK_BYTES, NoSuchFile, StorageError, Upload, check_key, check_media_type

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


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

    def folder(self, name: str) -> "S3Storage":
        """Return a part of it; see `Storage.folder`."""
        part = S3Storage(self._bucket, self._full(name))
        part._client = self._client  # one is enough
        return part

    async def presign_put(self, key: str, content_type: str, max_bytes: int, expires: int) -> Upload:
        """Allow an upload; see `Storage.presign_put`."""
        if max_bytes < 1:
            raise ValueError("an upload needs at least one byte")
        made: dict[str, Any] = await asyncio.to_thread(
            lambda: self._client.get().generate_presigned_post(
                self._bucket,
                self._full(key),
                Fields={"Content-Type": check_media_type(content_type)},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
                ExpiresIn=expires,
            )
        )
        return Upload("POST", made["url"], {}, made["fields"])

    async def presign_get(self, key: str, expires: int, name: str = "") -> str:
        """Return a URL to download from; see `Storage.presign_get`."""
        place = {"Bucket": self._bucket, "Key": self._full(key)}
        if name:
            place["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        return await asyncio.to_thread(
            lambda: self._client.get().generate_presigned_url("get_object", Params=place, ExpiresIn=expires)
        )

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store a file; see `Storage.put`."""
        await self._call("put_object", key, Body=data, ContentType=check_media_type(content_type))

    async def put_file(self, key: str, file: BinaryIO, content_type: str) -> None:
        """Store what a file holds, in one request (5 GB at most); see `Storage.put_file`."""
        await self._call("put_object", key, Body=file, ContentType=check_media_type(content_type))

    async def get(self, key: str) -> bytes:
        """Return a file; see `Storage.get`."""
        found = await self._call("get_object", key)
        data: bytes = await asyncio.to_thread(found["Body"].read)
        return data

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return a file piece by piece; see `Storage.stream`."""
        body = (await self._call("get_object", key))["Body"]

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while piece := await asyncio.to_thread(body.read, CHUNK_BYTES):
                    yield piece
            finally:
                body.close()

        return pieces()

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

    def upload_origin(self) -> str:
        """Return the origin of the URLs that `presign_put` gives; it needs no keys.

        The library says it, since it depends on the region, its version and the bucket's name: the URL is made with
        keys that open nothing, and so nothing is asked of AWS.
        """
        client = self._make_client("none")
        url = urlsplit(client.generate_presigned_post(self._bucket, "any")["url"])
        return f"{url.scheme}://{url.netloc}"

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
    def _make_client(key: str | None = None) -> "S3Client":
        from boto3.session import Session  # noqa: PLC0415 - slow to import
        from botocore.config import Config  # noqa: PLC0415 - slow to import

        # The bucket's own regional name: by the global one a new bucket answers with a redirect, which browsers follow
        # only where the page's policy names its target.
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        session = Session(aws_access_key_id=key, aws_secret_access_key=key)
        return session.client("s3", config=client_config().merge(config))
