"""Pictures of what somebody does: chooses, votes, votes without a connection. A vote more is in the poll afterwards."""

from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page

WIDTH, HEIGHT = 360, 740


async def act(browser: Browser, address: str, to: Path) -> int:
    """Take the pictures, of a poll by approval that anybody may vote in; return how many there are."""
    light = await _chosen(browser, address, "light")
    await light.screenshot(path=to / f"approval-{WIDTH}-light.png")
    await light.context.set_offline(True)
    await light.get_by_role("button", name="Cast my vote").click()
    await light.get_by_text("doesn't count yet").first.wait_for()
    await light.evaluate("scrollTo(0, 0)")
    await light.screenshot(path=to / f"kept-{WIDTH}-light.png")
    await light.context.close()

    dark = await _chosen(browser, address, "dark")
    await dark.get_by_role("button", name="Cast my vote").click()
    await dark.get_by_text("Your vote is counted").wait_for()
    await dark.wait_for_load_state("networkidle")
    await dark.evaluate("scrollTo(0, 0)")
    await dark.screenshot(path=to / f"counted-{WIDTH}-dark.png")
    await dark.context.close()
    return 3


async def _chosen(browser: Browser, address: str, theme: Literal["light", "dark"]) -> Page:
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme, locale="en", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("checkbox").nth(1).check()
    await page.wait_for_load_state("networkidle")
    return page
