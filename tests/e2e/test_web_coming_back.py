"""Going on to other pages and coming back: places and words are kept."""

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.web import becomes, enter, in_feed, publish, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

FAR = 900  # pixels, beyond where a poll's page ends


async def test_whoever_comes_back_to_a_feed_is_where_they_were(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    by = await enter(page)
    for number in range(15):
        await publish(client, by, title=f"Question {number}?")

    await in_feed(client, by, 15)
    await page.goto(f"{votewave.url}/home")
    await expect(page.get_by_role("link", name="Question 0?")).to_be_visible()
    await page.evaluate(f"scrollTo(0, {FAR})")
    await page.evaluate(
        "document.elementFromPoint(60, 400).closest('li').querySelector('a[href^=\"/polls/\"]').click()"
    )
    await expect(page.get_by_role("button", name="Cast my vote")).to_be_visible()
    await becomes(page, "scrollY === 0")
    await page.go_back()
    await expect(page.get_by_role("link", name="Question 0?")).to_be_visible()
    await becomes(page, f"Math.abs(scrollY - {FAR}) < 2")
    assert complaints == []


async def test_the_words_of_a_wave_are_kept_until_they_are_published(browser: Browser, votewave: VoteWave) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/home")
    await enter(page)
    wave = page.get_by_label("A new Wave")
    await wave.fill("Half a thought")
    await page.get_by_role("link", name="Explore").click()
    await page.get_by_role("link", name="Home").click()
    await expect(wave).to_have_value("Half a thought")
    await page.reload()
    await expect(wave).to_have_value("Half a thought")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("listitem").get_by_text("Half a thought")).to_be_visible()
    await page.reload()
    await expect(wave).to_have_value("")
    await wave.fill("Nobody else's")
    await page.get_by_role("button", name="You", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert "Nobody" not in await page.evaluate("JSON.stringify({...localStorage})")
    assert complaints == []


async def test_a_stranger_reads_what_only_accounts_may_vote_for(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client, rules={"eligibility": "signed_in"})
    page, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await expect(page.get_by_text("This poll takes one vote an account.")).to_be_visible()
    offered = page.get_by_role("list", name="Options").get_by_role("listitem")
    await expect(offered).to_have_text([option["label"] for option in poll["options"]])
    assert complaints == []
