"""People in the web client: their pages, following them, and what they have published."""

from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.web import enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def test_whom_one_follows_is_read_at_home(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    title = f"Where do we meet, {uuid4().hex[:6]}?"
    poll = await publish(client, title=title)
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    await enter(page)
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_text("Here will be what you publish")).to_be_visible()

    # From a poll to who asks it, and from then on it is read at home.
    await page.goto(f"{votewave.url}/p/{poll['code']}")
    await page.locator("main header").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(f"@{poll['owner']['handle']}")
    await page.get_by_role("button", name="Follow", exact=True).click()
    await expect(page.get_by_text("1 follower · you follow them")).to_be_visible()
    await expect(page.get_by_role("link", name=title)).to_be_visible()

    async def at_home() -> int:
        await page.goto(f"{votewave.url}/home")
        await expect(page.get_by_role("heading", name="Home")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        return await page.get_by_role("link", name=title).count()

    for _ in range(20):  # the event of the new follower is under way
        if await at_home():
            break
    entry = page.locator("main li", has_text=title)
    await expect(entry).to_contain_text("Open · 0 votes")
    await entry.get_by_role("link", name=title).click()
    await expect(page).to_have_url(f"{votewave.url}/p/{poll['code']}")
    await page.go_back()
    await entry.get_by_role("link").first.click()
    await page.get_by_role("button", name="Unfollow").click()
    await expect(page.get_by_role("button", name="Follow", exact=True)).to_be_visible()
    assert complaints == []


async def test_strangers_explore_and_are_told_what_needs_an_account(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    titles = [f"Poll {number} of {uuid4().hex[:6]}" for number in range(21)]  # one more than a page
    somebody = await sign_up(client)
    polls = [await publish(client, somebody, title=title) for title in titles]
    page, complaints = await visit(browser, f"{votewave.url}/explore")
    await expect(page.get_by_role("link", name=titles[-1])).to_be_visible()
    first = page.get_by_role("link", name=titles[0])
    await expect(first).to_have_count(0)
    await page.get_by_role("button", name="Show more").click()
    await expect(first).to_be_visible()

    # Found by the beginnings of words; the search is in the address.
    await page.get_by_label("Polls, Waves, people and tags").fill(f"{uuid4().hex} meet")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Nothing is found")).to_be_visible()
    handle = polls[0]["owner"]["handle"]
    await page.get_by_label("Polls, Waves, people and tags").fill(f"{handle[:-1]}")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{votewave.url}/explore?q={handle[:-1]}")
    await page.get_by_role("region", name="People").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"@{handle}")
    await page.go_back()
    await page.get_by_label("Polls, Waves, people and tags").fill(titles[7].replace("Poll", "Pol"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Polls").get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_role("link", name=titles[7], exact=True)).to_be_visible()

    await page.goto(f"{votewave.url}/home")
    await expect(page.get_by_text("Sign in to see what people publish whom you follow.")).to_be_visible()
    await page.goto(f"{votewave.url}/u/{polls[0]['owner']['handle'].upper()}")
    await expect(page.get_by_text("Sign in to follow them.")).to_be_visible()
    assert complaints == []
    await page.goto(f"{votewave.url}/u/nobody-is-this")
    await expect(page.get_by_role("heading", name="Nobody is called @nobody-is-this")).to_be_visible()
    await page.goto(f"{votewave.url}/polls/{uuid4()}")
    await expect(page.get_by_role("heading", name="This poll isn't there any more")).to_be_visible()


async def test_private_accounts_are_asked_and_people_are_kept_apart(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    mine = await enter(page)
    theirs = await sign_up(client)
    me = (await client.patch("/v1/profiles/me", json={"private": True}, headers=mine)).json()
    them = (await client.patch("/v1/profiles/me", json={"display_name": "Ada <b>"}, headers=theirs)).json()

    async def requested() -> bool:  # once Follows has heard that the account is private
        found = (await client.put(f"/v1/follows/people/{me['account']}", headers=theirs)).json()
        if found["i_follow"] == "accepted":
            await client.delete(f"/v1/follows/people/{me['account']}", headers=theirs)
        return bool(found["i_follow"] == "requested")

    await eventually(requested)
    await page.get_by_role("button", name="You", exact=True).press("Enter")
    await page.get_by_role("link", name="People").press("Enter")
    await expect(page.get_by_role("region", name="Requests").get_by_role("listitem")).to_contain_text("Ada <b>")
    await page.get_by_role("button", name="Accept").press("Enter")
    await expect(page.get_by_text("Nobody waits for your answer.")).to_be_visible()

    await page.goto(f"{votewave.url}/u/{them['handle']}?show=following")
    await expect(page.get_by_text("they follow you")).to_be_visible()
    await expect(page.get_by_role("region", name="Following").get_by_role("listitem")).to_contain_text(me["handle"])
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Mute").click()
    await expect(page.get_by_text("you mute them")).to_be_visible()
    await page.get_by_role("button", name="Block", exact=True).click()
    await page.get_by_role("button", name="Block them for good").click()
    await expect(page.get_by_text("neither of you sees the other")).to_be_visible()
    await page.goto(f"{votewave.url}/people?show=blocks")
    await page.get_by_role("button", name="Unblock").click()
    await expect(page.get_by_text("You block nobody.")).to_be_visible()

    stranger, heard = await visit(browser, f"{votewave.url}/sign-up")
    await enter(stranger)
    await stranger.goto(f"{votewave.url}/u/{me['handle']}")
    await expect(stranger.get_by_role("button", name="Ask to follow")).to_be_visible()
    assert heard == []
    assert all("404" in complaint for complaint in complaints)  # whom one blocks has no lists
    await stranger.get_by_role("link", name="Followers").click()
    await expect(stranger.get_by_text("This account is private.")).to_be_visible()
