import time
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from services.core.storage.bucket import S3Storage
from services.core.storage.directory import DirectoryStorage, Grant, NotPermitted
from services.core.storage.files import CHUNK_BYTES, NoSuchFile, content_key
from services.core.storage.opening import open_storage

BASE = "http://localhost:8000/v1/files"


def parts(url: str) -> tuple[str, dict[str, str]]:
    split = urlsplit(url)
    return unquote(split.path.removeprefix("/v1/files/")), dict(parse_qsl(split.query))


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(tmp_path, BASE, b"secret")


async def test_a_file_goes_in_and_out(storage: DirectoryStorage) -> None:
    key = content_key(b"data", ".png")
    assert key == "3a/3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7.png"
    assert not await storage.exists(key)
    await storage.put(key, b"data", "image/png")
    assert await storage.get(key) == b"data"
    assert await storage.content_type(key) == "image/png"
    await storage.delete(key)
    await storage.delete(key)
    for missing in (storage.get(key), storage.content_type(key), storage.get("3a"), storage.stream(key)):
        with pytest.raises(NoSuchFile):
            await missing


async def test_a_large_file_goes_in_and_out_in_pieces(storage: DirectoryStorage, tmp_path: Path) -> None:
    data = bytes(range(256)) * 3_000
    source = tmp_path / "source"
    source.write_bytes(b"head" + data)
    with source.open("rb") as file:
        file.seek(4)
        await storage.put_file("a/b.zip", file, "application/zip")
    pieces = [piece async for piece in await storage.stream("a/b.zip")]
    assert b"".join(pieces) == data
    assert max(len(piece) for piece in pieces) <= CHUNK_BYTES < len(data)
    assert await storage.content_type("a/b.zip") == "application/zip"


async def test_a_presigned_url_allows_just_what_it_says(storage: DirectoryStorage) -> None:
    upload = await storage.presign_put("a/b.png", "image/png", 1000, 60)
    assert (upload.method, upload.headers, upload.fields) == ("PUT", {"Content-Type": "image/png"}, {})
    key, query = parts(upload.url)
    assert storage.verify("PUT", key, query) == Grant("image/png", 1000, int(query["expires"]))
    wrong = [
        ("GET", key, query),
        ("DELETE", key, query),
        ("PUT", "a/c.png", query),
        ("PUT", "../b.png", query),
        ("PUT", key, query | {"max": "1001"}),
        ("PUT", key, query | {"type": "text/html"}),
        ("PUT", key, query | {"expires": str(int(query["expires"]) + 1)}),
        ("PUT", key, query | {"expires": "soon"}),
        ("PUT", key, query | {"signature": query["signature"][:-1]}),
        ("PUT", key, query | {"signature": "ö"}),
        ("PUT", key, {name: query[name] for name in ("expires", "signature")}),
        ("PUT", key, {}),
    ]
    for request in wrong:
        with pytest.raises(NotPermitted):
            storage.verify(*request)


async def test_a_download_s_url_expires(storage: DirectoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    key, query = parts(await storage.presign_get("a/b.png", 60))
    assert (
        storage.verify("GET", key, query) == storage.verify("HEAD", key, query) == Grant(expires=int(query["expires"]))
    )
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(NotPermitted, match="expired"):
        storage.verify("GET", key, query)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../x",
        "a/./x",
        "a//x",
        "a/",
        ".x",
        "a/.x",
        "A",
        "a\\x",
        "a\0",
        "a\n",
        "ä",
        "a" * 513,
    ],
)
async def test_no_key_leads_out_of_the_directory(storage: DirectoryStorage, key: str) -> None:
    calls = [
        storage.put(key, b"", "text/plain"),
        storage.get(key),
        storage.delete(key),
        storage.exists(key),
        storage.presign_get(key, 60),
        storage.presign_put(key, "text/plain", 1, 60),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="isn't a file's key"):
            await call
    with pytest.raises(NotPermitted):
        storage.verify("GET", key, {"expires": "99999999999", "signature": "x"})


async def test_urls_outlive_a_restart(tmp_path: Path) -> None:
    key, query = parts(await DirectoryStorage(tmp_path, BASE).presign_get("a", 60))
    assert DirectoryStorage(tmp_path, BASE).verify("GET", key, query) == Grant(expires=int(query["expires"]))
    assert (tmp_path / "url-key").stat().st_mode & 0o077 == 0
    with pytest.raises(NotPermitted):
        DirectoryStorage(tmp_path / "other", BASE).verify("GET", key, query)


def test_a_setting_chooses(tmp_path: Path) -> None:
    assert isinstance(open_storage(f"file://{tmp_path}"), DirectoryStorage)
    assert isinstance(open_storage("s3://bucket/some/prefix"), S3Storage)
    for wrong in ("", "file://x", "s3://", "ftp://x"):
        with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
            open_storage(wrong)


@pytest.mark.parametrize("suffix", ["png", "/x", ".PNG", "..", ".a/b"])
def test_a_suffix_is_just_that(suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        content_key(b"", suffix)
