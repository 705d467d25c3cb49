"""Take pictures of the client's pages, of a VoteWave that runs with its demo (`./just up --demo`)."""

import argparse
import asyncio
import os
import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tools.screens.acts import act
from tools.screens.places import EMAIL, places

SIZES = {360: 740, 768: 1024, 1440: 900}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
KEPT = Path("docs/screens")
"""Where those are that the documents show; `--kept` takes them anew."""

_KEPT = {
    "landing-1440-light",
    "landing-360-dark",
    "explore-360-light",
    "home-768-light",
    "poll-lunch-1440-light",
    "poll-lunch-360-dark",
    "poll-logo-360-light",
    "poll-wa_governor_2020_straw_poll_star-1440-dark",
    "poll-eilean_siar_2012_ward3-1440-light",
    "new-768-light",
    "host-360-light",
    "audience-360-dark",
    "presenter-1440-dark",
    "talk-360-light",
    "profile-360-light",
    "settings-notifications-768-dark",
    "notifications-360-dark",
}
_QUIET_MS = 20_000


async def shoot(asked: argparse.Namespace) -> int:
    """Take the pictures; return how many there are."""
    password, anybodys, own = await places(asked.url, asked.data_dir)
    asked.to.mkdir(parents=True, exist_ok=True)
    taken = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        for width, theme in product(asked.widths, asked.themes):
            for paths, signed_in in ((anybodys, False), (own, True)):
                wanted = {name: path for name, path in paths.items() if _is_wanted(asked, name, width, theme)}
                if not wanted:
                    continue
                context = await _context(browser, width, theme, asked.language)
                page = await context.new_page()
                if signed_in:
                    await _sign_in(page, asked.url, password)
                for name, path in wanted.items():
                    await _still(page, f"{asked.url}{path}")
                    full = name != "presenter" and not asked.fold and not asked.kept
                    await page.screenshot(path=asked.to / f"{name}-{width}-{theme}.png", full_page=full)
                    taken += 1
                await context.close()
        if asked.kept:
            if taken != len(_KEPT):
                raise SystemExit(f"{taken} of {len(_KEPT)} pages were there")
            taken += await act(browser, f"{asked.url}{anybodys['poll-lunch']}", asked.to)
        await browser.close()
    return taken


def _is_wanted(asked: argparse.Namespace, name: str, width: int, theme: str) -> bool:
    if asked.kept:
        return f"{name}-{width}-{theme}" in _KEPT
    return not asked.only or name in asked.only


async def _context(browser: Browser, width: int, theme: Literal["light", "dark"], language: str) -> BrowserContext:
    return await browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=theme,
        locale=language,
        reduced_motion="reduce",
        service_workers="block",
    )


async def _sign_in(page: Page, url: str, password: str) -> None:
    await page.goto(f"{url}/sign-in")
    await page.locator("input[type=email]").fill(EMAIL)
    await page.locator("input[type=password]").fill(password)
    async with page.expect_response(lambda answer: answer.url.endswith("/v1/auth/sessions")):
        await page.locator("button[type=submit]").press("Enter")
    await page.locator("nav a[href='/home']").wait_for()


async def _still(page: Page, address: str) -> None:
    """Open a page, and wait until nothing of it is on its way any more."""
    await page.goto("about:blank")  # another part of the same page is to be loaded anew
    await page.goto(address)
    await page.locator("main h1").first.wait_for(state="attached", timeout=_QUIET_MS)
    await page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
    await page.evaluate("document.fonts.ready")


def main() -> int:
    """Take them."""
    parser = argparse.ArgumentParser(prog="./just screens", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where it serves (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path(".votewave"), help="its folder (default: %(default)s)")
    parser.add_argument(
        "--to", type=Path, default=Path(".votewave/screens"), help="where they go (default: %(default)s)"
    )
    parser.add_argument("--only", nargs="*", default=[], help="pages by name, such as home or settings-feed")
    parser.add_argument("--widths", nargs="*", type=int, choices=SIZES, default=list(SIZES), help="of the window")
    parser.add_argument("--themes", nargs="*", choices=THEMES, default=list(THEMES))
    parser.add_argument("--language", default="en", help="of the browser (default: %(default)s)")
    parser.add_argument("--fold", action="store_true", help="what is seen without scrolling, not the whole page")
    parser.add_argument("--kept", action="store_true", help=f"those of {KEPT} anew; a guest votes for it")
    asked = parser.parse_args()
    if asked.kept:
        if asked.only or asked.fold:
            parser.error("--kept says which pictures there are")
        asked.to, asked.widths, asked.themes = KEPT, list(SIZES), list(THEMES)
    taken = asyncio.run(shoot(asked))
    sys.stdout.write(f"{taken} pictures are in {asked.to}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
