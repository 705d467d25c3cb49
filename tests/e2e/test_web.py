"""The web client in a real browser, against the real services."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Request, expect
from services.web.build import SERVED
from tests.conftest import VoteWave, eventually
from tests.e2e.web import enter, publish, run_web, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def test_the_first_page_is_soon_there(browser: Browser) -> None:
    """What it takes on a phone's connection: the script, and what the document has loaded along with it."""
    scripts = re.findall(r'"/(assets/[^"]+\.js)"', (SERVED / "index.html").read_text())
    assert scripts
    packed = [next(it for it in (SERVED / f"{name}.gz", SERVED / name) if it.exists()) for name in scripts]
    assert sum(path.stat().st_size for path in packed) <= 135_000


async def test_a_guest_votes_and_another_browser_sees_the_result_move(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    watcher, watched = await visit(browser, votewave.url)
    await watcher.get_by_label("Code of the poll").fill(poll["code"].lower())
    await watcher.get_by_role("button", name="Open the poll").click()
    noodles = watcher.locator("li", has_text="Noodle bar").locator("strong")
    await expect(noodles).to_have_text("0")

    voter, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}", viewport={"width": 360, "height": 740})
    cast = voter.get_by_role("button", name="Cast my vote")
    await expect(cast).to_be_disabled()
    await voter.get_by_role("checkbox", name="Noodle bar").check()
    await voter.get_by_role("checkbox", name="Falafel").check()

    async def held_up(route: Any) -> None:  # the acknowledgement waits until it is seen that nothing was claimed before
        if route.request.method == "PUT":
            await expect(voter.get_by_text("Your vote is under way")).to_be_visible()
            await expect(voter.get_by_text("Your vote is counted")).to_have_count(0)
        await route.continue_()

    await voter.route("**/ballot", held_up)
    await cast.click()
    await expect(voter.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    receipt = await voter.locator("code").inner_text()
    await expect(noodles).to_have_text("1")
    found = await client.get(f"/v1/votebooth/polls/{poll['id']}/receipts/{receipt}")
    assert found.status_code == 200

    # After a reload the vote is still known to be theirs, by a cookie that no script sees.
    await voter.unroute_all()
    await voter.reload()
    await expect(voter.get_by_text("You voted for Noodle bar and Falafel.")).to_be_visible()
    kept = await voter.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert "eyJ" not in kept
    assert kept.startswith('[{"votewave.signed-in":"guest"},{')
    _, places, cookies, _ = json.loads(kept)
    assert cookies == ""
    assert places.keys() <= {"tsr-scroll-restoration-v1_3"}  # how far each page was scrolled

    await voter.get_by_role("button", name="Change my vote").click()
    await voter.get_by_role("checkbox", name="Noodle bar").uncheck()
    await voter.get_by_role("button", name="Change my vote").click()
    await expect(noodles).to_have_text("0")
    assert (watched, complaints) == ([], [])


async def test_whoever_has_voted_writes_on_undisturbed(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/p/{poll['code']}")
    await enter(page)
    asked, may_be_answered = asyncio.Event(), asyncio.Event()

    async def held_up(route: Any) -> None:
        if route.request.method == "GET":
            asked.set()
            await may_be_answered.wait()
        await route.continue_()

    await page.route("**/ballot", held_up)
    await page.get_by_role("checkbox", name="Noodle bar").check()
    await page.get_by_role("button", name="Cast my vote").press("Enter")
    counted = page.get_by_role("heading", name="Your vote is counted")
    await expect(counted).to_be_focused()
    text = page.get_by_label("Your comment")
    await text.fill("I have voted")
    await asyncio.wait_for(asked.wait(), 20)
    async with page.expect_response(lambda answer: answer.url.endswith("/ballot") and answer.ok):
        may_be_answered.set()
    await expect(page.get_by_text("You voted for Noodle bar.")).to_be_visible()
    await page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    await expect(text).to_be_focused()
    await page.keyboard.type(", too")
    await expect(text).to_have_value("I have voted, too")
    assert complaints == []


async def test_somebody_makes_a_poll_and_ranks_by_keyboard_alone(browser: Browser, votewave: VoteWave) -> None:
    owner, complaints = await visit(browser, f"{votewave.url}/new", color_scheme="dark")
    await owner.get_by_role("link", name="Sign up").click()
    await owner.get_by_label("E-mail address").fill(f"{uuid4().hex}@example.org")
    await owner.get_by_label("Password").fill("a boat, a lamp and 3 keys")
    await owner.keyboard.press("Enter")
    await owner.get_by_label("Question").fill("<b>Chair</b>")
    await owner.get_by_role("button", name="Add an option").click()
    for place, name in enumerate(("Ada", "Bo", "<img src=x onerror=alert(1)>"), 1):
        await owner.get_by_label(f"Option {place}", exact=True).fill(name)
    await owner.get_by_role("radio", name="One winner").press("Space")
    await owner.get_by_label("Who sees the result").select_option("after_vote")
    await owner.get_by_role("button", name="Publish the poll").click()
    await expect(owner.get_by_role("heading", name="<b>Chair</b>")).to_be_visible()  # what people write is text
    await expect(owner.get_by_text("Your poll is published.")).to_be_visible()
    await expect(owner.get_by_role("button", name="Copy the link")).to_be_visible()

    voter, hidden = await visit(browser, owner.url)
    await expect(voter.get_by_text("The results are shown to those who have voted")).to_be_visible()
    await expect(voter.locator("[data-option]")).to_have_count(0)
    for name in ("Ada", "Bo"):
        await voter.get_by_role("button", name=name, exact=True).press("Enter")
    await voter.get_by_role("button", name="Move Bo up").press("Enter")
    await expect(voter.get_by_role("list", name="Your ranking").get_by_role("listitem").first).to_contain_text("Bo")
    await voter.get_by_role("button", name="Cast my vote").press("Enter")
    await expect(voter.get_by_text("You ranked 1. Bo, 2. Ada.")).to_be_visible()
    await expect(voter.get_by_role("button", name="Copy the receipt")).to_be_visible()
    await expect(voter.locator("[data-option]")).to_have_count(3)
    await voter.get_by_text("How it came about").press("Enter")
    await expect(voter.get_by_text("Bo would win if voting ended now.")).to_be_visible()
    await expect(voter.get_by_role("heading", name="Round 1")).to_be_visible()
    await expect(owner.locator("[data-option]")).to_have_count(0)  # the owner is a viewer like any other
    await owner.get_by_role("button", name="Close voting").click()
    await owner.get_by_role("button", name="Close it for good").click()
    for page in (owner, voter):  # what was hidden from the owner is shown, and whoever watches sees the end
        await expect(page.get_by_role("heading", name="Result", exact=True)).to_be_visible()
        await expect(page.get_by_text("Bo wins.")).to_be_visible()
    await owner.get_by_role("button", name="You", exact=True).click()
    await owner.get_by_role("button", name="Sign out").click()
    await expect(owner.get_by_role("navigation", name="VoteWave").get_by_role("link", name="Sign in")).to_be_visible()
    assert (complaints, hidden) == ([], [])


async def test_the_client_fits_the_api(votewave: VoteWave, client: httpx.AsyncClient, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes((await client.get("/openapi.json")).content)
    await run_web("check", str(document))


async def test_a_forgotten_password_is_replaced_by_a_mails_link(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    address, new = f"{uuid4().hex}@example.org", "another boat, a lamp and 4 keys"
    await client.post("/v1/auth/accounts", json={"email": address, "password": "a boat, a lamp and 3 keys"})
    page, complaints = await visit(browser, f"{votewave.url}/sign-in")
    await page.get_by_role("link", name="I have forgotten my password").click()
    await expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_text("a mail is on its way")).to_be_visible()

    async def link() -> str:
        texts = [path.read_text() for path in (votewave.data_dir / "mail").glob("*.eml")]
        found = [re.search(r"https?://\S+(/reset#vl_[\w-]+)", text) for text in texts if address in text]
        return next((each[1] for each in found if each), "")  # another mail asks to confirm the address

    await page.goto(votewave.url + await eventually(link))
    await page.get_by_label("New password").fill(new)
    assert "#" not in page.url, "the token isn't left in the address"
    await page.get_by_role("button", name="Change my password").click()
    await expect(page.get_by_text("Your password is changed")).to_be_visible()
    await page.locator("main").get_by_role("link", name="Sign in").click()
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_label("Password").fill(new)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="You", exact=True)).to_be_visible()
    assert complaints == []


_KEPT = """() => new Promise((done) => { indexedDB.open("votewave").onsuccess = ({ target }) => {
  const counted = target.result.transaction("ballots").objectStore("ballots").count();
  counted.onsuccess = () => done(counted.result);
}; })"""


async def test_a_vote_without_a_connection_is_kept_and_is_called_counted_only_when_it_is(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await page.get_by_role("checkbox", name="Falafel").check()
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Cast my vote").click()
    waiting = page.get_by_text("Your ballot isn't counted yet")
    await expect(waiting).to_be_visible()
    await expect(page.get_by_text("There is no connection. What is missing")).to_be_visible()  # also without a worker
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_have_count(0)
    assert (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"] == 0

    # The page is closed before there is a connection; the next one sends what was left.
    await page.context.set_offline(False)
    await page.route("**/ballot", lambda route: route.abort("connectionrefused"))
    await expect(waiting).to_be_visible()
    await page.close()
    again = await page.context.new_page()
    await again.goto(f"{votewave.url}/p/{poll['code']}")
    await expect(again.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await expect(again.get_by_text("You voted for Falafel.")).to_be_visible()
    assert (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"] == 1
    kept = await again.evaluate(_KEPT)
    assert kept == 0, "what was acknowledged isn't kept"


async def test_a_waiting_vote_is_taken_back_and_a_refused_one_says_why(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    owner = await sign_up(client)
    poll = await publish(client, owner)
    page, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await page.get_by_role("checkbox", name="Falafel").check()
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Cast my vote").click()
    await page.get_by_role("button", name="Don't send it").click()
    await expect(page.get_by_role("checkbox", name="Falafel")).to_be_checked()
    await page.get_by_role("checkbox", name="Noodle bar").check()
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_role("button", name="Send it now")).to_be_visible()
    await client.post(f"/v1/polls/{poll['id']}/close", headers=owner)
    await page.context.set_offline(False)
    await expect(page.get_by_text("Voting is over").first).to_be_visible()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_have_count(0)
    assert (await client.get(f"/v1/votebooth/polls/{poll['id']}/results")).json()["ballots"] == 0


async def test_what_a_release_has_taken_away_costs_no_ballot_and_the_next_page_is_loaded_anew(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    voter, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    falafel = voter.get_by_role("checkbox", name="Falafel")
    await falafel.check()

    async def gone(route: Any) -> None:
        await route.fulfill(status=404)

    await voter.route("**/assets/Qr-*", gone)
    await voter.get_by_text("Share", exact=True).first.click()
    await expect(voter.get_by_text("This part of the page can't be loaded")).to_be_visible()
    await expect(falafel).to_be_checked()
    await voter.get_by_role("button", name="Cast my vote").click()
    await expect(voter.get_by_role("heading", name="Your vote is counted")).to_be_visible()

    await voter.route("**/assets/Explore-*", gone)
    loaded: list[str] = []

    async def have_the_new_version(request: Request) -> None:
        if request.is_navigation_request():  # the document already asks for what its page needs
            loaded.append(request.url)
            await voter.unroute_all()

    voter.on("request", have_the_new_version)
    await voter.get_by_role("link", name="Explore").first.click()
    await expect(voter.get_by_role("heading", name="Explore")).to_be_visible()
    assert len(loaded) == 1
