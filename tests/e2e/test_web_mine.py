"""What is a reader's own in the web client: settings, receipts, their polls and how those came out, news."""

import io
import re
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.test_web_accessible import faults_of
from tests.e2e.web import enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


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


async def test_what_is_ones_own_is_downloaded_and_an_account_is_left_and_kept(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, _ = await visit(
        browser, f"{votewave.url}/sign-up?then=/settings?show=data", viewport={"width": 360, "height": 740}
    )
    mine = await enter(page)
    email = (await client.get("/v1/auth/me", headers=mine)).json()["email"]
    await page.get_by_role("button", name="Prepare a file").click()
    async with page.expect_download(timeout=30_000) as download:
        await page.get_by_role("link", name="Download your file").click(timeout=30_000)
    with zipfile.ZipFile(await (await download.value).path()) as file:
        assert any(name.startswith("auth") for name in file.namelist())

    await page.get_by_role("button", name="Delete my account", exact=True).click()
    await page.get_by_label("Your password").fill("this isn't it")
    await page.get_by_role("button", name="Delete my account in 14 days").click()
    await expect(page.get_by_text("Your account is as it was.")).to_be_visible(timeout=15_000)
    await page.get_by_label("Your password").fill("a boat, a lamp and 3 keys")
    await page.get_by_role("button", name="Delete my account in 14 days").click()
    await expect(page.get_by_text("Your account will be deleted on")).to_be_visible(timeout=15_000)

    async def has_ended() -> bool:
        return (await client.get("/v1/auth/me", headers=mine)).status_code == 401

    await eventually(has_ended)  # tokens are refused within three seconds
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill("a boat, a lamp and 3 keys")
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Settings")).to_be_visible(timeout=15_000)


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
    await expect(page.get_by_role("heading", name="Is my vote counted?")).to_be_visible()
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
    await expect(page).to_have_url(f"{votewave.url}/polls/mine")
    assert (await client.get(f"/v1/polls/{poll['id']}")).status_code == 404
    assert complaints == []


async def cast(client: httpx.AsyncClient, poll: dict[str, Any], ballots: list[dict[str, Any]]) -> None:
    """Have a guest cast each of some ballots."""
    for ballot in ballots:
        guest = (await client.post("/v1/auth/guests", json={})).json()["access_token"]
        answer = await client.put(
            f"/v1/votebooth/polls/{poll['id']}/ballot", json=ballot, headers={"authorization": f"Bearer {guest}"}
        )
        assert answer.is_success, answer.text


async def test_it_is_drawn_how_a_result_came_about(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    owner = await sign_up(client)
    options = [{"label": name} for name in ("Ada", "Bo", "Cy")]
    polls = {
        method: await publish(client, owner, method={"type": method}, options=options)
        for method in ("irv", "schulze", "star")
    }
    ada, bo, cy = [option["id"] for option in polls["irv"]["options"]]
    rankings = [[ada]] * 4 + [[bo, cy]] * 3 + [[cy, bo]] * 2
    await cast(client, polls["irv"], [{"ranking": ranking} for ranking in rankings])
    # A circle of pairs, 5 : 4 each, but 6 : 3 for Ada over Bo: the weakest pair of three gives way.
    circle = [[ada, bo, cy]] * 4 + [[bo, cy, ada]] * 3 + [[cy, ada, bo]] * 2
    await cast(client, polls["schulze"], [{"ranking": ranking} for ranking in circle])
    scores: list[dict[int, int]] = [{ada: 5, bo: 4}, {bo: 4, ada: 3}, {bo: 2, ada: 1}, {cy: 5}]
    await cast(client, polls["star"], [{"scores": {str(key): given for key, given in one.items()}} for one in scores])

    page, complaints = await visit(browser, f"{votewave.url}/p/{polls['irv']['code']}")
    await page.get_by_text("How it came about").click()
    chart = page.get_by_role("region", name="How votes went from round to round")
    await expect(chart.locator("path[data-moved=true]")).to_have_count(1)
    await page.get_by_role("button", name="Back").press("Enter")
    await expect(chart.locator("path")).to_have_count(0)
    await expect(page.get_by_text("Cy is out. Votes move: 2 to Bo.")).to_be_visible()
    await page.get_by_role("button", name="Play the rounds").press("Enter")
    await expect(chart.locator("path[data-moved=true]")).to_have_count(1)
    await expect(page.get_by_role("button", name="Play the rounds")).to_be_visible()  # it has stopped by itself

    await page.goto(f"{votewave.url}/p/{polls['schulze']['code']}")
    await page.get_by_text("How it came about").click()
    await expect(page.get_by_role("heading", name="How Ada beats each other option")).to_be_visible()
    paths = page.get_by_role("region", name="How Ada beats each other option").get_by_role("listitem")
    await expect(paths.nth(0)).to_contain_text("Ada —6→ Bo")
    await expect(paths.nth(1)).to_contain_text("Ada —6→ Bo —7→ Cy")
    await expect(paths.nth(1)).to_contain_text("6 there, 5 back")

    await page.goto(f"{votewave.url}/p/{polls['star']['code']}")
    await page.get_by_text("How it came about").click()
    runoff = page.get_by_role("table", name="Then, the runoff")
    await expect(runoff.get_by_role("row", name="Bo wins 2")).to_be_visible()
    await expect(runoff.get_by_role("row", name="Both the same 1")).to_be_visible()
    assert complaints == []


async def test_news_come_are_read_and_can_be_switched_off(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/notifications")
    mine = await enter(page)
    await expect(page.get_by_text("Here will be who follows you")).to_be_visible()
    poll = await publish(client, mine, title="Lunch <b>?")
    somebody = await sign_up(client)
    await client.patch("/v1/profiles/me", json={"display_name": "Bo"}, headers=somebody)
    said = await client.post(f"/v1/comments/threads/{poll['id']}/comments", json={"text": "Soup"}, headers=somebody)
    assert said.status_code == 201

    async def told() -> bool:
        return bool((await client.get("/v1/notifications/unread", headers=mine)).json()["count"])

    await eventually(told)
    await page.reload()
    await expect(page.get_by_role("link", name="News 1 unread")).to_be_visible()
    await page.get_by_role("link", name="commented on your poll: Lunch <b>?").press("Enter")
    await expect(page).to_have_url(f"{votewave.url}/p/{poll['code']}")
    await expect(page.get_by_role("link", name="News", exact=True)).to_be_visible()

    await page.goto(f"{votewave.url}/settings?show=notifications")
    box = page.get_by_role("checkbox", name="Somebody comments on a poll of mine: Here")
    await expect(box).to_be_checked()
    await box.press("Space")
    await expect(box).not_to_be_checked()
    await page.goto(f"{votewave.url}/notifications")
    await expect(page.get_by_text("Here will be who follows you")).to_be_visible()
    assert complaints == []


async def test_a_picture_is_looked_at_saved_and_removed(browser: Browser, votewave: VoteWave) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up?then=/settings")
    await enter(page)
    await page.goto(f"{votewave.url}/settings")
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(picture, "PNG")
    chosen: list[FilePayload] = [{"name": "me.png", "mimeType": "image/png", "buffer": picture.getvalue()}]
    await expect(page.locator("main img")).to_have_count(0)
    await page.get_by_label("Picture").set_input_files(chosen)
    await expect(page.locator("main img")).to_have_attribute("src", re.compile("^blob:"))
    await page.get_by_role("button", name="Save picture").click()
    await expect(page.locator("main img")).to_have_attribute("src", re.compile("^/v1/profiles/images/.*/256.webp$"))
    assert await page.locator("main img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 256
    await page.get_by_role("link", name="See your page").click()
    await expect(page.locator("main header img")).to_be_visible()
    await page.go_back()
    await page.get_by_role("button", name="Remove picture").click()
    await expect(page.locator("main img")).to_have_count(0)

    await page.get_by_label("Banner").set_input_files([{**chosen[0], "buffer": b"no image"}])
    await expect(page.get_by_role("alert")).to_contain_text("can't be shown as an image")
    await page.get_by_label("Banner").set_input_files(chosen)
    preview = page.get_by_role("img", name="Your banner as it will be")
    await expect(preview).to_be_visible()
    box = await preview.bounding_box()
    assert box is not None
    assert abs(box["width"] / box["height"] - 3) < 0.05, "it is cut as the server cuts it"
    assert await faults_of(page, "/settings") == []
    await page.get_by_role("button", name="Save banner").click()
    banner = page.get_by_role("img", name="Your banner", exact=True)
    await expect(banner).to_have_attribute("src", re.compile("^/v1/profiles/images/.*/1200.webp$"))
    await page.get_by_role("button", name="Remove banner").click()
    await expect(banner).to_have_count(0)
    assert complaints == []


async def test_when_mail_comes_is_chosen(browser: Browser, client: httpx.AsyncClient, votewave: VoteWave) -> None:
    page, _ = await visit(
        browser, f"{votewave.url}/sign-up?then=/settings?show=notifications", viewport={"width": 360, "height": 740}
    )
    mine = await enter(page)
    await page.goto(f"{votewave.url}/settings?show=notifications")
    await page.get_by_role("combobox", name="How often").select_option("daily")
    await page.get_by_label("No mail from").fill("22:00")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()  # they have no end
    await page.get_by_label("until").fill("07:30")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert await faults_of(page, "/settings?show=notifications") == []
    chosen = (await client.get("/v1/notifications/delivery", headers=mine)).json()
    assert (chosen["digest"], chosen["quiet_hours"]) == ("daily", {"begin": "22:00", "end": "07:30"})
    await page.reload()
    await expect(page.get_by_label("until")).to_have_value("07:30")
    await expect(page.get_by_role("combobox", name="How often")).to_have_value("daily")
