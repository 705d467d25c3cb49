"""What a gate asks of the web client's canary before it is put under load."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from loadtests.gate.api import Api
from loadtests.gate.errors import TargetError
from loadtests.gate.pages import READ, must_open
from loadtests.gate.plan import is_of
from loadtests.gate.setup import read_paths
from services.web.pages import PAGES

FILES = {
    "/": '<script type="module" src="/assets/index-1.js"></script><link href="/assets/index-2.css" rel="stylesheet">',
    "/assets/index-1.js": 'import"./shared-3.js";const later=["assets/Page-4.js","assets/Page-5.css"]',
    "/assets/index-2.css": "p{}",
    "/assets/shared-3.js": 'import"./index-1.js"',
    "/assets/Page-4.js": "import`./shared-3.js`",
    "/assets/Page-5.css": "p{}",
}


@pytest.fixture
async def asked() -> AsyncIterator[tuple[Api, dict[str, str], list[str]]]:
    """A gate's client, the files that it finds, and what it has asked for."""
    files, seen = dict(FILES), list[str]()

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(text=files[request.path]) if request.path in files else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    api = Api(f"http://{host}:{port}", {})
    yield api, files, seen
    await api.close()
    await runner.cleanup()


async def test_all_that_a_page_loads_is_asked_for_once(asked: tuple[Api, dict[str, str], list[str]]) -> None:
    api, _, seen = asked
    await must_open(api)
    assert sorted(seen) == sorted(FILES)


@pytest.mark.parametrize("missing", FILES)
async def test_a_page_that_would_be_blank_somewhere_is_no_good(
    asked: tuple[Api, dict[str, str], list[str]], missing: str
) -> None:
    api, files, _ = asked
    del files[missing]
    with pytest.raises(TargetError, match=missing):
        await must_open(api)


async def test_nor_is_a_document_without_a_script(asked: tuple[Api, dict[str, str], list[str]]) -> None:
    api, files, _ = asked
    files["/"] = "<p>Under construction"
    with pytest.raises(TargetError, match="names no script"):
        await must_open(api)


def test_pages_are_the_clients_and_what_is_below_v1_is_a_services() -> None:
    assert read_paths("web") == list(READ)
    assert all(PAGES.fullmatch(path) and is_of(path, "web") and not is_of(path, "polls") for path in READ)
    assert is_of("/v1/polls?status=open", "polls")
    assert not is_of("/v1/polls?status=open", "web")
    assert not is_of("/v1/pollsters", "polls")
