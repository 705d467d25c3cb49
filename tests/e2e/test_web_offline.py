"""The web client without a connection, and when a new version of it comes: what its service worker does."""

import json
import re
import shutil
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDict
from playwright.async_api import Browser, Page, Route, expect
from services.web.build import SERVED
from tests.conftest import VoteWave, eventually
from tests.e2e.test_web_accessible import faults_of
from tests.e2e.web import becomes, enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

_KEPT = """async () => {
  const names = await caches.keys();
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return kept.flat().map(({ url }) => new URL(url).pathname);
}"""
_ACTIVE = "async () => { await navigator.serviceWorker.ready; return !!navigator.serviceWorker.controller; }"


async def ready(page: Page) -> None:
    """Wait until the worker has the shell and serves this page."""
    await becomes(page, _ACTIVE)


async def test_a_vote_that_is_cast_without_a_connection_survives_a_reload_and_is_counted_once(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}", service_workers="allow", locale="de")
    await page.get_by_role("button", name="English").click()
    await ready(page)
    await page.get_by_role("checkbox", name="Falafel").check()
    await page.context.set_offline(True)
    await expect(page.get_by_text("There is no connection. What is missing")).to_be_visible()
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_text("Your ballot isn't counted yet")).to_be_visible()

    await page.reload()
    await expect(page.get_by_text("1 vote is kept in this browser and doesn't count yet")).to_be_visible()
    await expect(page.get_by_role("link", name=poll["title"])).to_be_visible()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_have_count(0)
    assert (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"] == 0

    acknowledged: list[str] = []
    page.on("response", lambda it: acknowledged.append(it.url) if it.request.method == "PUT" and it.ok else None)
    await page.context.set_offline(False)
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await expect(page.get_by_text("You voted for Falafel.")).to_be_visible()
    await expect(page.get_by_text("There is no connection")).to_have_count(0)
    assert (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"] == 1
    assert len(acknowledged) == 1

    kept = await page.evaluate(_KEPT)
    assert "/" in kept
    assert [path for path in kept if path != "/" and not path.startswith("/assets/")] == [], "no answer of the API"


async def test_a_strangers_ballot_stays_on_its_page_when_the_connection_goes_as_it_is_cast(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await page.get_by_role("checkbox", name="Falafel").check()

    async def go(route: Route) -> None:
        answer = await route.fetch()
        await page.context.set_offline(True)
        await route.fulfill(response=answer)

    await page.route("**/v1/auth/guests", go)
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_text("Your ballot isn't counted yet")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="Falafel")).to_be_checked()
    await expect(page.get_by_role("button", name="Don't send it")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text("You voted for Falafel.")).to_be_visible()
    assert await ballots(client, poll) == 1


_WAITING = """async () => {
  const opened = await new Promise((resolve) => {
    const opening = indexedDB.open("votewave", 1);
    opening.onsuccess = () => resolve(opening.result);
  });
  const found = await new Promise((resolve) => {
    const asking = opened.transaction("ballots").objectStore("ballots").getAll();
    asking.onsuccess = () => resolve(asking.result);
  });
  opened.close();
  return found.length;
}"""


async def nothing_waits(page: Page) -> None:
    """Wait until no ballot is left in the browser; what is said of one may be seen a moment before."""
    await becomes(page, f"async () => (await ({_WAITING})()) === 0")


async def ballots(client: httpx.AsyncClient, poll: dict[str, Any]) -> int:
    """Return how many a poll has."""
    counted: int = (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"]
    return counted


async def vote_unsent(page: Page, url: str, poll: dict[str, Any]) -> None:
    """Cast a vote while there is no connection, and go to the first page."""
    await page.goto(f"{url}/p/{poll['code']}")
    await page.get_by_role("checkbox", name="Falafel").check()
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_text("Your ballot isn't counted yet")).to_be_visible()
    await page.get_by_role("link", name="VoteWave", exact=True).click()
    await expect(page.get_by_text("1 vote is kept in this browser and doesn't count yet")).to_be_visible()


async def test_a_vote_that_waits_is_sent_from_any_page(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, votewave.url, service_workers="allow")
    await ready(page)
    await vote_unsent(page, votewave.url, poll)
    assert await ballots(client, poll) == 0

    await page.context.set_offline(False)
    told = page.get_by_role("status").filter(has_text="Your vote is counted: ")
    await expect(told).to_be_visible()
    assert await faults_of(page, "the first page, a vote was sent") == []
    await nothing_waits(page)
    assert await ballots(client, poll) == 1
    await told.get_by_role("link", name=poll["title"]).click()
    await expect(page.get_by_text("You voted for Falafel.")).to_be_visible()
    await expect(told).to_have_count(0)
    assert await ballots(client, poll) == 1


async def test_a_vote_that_comes_too_late_says_so_from_any_page_and_keeps_what_was_chosen(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    owner = await sign_up(client)
    poll = await publish(client, owner)
    page, _ = await visit(browser, votewave.url, service_workers="allow")
    await ready(page)
    await vote_unsent(page, votewave.url, poll)
    closed = await client.post(f"/v1/polls/{poll['id']}/close", headers=owner)
    assert closed.is_success, closed.text

    async def over() -> bool:
        status: str = (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["status"]
        return status == "final"

    await eventually(over, 20)
    await page.context.set_offline(False)
    told = page.get_by_role("status").filter(has_text="Your vote isn't counted; its poll says why: ")
    await expect(told).to_be_visible()
    assert await page.evaluate(_WAITING) == 1
    await page.reload()
    await expect(told.get_by_role("button", name="Forget this vote")).to_be_visible()
    await told.get_by_role("link", name=poll["title"]).click()
    await expect(page.get_by_text("Your ballot came too late and isn't counted.")).to_be_visible()
    await expect(told).to_have_count(0)
    await page.goto(votewave.url)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert (await ballots(client, poll), await page.evaluate(_WAITING)) == (0, 0)


async def test_a_vote_that_waits_goes_with_the_session_of_whoever_cast_it(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, f"{votewave.url}/sign-up", service_workers="allow")
    await enter(page)
    await ready(page)
    await vote_unsent(page, votewave.url, poll)
    # There is a connection again, but none to the booth.
    await page.context.route("**/v1/votebooth/**", lambda route: route.abort())
    await page.context.set_offline(False)
    await expect(page.get_by_text("Your vote doesn't count yet; it is sent again soon")).to_be_visible()
    await page.get_by_role("button", name="You", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    await expect(page.get_by_text("Your vote doesn't count yet")).to_have_count(0)
    await nothing_waits(page)
    await page.context.unroute_all()
    await page.goto(f"{votewave.url}/sign-up")
    await enter(page)  # somebody else at the same browser
    await expect(page.get_by_role("link", name="Home", exact=True)).to_be_visible()
    assert (await ballots(client, poll), await page.evaluate(_WAITING)) == (0, 0)


async def test_every_page_opens_without_a_connection_and_what_is_apis_does_not(
    browser: Browser, votewave: VoteWave
) -> None:
    page, _ = await visit(browser, votewave.url, service_workers="allow")
    await ready(page)
    await page.get_by_role("link", name="Explore").click()  # it is kept once it was loaded
    await expect(page.get_by_role("heading", name="Explore")).to_be_visible()
    await page.context.set_offline(True)
    for path in ("/", "/p/7KQ3MX", "/explore", "/nowhere"):
        await page.goto(f"{votewave.url}{path}")
        await expect(page.get_by_text("There is no connection. What is missing")).to_be_visible()
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        await page.goto(f"{votewave.url}/docs")


class Releases:
    """The build in a folder of its own before a VoteWave, so that a test can bring another version of it.

    Args:
        folder: Is a copy of the build.
        api: Where VoteWave serves.
    """

    def __init__(self, folder: Path, api: str) -> None:
        self.folder = folder
        self.entry = self._entry()
        self._api = api

    def _entry(self) -> str:
        document = (self.folder / "index.html").read_text("utf-8")
        [entry] = re.findall(r'<link rel="modulepreload"[^>]* href="(/assets/index-[^"]+)" data-begin', document)
        return str(entry)

    def release(self) -> str:
        """Have the version after this one, whose entry has another name; return that."""
        newer = self.entry.replace(".js", "x.js")
        shutil.copy(self.folder / self.entry[1:], self.folder / newer[1:])
        for name in ("index.html", "sw.js"):
            text = (self.folder / name).read_text("utf-8")
            (self.folder / name).write_text(text.replace(self.entry, newer), "utf-8")
        return newer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer by a file of the folder, by its document, or as VoteWave does."""
        if re.match(r"/(assets/|sw\.js)", request.path):
            return web.FileResponse(self.folder / request.path[1:], headers={"cache-control": "no-cache"})
        if not request.path.startswith("/v1/"):
            return web.FileResponse(self.folder / "index.html", headers={"cache-control": "no-cache"})
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                f"{self._api}{request.path_qs}",
                headers=request.headers,
                data=await request.read() or None,
                skip_auto_headers=["content-type"],
            ) as answer,
        ):
            hop = {"connection", "transfer-encoding", "content-length"}
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in hop]
            return web.Response(status=answer.status, headers=CIMultiDict(kept), body=await answer.read())


@pytest.fixture
async def releases(browser: Browser, votewave: VoteWave, tmp_path: Path) -> AsyncIterator[tuple[Releases, str]]:
    """What is served, and where."""
    folder = tmp_path / "served"
    shutil.copytree(SERVED, folder)
    served = Releases(folder, votewave.url)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield served, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_new_version_is_offered_but_never_under_a_ballot_that_is_not_sent(
    browser: Browser, client: httpx.AsyncClient, releases: tuple[Releases, str]
) -> None:
    served, url = releases
    poll = await publish(client)
    page, _ = await visit(browser, f"{url}/p/{poll['code']}", service_workers="allow")
    await ready(page)
    await page.get_by_role("checkbox", name="Falafel").check()
    newer = served.release()
    await page.evaluate("async () => (await navigator.serviceWorker.ready).update()")
    await becomes(page, "async () => !!(await navigator.serviceWorker.ready).waiting")
    offer = page.get_by_role("button", name="Load it")
    await expect(offer).to_have_count(0)
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await offer.click()
    await expect(page.locator(f"link[href='{newer}']")).to_have_count(1)
    await expect(page.get_by_text("You voted for Falafel.")).to_be_visible()
    await expect(offer).to_have_count(0)
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.locator(f"link[href='{newer}']")).to_have_count(1)


async def test_a_page_that_has_come_anew_by_itself_is_offered_nothing(
    browser: Browser, releases: tuple[Releases, str]
) -> None:
    served, url = releases
    page, _ = await visit(browser, url, service_workers="allow")
    await ready(page)
    newer = served.release()
    await page.reload()
    await expect(page.locator(f"link[href='{newer}']")).to_have_count(1)
    kept = f"async () => (await caches.keys()).includes('votewave-shell {newer}')"
    await becomes(page, kept)
    await becomes(page, "async () => !(await navigator.serviceWorker.ready).waiting")
    await expect(page.get_by_role("button", name="Load it")).to_have_count(0)


def test_what_is_served_can_be_installed() -> None:
    manifest = json.loads((SERVED / "manifest.webmanifest").read_text("utf-8"))
    assert {icon["purpose"] for icon in manifest["icons"]} >= {"any", "maskable"}
    for icon in manifest["icons"]:
        head = (SERVED / icon["src"].lstrip("/")).read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", head[16:])
        assert icon["sizes"] == f"{width}x{height}"
