"""Which storage a setting names."""

from pathlib import Path

from services.core.storage.bucket import S3Storage
from services.core.storage.directory import DirectoryStorage


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


def upload_origin(url: str) -> str:
    """Return the origin that browsers upload to, if it is another than VoteWave's own; else an empty string.

    Args:
        url: As for `open_storage`.

    Raises:
        ValueError: It is neither.
    """
    if url.startswith("file:///"):
        return ""
    storage = open_storage(url)
    assert isinstance(storage, S3Storage)  # noqa: S101  (the only other one)
    return storage.upload_origin()
