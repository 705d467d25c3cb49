"""The web client's build beside the API: what is served how, and what stays the API's."""

import gzip
from pathlib import Path

import httpx
import pytest
from services.core.http.application import create_app
from services.core.settings import CoreSettings
from services.web.pages import Pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build = tmp_path / "served"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html><title>the client</title>")
    (build / "assets" / "index-abc.js").write_text("console.log(1)")
    (build / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(b"console.log(1)"))
    (build / "made-of").write_text("not for browsers")
    return build


def client(folder: Path, *, making: bool = False) -> httpx.AsyncClient:
    place = folder.parent
    settings = CoreSettings(secrets=f"file://{place}/secrets.json", storage=f"file://{place}/files")
    app = create_app([], settings, fronts=[Pages(folder, lambda: making)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")  # type: ignore[arg-type]  # of the same shape


ONE_WORD = ("sign-in", "sign-up", "forgot", "reset", "verify", "new", "home", "explore", "join", "rooms")
PATHS = (
    "/",
    "/p/7KQ3MX",
    "/r/7K3MPX2C",
    "/r/7K3MPX2C/screen",
    "/rooms/0/host",
    "/u/ada",
    "/polls/0",
    "/polls/mine",
    "/polls/0/edit",
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
