"""A ranking is made by keyboard: the focus is never lost, and its ring is always there."""

import httpx
import pytest
from playwright.async_api import Browser, Locator, expect
from tests.conftest import VoteWave
from tests.e2e.web import publish, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

NAMES = ("Ada", "Bo", "Cy")


async def test_the_focus_goes_with_what_is_ranked_by_keyboard(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client, method={"type": "irv"}, options=[{"label": name} for name in NAMES])
    page, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    ranking = page.get_by_role("list", name="Your ranking").get_by_role("listitem")

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name, exact=True)

    async def press(then: str, *order: str) -> None:
        """Press Enter on what has the focus; check which button has it then, and the ranking."""
        await page.keyboard.press("Enter")
        await expect(ranking).to_have_count(len(order))
        for place, name in enumerate(order):
            await expect(ranking.nth(place)).to_contain_text(name)
        await expect(button(then)).to_be_focused()
        await expect(page.locator(":focus-visible")).to_have_count(1)
        assert await button(then).evaluate("it => getComputedStyle(it).outlineStyle") == "solid"

    # From the unranked, the next one; from the last of them, the one before it.
    await button("Bo").focus()
    await press("Cy", "Bo")
    await expect(page.get_by_text("Bo is number 1.")).to_have_count(1)
    await press("Ada", "Bo", "Cy")
    await press("Move Ada up", "Bo", "Cy", "Ada")

    # Up until it is the first, then down until it is the last.
    await press("Move Ada up", "Bo", "Ada", "Cy")
    await expect(page.get_by_text("Ada is now number 2.")).to_have_count(1)
    await press("Move Ada down", "Ada", "Bo", "Cy")
    await press("Move Ada down", "Bo", "Ada", "Cy")
    await press("Move Ada up", "Bo", "Cy", "Ada")

    # What is taken out keeps it, and can be ranked again at once. The only one has but one button that can be pressed.
    await page.keyboard.press("Tab")
    await expect(button("Take Ada out of your ranking")).to_be_focused()
    await press("Ada", "Bo", "Cy")
    await press("Move Ada up", "Bo", "Cy", "Ada")
    for name, *left in (("Ada", "Bo", "Cy"), ("Cy", "Bo"), ("Bo",)):
        await button(f"Take {name} out of your ranking").focus()
        await press(name, *left)
    assert complaints == []
    await page.context.close()


async def test_where_no_more_may_be_ranked_the_focus_goes_to_the_last_that_was(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    method = {"type": "irv", "max_ranks": 1}
    poll = await publish(client, method=method, options=[{"label": name} for name in NAMES])
    page, _ = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await page.get_by_role("button", name="Bo", exact=True).press("Enter")
    await expect(page.get_by_role("button", name="Take Bo out of your ranking")).to_be_focused()
    await page.context.close()
