"""What is seen before a page's scripts are there, and that these ask for nothing twice."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.web import enter, in_feed, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

WORDS = {
    "en": ("Vote together, and see the result move", "Code of the poll"),
    "de": ("Stimmt gemeinsam ab und seht, wie sich das Ergebnis bewegt", "Code der Umfrage"),
}


async def held(page: Page) -> asyncio.Event:
    """Have the scripts that every page needs wait for the event."""
    go = asyncio.Event()

    async def wait(route: Route) -> None:
        await go.wait()
        await route.continue_()

    await page.route("**/assets/packages-*.js", wait)
    return go


@pytest.mark.parametrize("language", WORDS)
async def test_the_first_page_is_there_before_its_scripts(browser: Browser, votewave: VoteWave, language: str) -> None:
    heading, label = WORDS[language]
    context = await browser.new_context(locale=language, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(votewave.url)
    await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    await expect(page.get_by_label(label)).to_be_editable()
    await expect(page.get_by_role("link", name="VoteWave")).to_be_visible()
    await page.goto(f"{votewave.url}/explore")
    await expect(page.get_by_role("link", name="VoteWave")).to_be_visible()
    await expect(page.get_by_role("heading")).to_have_count(0)  # another page's words aren't on it


async def test_what_is_typed_meanwhile_isnt_lost(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(browser, "about:blank")
    go = await held(page)
    await page.goto(votewave.url, wait_until="commit")
    code = page.get_by_label("Code of the poll")
    await code.fill(poll["code"][:4])
    await expect(page.get_by_role("link", name="Explore")).to_have_count(0)  # nobody knows yet who is here
    go.set()
    await expect(page.get_by_role("link", name="Explore")).to_be_visible()
    await expect(code).to_have_value(poll["code"][:4])
    await expect(code).to_be_focused()
    await page.keyboard.type(poll["code"][4:])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=poll["title"])).to_be_visible()
    assert complaints == []


async def test_a_poll_is_named_before_its_scripts(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    text = "<b>Bring</b> a friend, or don't"
    poll = await publish(client, description=text)
    page, complaints = await visit(browser, "about:blank")
    go = await held(page)
    await page.goto(f"{votewave.url}/p/{poll['code']}", wait_until="commit")
    await expect(page.get_by_role("heading", level=1, name=poll["title"])).to_be_visible()
    await expect(page.get_by_text(text)).to_be_visible()
    await expect(page.get_by_role("button", name="Cast my vote")).to_have_count(0)
    go.set()
    await expect(page.get_by_role("button", name="Cast my vote")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert complaints == []


async def test_a_feed_is_read_and_written_to_before_its_scripts(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    by = await enter(page)
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()
    poll = await publish(client, by, title="<b>Shall</b> we?")
    said = {"json": {"text": "Good morning"}, "headers": {**by, "idempotency-key": "a-morning"}}
    assert (await client.post("/v1/expressions/waves", **said)).is_success

    await in_feed(client, by, 2)
    await page.goto("about:blank")
    go = await held(page)
    await page.goto(f"{votewave.url}/home", wait_until="commit")
    await expect(page.get_by_text("Good morning")).to_be_visible()
    await expect(page.get_by_text(poll["title"])).to_be_visible()
    wave = page.get_by_label("A new Wave")
    await wave.fill("And a good ")
    go.set()
    await expect(page.get_by_role("link", name="Explore")).to_be_visible()
    await expect(wave).to_be_focused()
    await page.keyboard.type("evening")
    await expect(page.get_by_label("Who sees it")).to_have_value("public")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("listitem").get_by_text("And a good evening")).to_be_visible()
    assert complaints == []


async def test_a_feed_shows_nothing_to_a_guest_before_its_scripts(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}", viewport={"width": 360, "height": 740})
    await page.get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_text("Your vote is counted")).to_be_visible()
    await page.goto("about:blank")
    go = await held(page)
    async with page.expect_response("**/v1/auth/sessions/refresh"):
        await page.goto(f"{votewave.url}/home", wait_until="commit")
    await expect(page.get_by_label("A new Wave")).to_have_count(0)
    heading = page.get_by_role("link", name="VoteWave")
    before = await heading.bounding_box()
    go.set()
    await expect(page.get_by_text("to see what people publish whom you follow")).to_be_visible()
    assert await heading.bounding_box() == before
    assert complaints == []


async def test_a_feed_stays_where_it_is_when_its_scripts_come(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    by = await enter(page)
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()
    other = await sign_up(client)
    they = (await client.get("/v1/profiles/me", headers=other)).json()
    assert (await client.put(f"/v1/follows/people/{they['account']}", headers=by)).is_success
    poll = await publish(client, other)
    said = {"json": {"text": "Good morning"}, "headers": {**by, "idempotency-key": "a-morning"}}
    assert (await client.post("/v1/expressions/waves", **said)).is_success

    await in_feed(client, by, 2)
    await page.goto("about:blank")
    go = await held(page)
    await page.goto(f"{votewave.url}/home", wait_until="commit")
    texts = [page.get_by_text("Good morning"), page.get_by_text(poll["title"])]
    await expect(texts[1]).to_be_visible()
    before = [await text.bounding_box() for text in texts]
    go.set()
    await expect(page.get_by_role("button", name="Not for me")).to_be_visible()
    for text, box in zip(texts, before, strict=True):
        now = await text.bounding_box()
        assert now
        assert box
        assert abs(now["y"] - box["y"]) <= 2
    assert complaints == []


async def test_whoever_has_a_rooms_code_is_asked_for_a_name_before_its_scripts(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    by = {**await sign_up(client), "idempotency-key": "a-hall"}
    room = (await client.post("/v1/votebooth/rooms", json={"title": "Town hall"}, headers=by)).json()
    page, _ = await visit(browser, "about:blank")
    go = await held(page)
    await page.goto(f"{votewave.url}/r/{room['code']}", wait_until="commit")
    name = page.get_by_label("Your name here")
    await name.fill("Ad")
    go.set()
    await expect(page.get_by_role("link", name="Explore")).to_be_visible()
    await expect(name).to_be_focused()
    await page.keyboard.type("a")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Town hall")).to_be_visible()
    await expect(page.get_by_text("you are Ada")).to_be_visible()


async def test_whoever_sends_their_name_before_a_rooms_scripts_comes_in(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    by = {**await sign_up(client), "idempotency-key": "an-early-hall"}
    room = (await client.post("/v1/votebooth/rooms", json={"title": "Town hall"}, headers=by)).json()
    page, _ = await visit(browser, "about:blank")
    go = await held(page)
    await page.goto(f"{votewave.url}/r/{room['code']}", wait_until="commit")
    await page.get_by_label("Your name here").fill("Ada")
    await page.get_by_role("button", name="Come in").click()
    await expect(page.get_by_role("button", name="Come in")).to_have_attribute("aria-disabled", "true")
    go.set()
    await expect(page.get_by_text("you are Ada")).to_be_visible()


async def test_a_rooms_code_that_is_taken_for_a_polls_leads_to_the_room(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    by = {**await sign_up(client), "idempotency-key": "another-hall"}
    room = (await client.post("/v1/votebooth/rooms", json={"title": "Town hall"}, headers=by)).json()
    page, _ = await visit(browser, votewave.url)
    await page.get_by_label("Code of the poll").fill(room["code"])
    await page.get_by_role("button", name="Open the poll").press("Enter")
    await page.get_by_role("link", name="It is the code of a room: go there").click()
    await expect(page.get_by_role("heading", name="Come into the room")).to_be_visible()


async def test_a_code_that_is_sent_before_the_page_is_there_leads_to_its_poll(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, f"{votewave.url}/?code={poll['code'][:4]}-{poll['code'][4:]}")
    await expect(page.get_by_role("heading", name=poll["title"])).to_be_visible()


async def test_no_page_asks_for_anything_twice(browser: Browser, votewave: VoteWave, client: httpx.AsyncClient) -> None:
    poll = await publish(client, rules={"eligibility": "anyone", "listing": "public"})
    page, complaints = await visit(browser, f"{votewave.url}/sign-up")
    by = await enter(page)
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()
    key = {"idempotency-key": "a-first-wave"}
    await client.post("/v1/expressions/waves", json={"text": "Good morning"}, headers={**by, **key})
    mine = await publish(client, by, title="Shall we?")

    async def both_in_feed() -> Any:
        items = (await client.get("/v1/feed/home", headers=by)).json()["items"]
        return {item["kind"] for item in items} == {"wave", "poll"}

    await eventually(both_in_feed)
    room = await client.post("/v1/votebooth/rooms", json={"title": "Hall"}, headers={**by, "idempotency-key": "hall"})
    seen = {
        "/": poll["title"],
        f"/p/{mine['code']}": "Cast my vote",
        "/home": "Good morning",
        f"/r/{room.json()['code']}": "Hall",
    }
    early = {
        "/": "/v1/polls?",
        f"/p/{mine['code']}": "/v1/polls/by-code/",
        "/home": "/v1/feed/home?",
        f"/r/{room.json()['code']}": "/v1/votebooth/rooms/",
    }
    asked: Counter[tuple[str, str, str]] = Counter()
    page.on("request", lambda it: asked.update([(it.method, it.url, it.post_data or "")]))
    watched = ("/v1/polls", "/polls/batch", "/waves/batch", "/feed/home", "/rooms/", "/sessions/refresh")
    for path, text in seen.items():
        await page.goto("about:blank")
        asked.clear()
        await page.goto(f"{votewave.url}{path}")
        await expect(page.get_by_text(text).first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        twice = {it for it, times in asked.items() if times > 1 and any(part in it[1] for part in watched)}
        assert twice == set(), path
        assert any(early[path] in url for _, url, _ in asked), path
    assert complaints == []
