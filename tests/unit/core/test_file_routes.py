"""Files over HTTP: what a presigned URL of a directory allows, and nothing beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from core_http import serving
from services.core.http import edge
from services.core.storage.directory import DirectoryStorage
from services.core.storage.files import Upload
from services.core.storage.opening import open_storage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LARGE = 3_000_000


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator["Files"]:
    async with serving(tmp_path) as (url, storage), httpx.AsyncClient(timeout=20) as client:
        yield Files(url, storage, client, tmp_path / "files")


class Files:
    """A process's files, and who comes with a URL."""

    def __init__(self, url: str, storage: DirectoryStorage, client: httpx.AsyncClient, root: Path) -> None:
        self.url = url
        self.storage = storage
        self.polls = storage.folder("polls")
        self.client = client
        self.root = root

    async def put(self, upload: Upload, content: Any, **headers: str) -> httpx.Response:
        return await self.client.put(upload.url, content=content, headers=upload.headers | headers)

    def left(self) -> list[str]:
        """What lies in the directory: files by their keys, and what isn't cleared away."""
        return sorted(
            str(path.relative_to(self.root / "files")) for path in self.root.glob("files/**/*") if path.is_file()
        )


def problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"/{slug}")
    assert answer.headers["x-trace-id"] == answer.json()["trace"]


async def test_a_file_goes_up_and_down(files: Files) -> None:
    upload = await files.polls.presign_put("a/b.png", "image/png", len(PNG), 60)
    assert (await files.put(upload, PNG)).status_code == 204
    assert await files.polls.get("a/b.png") == PNG
    assert files.left() == ["polls/a/b.png"]
    link = await files.polls.presign_get("a/b.png", 60)
    assert link.startswith(f"{files.url}/v1/files/polls/a/b.png?")
    down = await files.client.get(link)
    assert (down.status_code, down.content) == (200, PNG)
    head = await files.client.head(link)
    assert (head.status_code, head.content) == (200, b"")
    for answer in (down, head):
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-length"] == str(len(PNG))
        assert answer.headers["content-disposition"] == 'inline; filename="b.png"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"] in {f"private, max-age={seconds}" for seconds in range(50, 61)}


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/pdf", "text/plain; charset=utf-8"])
async def test_what_could_hold_a_script_is_kept_and_not_shown(files: Files, media_type: str) -> None:
    upload = await files.polls.presign_put("a", media_type, 100, 60)
    assert (await files.put(upload, b"<script>alert(1)</script>")).status_code == 204
    down = await files.client.get(await files.polls.presign_get("a", 60))
    assert down.headers["content-disposition"] == 'attachment; filename="a"'
    assert down.headers["content-type"] == media_type
    assert "sandbox" in down.headers["content-security-policy"]


