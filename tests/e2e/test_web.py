"""The web client in a real browser, against the real services."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.web import chromium, publish, run_web, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "node")]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    await run_web("build")
    async with chromium() as running:
        yield running


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
    assert kept.startswith('[{"votewave.signed-in":"yes"},{},"",')

    await voter.get_by_role("button", name="Change my vote").click()
    await voter.get_by_role("checkbox", name="Noodle bar").uncheck()
    await voter.get_by_role("button", name="Change my vote").click()
    await expect(noodles).to_have_text("0")
    assert (watched, complaints) == ([], [])


async def test_the_client_fits_the_api(votewave: VoteWave, client: httpx.AsyncClient, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes((await client.get("/openapi.json")).content)
    await run_web("check", str(document))
