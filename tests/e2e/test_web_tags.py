"""Tags in the client: from a Wave to the tag's page, followed there, at home from then on."""

from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.web import enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def test_a_tag_leads_to_what_has_it_and_can_be_followed(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    tag = f"Größe{uuid4().hex[:8]}"
    by = await sign_up(client)
    headers = {**by, "idempotency-key": uuid4().hex}
    wave = await client.post("/v1/expressions/waves", json={"text": f"A Wave about #{tag}"}, headers=headers)
    await publish(client, by, title=f"A poll about #{tag}")

    page, complaints = await visit(browser, f"{votewave.url}/waves/{wave.json()['id']}")
    await page.get_by_role("link", name=f"#{tag}").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"#{tag.lower().replace('ß', 'ss')}")
    await expect(page.get_by_text("A Wave about")).to_be_visible()
    await expect(page.get_by_role("link", name="A poll about")).to_be_visible()
    await page.get_by_role("link", name="Sign in", exact=True).last.click()
    await page.get_by_role("link", name="I have no account yet").click()
    await enter(page)
    await page.get_by_role("button", name="Follow").click()
    await expect(page.get_by_role("button", name="Unfollow")).to_be_visible()
    await expect(page.get_by_text("1 follower ·")).to_be_visible()

    await page.goto(f"{votewave.url}/home")
    await expect(page.get_by_text("A Wave about")).to_be_visible()
    await expect(page.get_by_role("link", name="A poll about")).to_be_visible()
    await page.goto(f"{votewave.url}/explore")
    await expect(page.get_by_role("heading", name="Tags you follow")).to_be_visible()
    await page.get_by_role("link", name=f"#{tag.lower().replace('ß', 'ss')}").first.click()
    await page.get_by_role("button", name="Unfollow").click()
    await expect(page.get_by_role("button", name="Follow", exact=True)).to_be_visible()
    assert complaints == []