async def test_a_large_file_is_streamed_both_ways(files: Files) -> None:
    content = bytes(range(250)) * (LARGE // 250)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, LARGE, 100_000):
            yield content[start : start + 100_000]

    upload = await files.polls.presign_put("large", "application/zip", LARGE, 60)
    assert (await files.put(upload, pieces())).status_code == 204
    assert (await files.client.get(await files.polls.presign_get("large", 60))).content == content


async def test_a_link_is_for_one_key_method_type_and_size(files: Files) -> None:
    upload = await files.polls.presign_put("a", "image/png", 2000, 60)
    link = await files.polls.presign_get("a", 60)
    wrong = [
        ("PUT", upload.url.replace("/polls/a", "/polls/b")),
        ("PUT", upload.url.replace("/polls/a", "/auth/a")),
        ("PUT", upload.url.replace("/polls/a", "/a")),
        ("PUT", upload.url.replace("/polls/a", "/auth/../polls/a")),
        ("PUT", upload.url.replace("/polls/a", "/auth/%2e%2e/polls/a")),
        ("PUT", upload.url.replace("/polls/a", "/..%2f..%2fx")),
        ("PUT", upload.url.replace("max=2000", "max=20000")),
        ("PUT", upload.url.replace("image%2Fpng", "text%2Fhtml")),
        ("PUT", upload.url + "&max=20000"),
        ("PUT", upload.url.partition("?")[0]),
        ("PUT", link),
        ("GET", upload.url),
        ("GET", link[:-1]),
        ("GET", link.replace("/polls/a", "/polls")),
        ("GET", link.replace("/polls/a", "/url-key")),
        ("GET", link.replace("/polls/a", "/../url-key")),
    ]
    for method, url in wrong:
        headers = {"content-type": "image/png"} if method == "PUT" else {}
        content = PNG if method == "PUT" else None
        answer = await raw(files.url, method, url, content, headers)
        problem(answer, 403, "bad-link")
    assert files.left() == []
    problem(await files.client.post(upload.url, content=PNG), 405, "method-not-allowed")
    problem(await files.client.get(link), 404, "not-found")


async def raw(base: str, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> httpx.Response:
    """Send a request whose path stays as it is written; clients resolve its dots."""
    host, _, port = base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{method} {url.removeprefix(base)} HTTP/1.1", "Host: here", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if content is not None:
        lines.append(f"Content-Length: {len(content)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + (content or b""))
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return httpx.Response(int(first.split()[1]), headers=[line.split(": ", 1) for line in rest], content=body)


async def test_another_type_than_the_link_s_is_refused_and_nothing_kept(files: Files) -> None:
    upload = await files.polls.presign_put("a", "image/png", 2000, 60)
    for media_type in ("text/html", "image/png; charset=utf-8", "image/svg+xml"):
        problem(await files.put(upload, PNG, **{"Content-Type": media_type}), 415, "unsupported-media-type")
    problem(await files.client.put(upload.url, content=PNG), 415, "unsupported-media-type")
    assert files.left() == []


async def test_more_than_the_link_s_is_refused_early_or_while_it_comes(files: Files) -> None:
    upload = await files.polls.presign_put("a", "image/png", 2000, 60)
    assert (await files.put(upload, PNG)).status_code == 204
    problem(await files.put(upload, b"x" * 2001), 413, "too-large")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 50_000

    problem(await files.put(upload, endless()), 413, "too-large")
    problem(await files.put(upload, b""), 400, "malformed-request")
    assert await files.polls.get("a") == PNG, "what was there stays until the new one is whole"
    assert files.left() == ["polls/a"]


async def test_what_says_it_is_too_large_is_refused_before_it_comes(files: Files) -> None:
    upload = await files.polls.presign_put("a", "image/png", 2000, 60)
    host, _, port = files.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = upload.url.removeprefix(files.url)
    writer.write(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 2001\r\n\r\n".encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()


async def test_who_goes_in_the_middle_or_is_slow_leaves_nothing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_BODY_SECONDS", 1.0)
    upload = await files.polls.presign_put("a", "image/png", 2000, 60)
    head = (
        f"PUT {upload.url.removeprefix(files.url)} HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
    ).encode()
    host, _, port = files.url.removeprefix("http://").partition(":")
    _, gone = await asyncio.open_connection(host, int(port))
    gone.write(head + b"x" * 500)
    await gone.drain()
    await asyncio.sleep(0.2)
    gone.close()
    reader, slow = await asyncio.open_connection(host, int(port))
    slow.write(head)
    async with asyncio.timeout(10):
        answer = asyncio.create_task(reader.readline())
        while not answer.done():
            with contextlib.suppress(ConnectionError):
                slow.write(b"x")
            await asyncio.sleep(0.2)
    assert b" 408 " in answer.result()
    slow.close()
    assert files.left() == []


async def test_a_link_that_is_over_says_so(files: Files) -> None:
    await files.polls.put("a", PNG, "image/png")
    problem(await files.client.get(await files.polls.presign_get("a", -1)), 410, "closed")
    upload = await files.polls.presign_put("a", "image/png", 2000, -1)
    problem(await files.put(upload, PNG), 410, "closed")
    forged = upload.url.replace("/polls/a", "/polls/b")
    problem(await files.client.put(forged, content=PNG), 403, "bad-link")


async def test_a_bucket_s_urls_arent_served_here(tmp_path: Path) -> None:
    async with serving(tmp_path, storage="s3://bucket") as (url, _), httpx.AsyncClient() as client:
        problem(await client.get(f"{url}/v1/files/a?expires=9&signature=x"), 404, "not-found")


@pytest.mark.parametrize("key", ["../auth/a", "/auth/a", "..", "a/../../auth/a"])
async def test_a_service_signs_for_its_own_folder_alone(tmp_path: Path, key: str) -> None:
    for storage in (open_storage(f"file://{tmp_path}").folder("polls"), open_storage("s3://bucket/x").folder("polls")):
        with pytest.raises(ValueError, match="isn't a file's key"):
            await storage.presign_get(key, 60)
        with pytest.raises(ValueError, match="isn't a file's key"):
            await storage.presign_put(key, "image/png", 10, 60)


@pytest.mark.parametrize("media_type", ["", "png", "image/png\r\nset-cookie: a=b", "image/png\n", "a/b; c", "a b/c"])
async def test_a_type_that_could_break_a_header_is_none(tmp_path: Path, media_type: str) -> None:
    for storage in (open_storage(f"file://{tmp_path}"), open_storage("s3://bucket/x")):
        with pytest.raises(ValueError, match="isn't a media type"):
            await storage.presign_put("a", media_type, 10, 60)
        with pytest.raises(ValueError, match="isn't a media type"):
            await storage.put("a", b"", media_type)
