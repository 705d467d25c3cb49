"""What those whom one follows share on, in the client: once, with who shares it on."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.test_web_accessible import faults_of
from tests.e2e.web import enter, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def test_who_shares_a_wave_on_stands_above_it(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    author, *sharing = [await sign_up(client) for _ in range(4)]
    said = {"text": "Worth sharing"}
    made = await client.post("/v1/expressions/waves", json=said, headers={**author, "idempotency-key": uuid4().hex})
    ripple = f"/v1/expressions/waves/{made.json()['id']}/ripple"
    narrow = {"width": 360, "height": 740}
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/settings", viewport=narrow)
    mine = await enter(page)
    for number, by in enumerate(sharing):
        me = (await client.get("/v1/profiles/me", headers=by)).json()
        assert (await client.put(f"/v1/follows/people/{me['account']}", headers=mine)).is_success
        named = {"display_name": f"Person {number}"}
        assert (await client.patch("/v1/profiles/me", json=named, headers=by)).is_success
        assert (await client.put(ripple, headers=by)).is_success

    async def brings_up(name: str, others: int) -> bool:
        items = (await client.get("/v1/feed/home", headers=mine)).json()["items"]
        by = [(item["rippled"]["by"]["display_name"], item["rippled"]["others"]) for item in items]
        return by == [(name, others)]

    await eventually(lambda: brings_up("Person 0", 2))
    await page.goto(f"{votewave.url}/home")
    await expect(page.get_by_text("Person 0 and 2 others whom you follow rippled")).to_be_visible()
    await expect(page.get_by_text("Worth sharing")).to_have_count(1)
    assert await faults_of(page, "/home") == []
    await page.screenshot(path=tmp_path / "dark.png")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.screenshot(path=tmp_path / "light.png")
    assert (await client.delete(ripple, headers=sharing[0])).is_success
    await eventually(lambda: brings_up("Person 1", 1))
    await page.goto(f"{votewave.url}/home")
    await expect(page.get_by_text("Person 1 and 1 other whom you follow rippled")).to_be_visible()
    assert complaints == []
