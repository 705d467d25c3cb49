"""A room on phones: people come in by its code, vote on what is on stage, ask, and see the result once it is shown."""

import asyncio
from itertools import groupby
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect
from tests.conftest import VoteWave
from tests.e2e.web import enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

expect.set_options(timeout=15_000)
PHONE = {"width": 360, "height": 740}


async def test_five_phones_vote_and_see_the_result_when_it_is_shown(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    host = await sign_up(client)
    poll = await publish(client, host)
    headers = {**host, "idempotency-key": uuid4().hex}
    code = (await client.post("/v1/votebooth/rooms", json={"title": "All hands"}, headers=headers)).json()["code"]
    room = f"/v1/votebooth/rooms/{code}"

    phones = []
    for number in range(5):
        page, _ = await visit(browser, f"{votewave.url}/join", viewport=PHONE)
        await page.get_by_label("Code of the room").fill(f"{code[:4]}-{code[4:]}".lower())
        await page.get_by_role("button", name="Go to the room").click()
        await page.get_by_role("button", name="Come in").click()
        await expect(page.get_by_text("Enter a name.")).to_be_visible()
        await page.get_by_label("Your name here").fill(f"Bo {number}")
        await page.get_by_role("button", name="Come in").click()
        await expect(page.get_by_role("heading", name="All hands")).to_be_visible()
        await expect(page.get_by_text("Nothing to vote on yet")).to_be_visible()
        phones.append(page)

    assert (await client.put(f"{room}/stage", json={"poll": poll["id"]}, headers=host)).is_success
    for page in phones:
        await page.get_by_label("Noodle bar").check()
        await page.get_by_role("button", name="Vote").click()
        await expect(page.get_by_text("Your vote is counted")).to_be_visible()
        await expect(page.get_by_role("heading", name="Result")).to_have_count(0)
    assert (await client.put(f"{room}/results", json={"shown": True}, headers=host)).is_success
    for page in phones:
        await expect(page.get_by_role("heading", name="Result so far")).to_be_visible()
        await expect(page.get_by_text("5 ballots")).to_be_visible()

    first, second, *_ = phones
    await first.get_by_label("Your question").fill("Why in March?")
    await first.get_by_role("button", name="Ask").click()
    wanted = second.get_by_role("button", name="Want this answered: Why in March?")
    await wanted.click()
    await expect(first.get_by_role("button", name="Want this answered: Why in March? (1)")).to_be_visible()
    await first.get_by_role("button", name="React: clap").click()

    await second.context.set_offline(True)
    await client.put(f"{room}/timer", json={"seconds": 300}, headers=host)
    await expect(first.get_by_role("timer")).to_contain_text("left")
    await second.context.set_offline(False)
    await expect(second.get_by_role("timer")).to_contain_text("left")

    assert (await client.post(f"{room}/end", headers=host)).is_success
    for page in phones:
        await expect(page.get_by_text("This room has ended")).to_be_visible()
        await page.context.close()


async def test_an_unknown_code_is_told(browser: Browser, votewave: VoteWave) -> None:
    page, _ = await visit(browser, f"{votewave.url}/r/7K3MPX2C", viewport=PHONE)
    await page.get_by_label("Your name here").fill("Bo")
    await page.get_by_role("button", name="Come in").click()
    await expect(page.get_by_text("There is no room with the code 7K3MPX2C")).to_be_visible()


async def _own(host: Page, votewave: VoteWave) -> str:
    """Return the address of the screen whose link a host has just made."""
    link = await host.get_by_role("link", name="Open the screen").get_attribute("href")
    assert link
    return f"{votewave.url}/r/{link.rpartition('/r/')[2]}"


async def test_a_host_runs_a_room_in_the_browser_and_the_screen_shows_what_is_revealed(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    host, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/rooms", viewport=PHONE)
    me = await enter(host)
    await publish(client, me, publish=False, rules={"eligibility": "anyone", "results": "after_close"})
    other = await publish(client, title="And where for dinner?")
    await host.get_by_label("Title of a new room").fill("All hands")
    await host.get_by_role("button", name="Open a room").click()
    await host.get_by_text("Pick from my polls").click()
    await host.get_by_role("button", name="Add: Where shall we have lunch?").click()
    await expect(host.get_by_role("button", name="Put on stage: Where shall we have lunch?")).to_be_visible()
    await host.get_by_label("Link or code of a poll").fill(other["link"])
    await host.get_by_role("button", name="Add", exact=True).click()
    await expect(host.get_by_role("button", name="Put on stage: And where for dinner?")).to_be_visible()

    joining = await host.get_by_role("img", name="QR code of").get_attribute("aria-label")
    assert joining
    code = joining.rpartition("/")[2]
    await host.get_by_role("button", name="Make a link for the screen").click()
    link = await host.get_by_role("link", name="Open the screen").get_attribute("href")
    assert link
    # In the host's own browser, where one who is signed in would see more than the hall may.
    screen = await host.context.new_page()
    await screen.set_viewport_size({"width": 1440, "height": 810})
    await screen.goto(f"{votewave.url}/r/{link.rpartition('/r/')[2]}")
    await expect(screen.get_by_text(f"{code[:4]} {code[4:]}")).to_be_visible()
    await host.get_by_label("Name of a screen").fill("Foyer")
    await host.get_by_role("button", name="Make a link for the screen").click()
    await expect(host.get_by_role("button", name="Turn away: Foyer")).to_be_visible()
    foyer, _ = await visit(browser, await _own(host, votewave))
    await expect(foyer.get_by_text(f"{code[:4]} {code[4:]}")).to_be_visible()
    await host.get_by_role("button", name="Turn away: Foyer").click()
    await expect(foyer.get_by_role("heading", name="This screen isn't let in")).to_be_visible()
    await expect(screen.get_by_role("button")).to_have_count(0)
    for reader in (screen.get_by_role("img", name="QR code of"), screen.get_by_text(f"{code[:4]} {code[4:]}")):
        box = await reader.bounding_box()
        assert box
        assert box["height"] >= 810 / 20

    phones = []
    for number in range(2):
        phone, _ = await visit(browser, f"{votewave.url}/r/{code}", viewport=PHONE)
        await phone.get_by_label("Your name here").fill(f"Bo {number}")
        await phone.get_by_role("button", name="Come in").click()
        phones.append(phone)
    lead = host.get_by_role("group", name="Lead the room")
    await lead.get_by_role("button", name="Next").click()
    await lead.get_by_role("button", name="Open voting").click()
    for phone in phones:
        await phone.get_by_label("Noodle bar").check()
        await phone.get_by_role("button", name="Vote").click()
        await expect(phone.get_by_text("Your vote is counted")).to_be_visible()
    await expect(screen.get_by_text("Vote on your phone")).to_be_visible()
    await lead.get_by_role("button", name="Show result").click()
    await expect(screen.get_by_text("Vote on your phone")).to_have_count(0)
    await expect(screen.locator("[data-option]")).to_have_count(0)  # the poll's own rules hold, whoever is signed in
    await lead.get_by_role("button", name="Hide result").click()
    await lead.get_by_role("button", name="Close voting").click()
    await lead.get_by_role("button", name="Close for good").click()
    await expect(screen.get_by_text("Voting is over")).to_be_visible()
    await expect(screen.locator("[data-option]")).to_have_count(0)
    await lead.get_by_role("button", name="Show result").click()
    await expect(screen.get_by_text("Final: 2 voted")).to_be_visible()
    await expect(screen.locator("[data-leads=true]")).to_contain_text("Noodle bar")

    asker = phones[0]
    await asker.get_by_label("Your question").fill("Why in March?")
    lost = asker.context
    asked = "**/v1/votebooth/rooms/*/questions/*"

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await lost.route(asked, lose_the_answer)
    await asker.get_by_role("button", name="Ask").click()
    await expect(asker.get_by_text("What you wrote is still here.")).to_be_visible()
    await lost.unroute(asked)
    await asker.get_by_role("button", name="Ask").click()
    await expect(asker.get_by_text("Your question is asked.")).to_be_visible()
    await expect(screen.get_by_text("Why in March?")).to_have_count(1)
    await host.get_by_role("button", name="Answered: Why in March?").click()
    await expect(screen.get_by_text("Why in March?")).to_have_count(0)

    await host.get_by_role("button", name="1 min", exact=True).click()
    await expect(screen.get_by_role("timer")).to_contain_text("left")
    await lead.get_by_role("button", name="Next").click()
    await expect(screen.get_by_role("heading", name="And where for dinner?")).to_be_visible()
    # Nothing of the result is shown yet but how many have voted, which this poll hides from nobody.
    await phones[0].get_by_label("Falafel").check()
    await phones[0].get_by_role("button", name="Vote").click()
    await expect(screen.get_by_text("1 voted so far")).to_be_visible()
    await expect(screen.locator("[data-option]")).to_have_count(0)

    # Another host leads on, until the first takes the part away.
    second, _ = await visit(browser, f"{votewave.url}/sign-up?then=/rooms", viewport=PHONE)
    theirs = await enter(second)
    profile = (await client.get("/v1/profiles/me", headers=theirs)).json()
    await host.get_by_label("Handle of another host").fill("nobody-at-all")
    await host.get_by_role("button", name="Add as a host").click()
    await expect(host.get_by_text("There is nobody with this handle.")).to_be_visible()
    await host.get_by_label("Handle of another host").fill(f"@{profile['handle']}")
    await host.get_by_role("button", name="Add as a host").click()
    await expect(host.get_by_role("button", name="Take the part of a host away: @")).to_be_visible()
    await second.goto(host.url)
    await second.get_by_role("button", name="2 min", exact=True).click()
    await expect(screen.get_by_role("timer")).to_contain_text("1:5")
    await host.get_by_role("button", name="Take the part of a host away: @").click()
    await expect(host.get_by_role("button", name="Take the part of a host away")).to_have_count(0)
    await second.reload()
    await expect(second.get_by_role("heading", name="You don't run this room")).to_be_visible()
    await host.get_by_role("button", name="End the room").click()
    await host.get_by_role("button", name="End it for good").click()
    await expect(screen.get_by_text("This room has ended")).to_be_visible()
    await expect(host.get_by_text("This room has ended")).to_be_visible()
    assert [text for text in complaints if "404" not in text] == []  # of the handle that nobody has
    for page in (host, *phones):
        await page.context.close()


_WATCH = """() => {
    window.seen = [];
    const look = () => {
        const text = (found) => document.querySelector(found)?.textContent ?? "";
        const on = "section[aria-labelledby=on-stage] ";
        const lines = [...document.querySelectorAll(on + "p")].map((it) => it.textContent);
        const now = {
            title: text(on + "bdi"),
            bars: document.querySelectorAll("[data-option]").length,
            says: lines.find((it) => / leads | wins/.test(it)) ?? "",
        };
        if (JSON.stringify(now) !== JSON.stringify(window.seen.at(-1))) window.seen.push(now);
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


async def test_what_is_on_stage_stays_until_its_final_result_takes_its_place(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    console, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/rooms", viewport=PHONE)
    host = await enter(console)
    poll, other = await publish(client, host), await publish(client, host, title="And where for dinner?")
    headers = {**host, "idempotency-key": uuid4().hex}
    made = (await client.post("/v1/votebooth/rooms", json={"title": "All hands"}, headers=headers)).json()
    room = f"/v1/votebooth/rooms/{made['room']}"
    token = (await client.put(f"{room}/screens/{uuid4()}", json={}, headers=host)).json()["token"]
    await console.goto(f"{votewave.url}/rooms/{made['room']}/host")
    screen, _ = await visit(browser, f"{votewave.url}/r/{made['code']}/screen#token={token}")
    phone, _ = await visit(browser, f"{votewave.url}/r/{made['code']}", viewport=PHONE)
    await phone.get_by_label("Your name here").fill("Bo")
    await phone.get_by_role("button", name="Come in").click()
    assert (await client.put(f"{room}/stage", json={"poll": poll["id"]}, headers=host)).is_success
    await phone.get_by_label("Noodle bar").check()
    await phone.get_by_role("button", name="Cast my vote").click()
    await expect(phone.get_by_text("Your vote is counted")).to_be_visible()
    assert (await client.put(f"{room}/results", json={"shown": True}, headers=host)).is_success

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    for page in (screen, phone, console):
        await expect(page.get_by_text("Noodle bar leads with 1 of 1 vote.")).to_have_count(1)
        for path in ("**/v1/polls/*", "**/v1/votebooth/polls/*/results"):
            await page.route(path, slowly)
        await page.evaluate(_WATCH)
    assert (await client.post(f"{room}/close", headers=host)).is_success
    await expect(console.get_by_text("Closed · its result is shown")).to_be_visible()
    for page in (screen, phone, console):
        await expect(page.get_by_text("Noodle bar wins.")).to_have_count(1)
        seen = await page.evaluate("window.seen")
        assert {(it["title"], it["bars"]) for it in seen} == {(poll["title"], 3)}
        assert [it["says"] for it in seen] == ["Noodle bar leads with 1 of 1 vote.", "Noodle bar wins."]
    await expect(screen.get_by_text("Final: 1 voted")).to_be_visible()
    await expect(phone.get_by_text("Voting is over.")).to_be_visible()

    # Another poll's place is empty until it is read.
    assert (await client.put(f"{room}/stage", json={"poll": other["id"]}, headers=host)).is_success
    for page in (screen, phone, console):
        await expect(page.locator("section[aria-labelledby=on-stage] bdi").first).to_have_text(other["title"])
        seen = [it["title"] for it in await page.evaluate("window.seen")]
        assert [title for title, _ in groupby(seen)] == [poll["title"], "", other["title"]]

    # Past the last one there is none; the host reads that all are over, and what then can be done.
    lead = console.get_by_role("group", name="Lead the room")
    await lead.get_by_role("button", name="Close voting").click()
    await lead.get_by_role("button", name="Close for good").click()
    await expect(console.get_by_text("Closed · its result isn't shown")).to_be_visible()
    await lead.get_by_role("button", name="Next").click()
    await expect(console.get_by_text("The agenda is through.")).to_be_visible()
    for page in (screen, phone):
        await expect(page.get_by_text("That was all for now. Thank you for voting.")).to_be_visible()
    await expect(lead.get_by_role("button", name="Next")).to_have_count(0)

    # One that is added is the next one; those that are over don't come again.
    more = await publish(client, host, title="And for dessert?")
    polls = [poll["id"], other["id"], more["id"]]
    assert (await client.put(f"{room}/agenda", json={"polls": polls}, headers=host)).is_success
    await lead.get_by_role("button", name="Next").click()
    for page in (screen, phone, console):
        await expect(page.locator("section[aria-labelledby=on-stage] bdi").first).to_have_text("And for dessert?")
    assert complaints == []
    for page in (screen, phone, console):
        await page.context.close()
