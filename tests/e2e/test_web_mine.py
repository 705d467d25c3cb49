"""What is a reader's own in the web client: settings, receipts, the polls that they made."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.web import chromium, enter, publish, run_web, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "node")]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    await run_web("build")
    async with chromium() as running:
        yield running


async def test_settings_are_changed_and_sessions_end(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(
        browser, f"{votewave.url}/sign-up?then=/settings", viewport={"width": 360, "height": 740}
    )
    mine = await enter(page)
    await page.get_by_label("Name", exact=True).fill("Ada <b>")
    await page.get_by_label("Links, one a line").fill("https://example.org/ada\nhttps://example.org/2")
    await page.get_by_role("checkbox", name="Private account").check()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="See your page").click()
    await expect(page.get_by_role("heading", name="Ada <b>")).to_be_visible()
    me = (await client.get("/v1/profiles/me", headers=mine)).json()
    assert (me["private"], len(me["links"])) == (True, 2)

    # A key is shown once, and is worth something until it is ended.
    await page.goto(f"{votewave.url}/settings?show=keys")
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_label("Name", exact=True).fill("nightly")
    await page.get_by_role("checkbox", name="vote", exact=True).check()
    await page.get_by_role("button", name="Make the key").click()
    key = await page.get_by_role("status").locator("code").inner_text()
    assert (await client.post("/v1/auth/tokens", json={"api_key": key})).is_success
    await page.reload()
    await expect(page.get_by_text("nightly")).to_be_visible()
    assert key not in await page.content()
    await page.get_by_role("button", name="End: nightly").click()
    await expect(page.get_by_text("You have none.")).to_be_visible()

    await page.get_by_role("link", name="Account", exact=True).click()
    email = await page.get_by_text("@example.org").inner_text()
    await page.get_by_label("Password as it is").fill("a boat, a lamp and 3 keys")
    await page.get_by_label("New password").fill("another boat, a lamp and 4 keys")
    await page.get_by_role("button", name="Change my password").click()
    await expect(page.get_by_text("Your password is changed.")).to_be_visible()
    person = {"email": email.split(" ")[0], "password": "another boat, a lamp and 4 keys"}
    other = (await client.post("/v1/auth/sessions", json=person)).json()
    await page.get_by_role("link", name="Sessions", exact=True).click()
    await expect(page.get_by_text("this one")).to_have_count(1)
    await page.get_by_role("button", name="End: python-httpx").click()
    await expect(page.get_by_role("button", name="End:")).to_have_count(0)
    refused = await client.post("/v1/auth/sessions/refresh", json={"refresh_token": other["refresh_token"]})
    assert refused.status_code == 401
    await page.get_by_role("link", name="Account", exact=True).click()
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert complaints == []


async def test_receipts_are_looked_up_and_owners_look_after_their_poll(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up")
    poll = await publish(client, await enter(page))
    guest = (await client.post("/v1/auth/guests", json={})).json()["access_token"]
    cast = await client.put(
        f"/v1/votebooth/polls/{poll['id']}/ballot",
        json={"picks": [poll["options"][0]["id"]]},
        headers={"authorization": f"Bearer {guest}"},
    )
    receipt = cast.json()["receipt"]
    await page.get_by_role("button", name="You", exact=True).click()
    await page.get_by_role("link", name="Receipts").click()
    await page.get_by_label("Poll").fill(f"{votewave.url}/p/{poll['code']}?x=1")
    await page.get_by_label("Receipt", exact=True).fill(f"{receipt[:8]} {receipt[8:]}")
    await page.get_by_role("button", name="Check the receipt").click()
    await expect(page.get_by_text("It is counted.")).to_be_visible()

    await page.goto(f"{votewave.url}/p/{poll['code']}")
    await page.get_by_text("Share", exact=True).click()
    await expect(page.get_by_role("img", name=f"QR code of {poll['link']}")).to_be_visible()
    await page.get_by_role("button", name="Add a note").click()
    await page.keyboard.type("Bring <i>cash</i>.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("status").filter(has_text="Bring <i>cash</i>.")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Delete the poll for good").click()
    await expect(page).to_have_url(f"{votewave.url}/home")
    assert (await client.get(f"/v1/polls/{poll['id']}")).status_code == 404
    assert complaints == []
