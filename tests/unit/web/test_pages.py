"""The web client's build beside the API: what is served how, and what stays the API's."""

import gzip
from pathlib import Path

import httpx
import pytest
from services.core.http.application import Application, create_app
from services.core.settings import CoreSettings, SettingsError
from services.core.storage.opening import open_storage
from services.web import application
from services.web.pages import Pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build = tmp_path / "served"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html><title>the client</title>")
    (build / "assets" / "index-abc.js").write_text("console.log(1)")
    (build / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(b"console.log(1)"))
    (build / "sw.js").write_text("self.skipWaiting()")
    (build / "manifest.webmanifest").write_text("{}")
    (build / "made-of").write_text("not for browsers")
    return build


def client(folder: Path, *, making: bool = False) -> httpx.AsyncClient:
    place = folder.parent
    settings = CoreSettings(secrets=f"file://{place}/secrets.json", storage=f"file://{place}/files")
    return _client(create_app([], settings, fronts=[Pages(folder, lambda: making)]))


def _client(app: Application) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")  # type: ignore[arg-type]  # of the same shape


ONE_WORD = (
    "sign-in",
    "sign-up",
    "forgot",
    "reset",
    "verify",
    "new",
    "home",
    "explore",
    "join",
    "rooms",
    "messages",
    "moderation",
)
PATHS = (
    "/",
    "/p/7KQ3MX",
    "/r/7K3MPX2C",
    "/r/7K3MPX2C/screen",
    "/rooms/0/host",
    "/u/ada",
    "/tags/sea",
    "/tags/%C3%B6konomie",
    "/polls/0",
    "/polls/mine",
    "/polls/0/edit",
    "/polls/0/voters",
    "/messages/0",
    "/messages/with/ada",
    *(f"/{name}" for name in ONE_WORD),
)


async def test_every_page_is_the_one_document_under_a_strict_policy(folder: Path) -> None:
    async with client(folder) as browser:
        for path in PATHS:
            answer = await browser.get(path)
            assert (answer.status_code, answer.text) == (200, "<!doctype html><title>the client</title>")
            policy = answer.headers["content-security-policy"].split("; ")
            assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-cache"
        same = await browser.get("/", headers={"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        head = await browser.head("/p/7KQ3MX")
        assert (head.status_code, head.content) == (200, b"")


async def test_assets_are_kept_for_ever_and_sent_packed(folder: Path) -> None:
    async with client(folder) as browser:
        for encoding, sent in (("gzip", "gzip"), ("identity", None)):
            answer = await browser.get("/assets/index-abc.js", headers={"accept-encoding": encoding})
            assert (answer.text, answer.headers.get("content-encoding")) == ("console.log(1)", sent)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_service_worker_and_the_manifest_are_asked_for_anew_each_time(folder: Path) -> None:
    async with client(folder) as browser:
        for path, kind in (("/sw.js", "text/javascript"), ("/manifest.webmanifest", "application/manifest+json")):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
            assert answer.headers["content-type"].startswith(kind)
            policy = answer.headers["content-security-policy"].split("; ")
            assert {"worker-src 'self'", "manifest-src 'self'", "connect-src 'self'"} <= set(policy)
            same = await browser.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
            (folder / path[1:]).unlink()
            assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/assets/%2e%2e%2fmade-of", "/made-of", "/v1/none", "/p/a/b", "/pp"]
)
async def test_everything_else_is_a_problem_of_the_api(folder: Path, path: str) -> None:
    async with client(folder) as browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert (await browser.post("/p/7KQ3MX")).status_code in {404, 405}


async def test_without_a_build_the_pages_say_that_it_is_made_or_are_the_apis(folder: Path) -> None:
    (folder / "index.html").unlink()
    async with client(folder, making=True) as browser:
        waiting = await browser.get("/p/7KQ3MX")
        assert (waiting.status_code, waiting.headers["refresh"]) == (503, "2")
        assert "are being made" in waiting.text
    async with client(folder) as browser:
        assert (await browser.get("/")).headers["location"] == "/docs"
        assert (await browser.get("/p/7KQ3MX")).status_code == 404


# `votewave run web`


@pytest.fixture
def web(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The program, in a place where nothing is that a service needs."""
    monkeypatch.setattr(application, "INSTALLED", folder)
    return application.create_web("web", CoreSettings(secrets="file:///nowhere", storage="file:///nowhere"))


async def test_the_program_serves_pages_and_health_and_nothing_of_the_api(web: Application) -> None:
    async with _client(web) as browser:
        for path in ("/", "/p/7KQ3MX", "/sw.js", "/assets/index-abc.js", "/health/live", "/health/ready"):
            assert (await browser.get(path)).status_code == 200, path
        for path in ("/docs", "/openapi.json", "/v1/polls", "/made-of", "/pp", "/assets/gone.js"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert (await browser.post("/p/7KQ3MX")).status_code == 404
        assert (await browser.get("/", headers={"votewave-wanted": "polls"})).status_code == 421
        assert (await browser.get("/", headers={"votewave-wanted": "web"})).status_code == 200


async def test_the_program_is_not_ready_without_a_build_nor_while_it_stops(web: Application, folder: Path) -> None:
    async with _client(web) as browser:
        (folder / "index.html").rename(folder / "away")
        assert (await browser.get("/health/ready")).status_code == 503
        assert (await browser.get("/")).status_code == 404
        (folder / "away").rename(folder / "index.html")
        assert (await browser.get("/health/ready")).status_code == 200
        web.stopping.set()
        assert (await browser.get("/health/ready")).status_code == 503
        assert (await browser.get("/health/live")).status_code == 200


async def connects_to(storage: str) -> list[str]:
    async with _client(application.create_web("web", CoreSettings(storage=storage))) as browser:
        policy = (await browser.get("/")).headers["content-security-policy"].split("; ")
    [connect] = [part for part in policy if part.startswith("connect-src ")]
    return connect.split()[1:]


async def test_pages_may_upload_to_the_bucket_that_presigned_urls_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "INSTALLED", folder)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-a-service")
    assert await connects_to(f"file://{folder}") == ["'self'"]
    bucket = "https://votewave-files-1.s3.eu-central-1.amazonaws.com"
    assert await connects_to("s3://votewave-files-1/some/where") == ["'self'", bucket]
    given = await open_storage("s3://votewave-files-1/some/where").presign_put("a.png", "image/png", 9, 9)
    assert given.url == f"{bucket}/"
    with pytest.raises(SettingsError, match="VOTEWAVE_STORAGE"):
        await connects_to("ftp://there")
