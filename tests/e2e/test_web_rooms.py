"""A room on phones: people come in by its code, vote on what is on stage, ask, and see the result once it is shown."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.web import chromium, publish, run_web, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "node")]

expect.set_options(timeout=15_000)
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    await run_web("build")
    async with chromium() as running:
        yield running


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
