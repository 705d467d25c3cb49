"""Which document a page is answered with: its own, in its reader's language."""

import json
import os
from pathlib import Path

import httpx
import pytest
from services.core.http.application import create_app
from services.core.settings import CoreSettings
from services.web.documents import Documents
from services.web.pages import PAGES, Pages

PATHS = {
    "/": "0",
    "/p/$code": "1",
    "/polls/$id": "2",
    "/polls/mine": "3",
    "/polls/$id/edit": "4",
    "/r/$code/screen": "5",
    "/home": "6",
}
BUILT = json.dumps({"languages": ["en", "de"], "pages": PATHS}).encode()


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "documents/0.en.html"),
        ("/p/7KQ3MX", "documents/1.en.html"),
        ("/p/a.b", "documents/1.en.html"),
        ("/polls/0", "documents/2.en.html"),
        ("/polls/mine", "documents/3.en.html"),
        ("/polls/mine/edit", "documents/4.en.html"),
        ("/r/7KQ3MX/screen", "documents/5.en.html"),
        ("/r/7KQ3MX", "index.html"),
        ("/new", "index.html"),
        ("/polls/%0a", "documents/2.en.html"),
    ],
)
def test_each_page_has_its_own(path: str, file: str) -> None:
    assert Documents(BUILT).of(path, {}, {}) == file


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("", None, "en"),
        ("de", None, "de"),
        ("de-AT,de;q=0.9,en;q=0.8", None, "de"),
        ("fr-FR,fr;q=0.9,de;q=0.8", None, "de"),
        ("fr", None, "en"),
        ("en-GB,de", None, "en"),
        ("en", "de", "de"),
        ("de", "en", "en"),
        ("de", "../../etc", "de"),
        ("de", "fr", "de"),
        (";,=-", None, "en"),
        ("x," * 50_000 + "de", None, "en"),
    ],
)
def test_it_is_in_the_chosen_language_else_in_the_browsers(accepted: str, chosen: str | None, language: str) -> None:
    cookies = {} if chosen is None else {"votewave.language": chosen}
    assert Documents(BUILT).of("/home", {"accept-language": accepted}, cookies) == f"documents/6.{language}.html"


async def test_a_new_builds_documents_are_served_at_once(tmp_path: Path) -> None:
    build = tmp_path / "served"
    (build / "documents").mkdir(parents=True)
    (build / "assets").mkdir()
    (build / "index.html").write_text("any page's")
    settings = CoreSettings(secrets=f"file://{tmp_path}/secrets.json", storage=f"file://{tmp_path}/files")
    app = create_app([], settings, fronts=[Pages(build)])
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # of the same shape
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as browser:
        assert (await browser.get("/home")).text == "any page's"
        for number, languages in enumerate((["en"], ["en", "de"])):
            for language in languages:
                (build / "documents" / f"home.{language}.html").write_text(f"{language} {number}")
            said = build / "documents.json"
            said.write_text(json.dumps({"languages": languages, "pages": {"/home": "home"}}))
            os.utime(said, ns=(number, number + 1))
            german = await browser.get("/home", headers={"accept-language": "de"})
            assert german.text == f"{languages[-1]} {number}"
            assert {"accept-language", "cookie"} <= set(german.headers["vary"].replace(" ", "").lower().split(","))
            tag = {"if-none-match": german.headers["etag"], "accept-language": "de"}
            assert (await browser.get("/home", headers=tag)).status_code == 304
            assert (await browser.get("/home", headers=tag | {"accept-language": "en"})).status_code == (
                200 if number else 304
            )
        assert (await browser.get("/index.html")).text == "any page's"


def test_no_pattern_takes_more_than_a_page() -> None:
    documents = Documents(BUILT)
    assert not PAGES.fullmatch("/p/a/b")
    assert documents.of("/p/a/b", {}, {}) == "index.html"
