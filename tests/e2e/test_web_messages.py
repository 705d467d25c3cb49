"""Messages in the web client: two who write to each other, a stranger who asks, a connection that is lost."""

import asyncio
import io
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.test_web_accessible import faults_of
from tests.e2e.web import enter, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def known(
    browser: Browser, url: str, client: httpx.AsyncClient, name: str
) -> tuple[Page, list[str], dict[str, str], dict[str, Any]]:
    """Sign somebody new up in a browser of their own; return the page, its complaints, their headers and profile."""
    page, complaints = await visit(browser, f"{url}/sign-up?then=/messages")
    headers = await enter(page)
    await expect(page.get_by_role("heading", name="Messages")).to_be_visible()
    await client.patch("/v1/profiles/me", json={"display_name": name}, headers=headers)
    return page, complaints, headers, (await client.get("/v1/profiles/me", headers=headers)).json()


async def test_a_stranger_asks_and_two_browsers_converse(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    ada, ada_heard, ada_is, _ = await known(browser, votewave.url, client, "Ada")
    ben, ben_heard, ben_is, his = await known(browser, votewave.url, client, "Ben")
    await expect(ben.get_by_text("You have written to nobody yet.")).to_be_visible()

    # From his page, to somebody who doesn't follow her: it waits among his requests, which a count beside them says.
    await ada.goto(f"{votewave.url}/u/{his['handle']}")
    await ada.get_by_role("link", name="Write", exact=True).click()
    await ada.get_by_label("Write to Ben").fill("<b>Lunch</b>?")
    await ada.get_by_role("button", name="Send").click()
    log = ada.get_by_role("log", name="Messages")
    await expect(log).to_contain_text("<b>Lunch</b>?")  # what people write is text
    await expect(ada.get_by_text("has to accept your first message")).to_be_visible()
    await ben.get_by_role("link", name="Requests (1)").click()
    await ben.get_by_role("region", name="Requests").get_by_role("link", name="Ada").click()
    await ben.get_by_role("button", name="Accept").click()
    await ben.get_by_label("Write to Ada").fill("Soup!")
    await ben.keyboard.press("Enter")
    await expect(log).to_contain_text("Soup!")
    await expect(ben.get_by_text("Read", exact=True)).to_be_visible()

    # Each sees that the other one is there, until he lets nobody see it.
    await expect(ada.get_by_text("Here now")).to_be_visible()
    await expect(ben.get_by_text("Here now")).to_be_visible()
    off = await client.put("/v1/messaging/mine/preferences", json={"presence": False}, headers=ben_is)
    assert off.is_success
    await expect(ada.get_by_text("Here now")).to_have_count(0)

    # She types, edits, reacts and deletes; he sees each of it.
    await ada.get_by_label("Write to Ben").press_sequentially("At noon")
    await expect(ben.get_by_text("Ada is writing")).to_be_visible()
    await ada.keyboard.press("Enter")
    theirs = ben.get_by_role("log", name="Messages")
    noon = theirs.get_by_role("listitem").filter(has_text="At noon")
    await expect(noon).to_be_visible()
    await ada.get_by_role("button", name="More about “At noon”").click()
    await ada.get_by_role("button", name="Edit").click()
    await ada.get_by_label("Say it in other words").fill("At one")
    await ada.get_by_role("button", name="Change it").click()
    await expect(theirs).to_contain_text("At one")
    await expect(theirs).not_to_contain_text("At noon")
    await ada.get_by_role("button", name="More about “Soup!”").click()
    await ada.get_by_role("button", name="🎉").click()
    await expect(theirs.get_by_role("button", name="🎉, 1")).to_be_visible()
    await ben.get_by_role("button", name="More about “At one”").click()
    await ben.get_by_role("button", name="Answer").click()
    await ben.keyboard.type("Fine")
    await ben.keyboard.press("Enter")
    fine = log.get_by_role("listitem").filter(has_text="Fine")
    await expect(fine).to_contain_text("At one")
    await ada.get_by_role("button", name="More about “At one”").click()
    await ada.get_by_role("button", name="Delete", exact=True).click()
    await ada.get_by_role("button", name="Delete the message").click()
    await expect(theirs).to_contain_text("This message was deleted")

    # What he doesn't look at counts in the navigation, and no longer once he has read it.
    await ben.get_by_role("link", name="All messages").click()
    talk = (await client.get(f"/v1/messaging/people/{his['account']}/conversation", headers=ada_is)).json()
    sends = f"/v1/messaging/conversations/{talk['conversation']['id']}/messages"
    for text in ("Are you there?", "Ben?"):
        sent = await client.post(sends, json={"client_id": uuid4().hex, "text": text}, headers=ada_is)
        assert sent.status_code == 201
    await expect(ben.get_by_role("link", name="Messages 2 unread")).to_be_visible()
    row = ben.get_by_role("region", name="Conversations").get_by_role("listitem")
    await expect(row).to_contain_text("Ben?")
    await row.get_by_role("link", name="Ada").click()
    await expect(ben.get_by_text("Are you there?")).to_be_visible()
    await expect(ben.get_by_role("navigation", name="VoteWave").get_by_text("unread")).to_have_count(0)
    assert (await client.get("/v1/messaging/mine/unread", headers=ben_is)).json()["messages"] == 0

    # So does what others do.
    await client.put(f"/v1/follows/people/{his['account']}", headers=ada_is)
    await expect(ben.get_by_role("link", name="News 1 unread")).to_be_visible()
    assert ben_heard == []
    assert len(ada_heard) == 1, ada_heard  # the API had no conversation of the two: that she asked is a 404


async def test_whoever_was_away_has_each_message_once_and_in_order(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    ada, _, ada_is, _ = await known(browser, votewave.url, client, "Ada")
    ben, _, ben_is, his = await known(browser, votewave.url, client, "Ben")
    first = await client.post(
        f"/v1/messaging/people/{his['account']}/messages", json={"client_id": "first", "text": "0"}, headers=ada_is
    )
    talk = f"/v1/messaging/conversations/{first.json()['conversation']}"
    assert (await client.put(f"{talk}/request", json={"accept": True}, headers=ben_is)).is_success

    async def say(by: dict[str, str], text: str) -> None:
        body = {"client_id": uuid4().hex, "text": text}
        assert (await client.post(f"{talk}/messages", json=body, headers=by)).status_code == 201

    for number in range(1, 60):  # more than the first look has
        await say(ben_is, str(number))
    texts = """[...document.querySelectorAll("[role=log] li[data-mine] p bdi")]
        .map((it) => it.textContent).filter((it) => /^\\d+$/.test(it))"""
    for page in (ada, ben):
        await page.goto(f"{votewave.url}/messages/{first.json()['conversation']}")
        await expect(page.get_by_role("log").get_by_text("59", exact=True)).to_be_visible()
    assert await ada.evaluate(texts) == [str(number) for number in range(10, 60)]
    await ada.get_by_role("button", name="Show earlier messages").click()
    await expect(ada.get_by_role("log").get_by_text("0", exact=True)).to_be_visible()
    await expect(ada.get_by_role("button", name="Show earlier messages")).to_have_count(0)

    # Away, she writes two, and he two; none is lost, doubled or out of order when she is back.
    await ada.context.set_offline(True)
    await expect(ada.get_by_text("No connection. What you write")).to_be_visible()
    for text in ("62", "63"):
        await ada.get_by_label("Write to Ben").fill(text)
        await ada.keyboard.press("Enter")
    await expect(ada.get_by_text("Not sent")).to_be_visible()
    await say(ben_is, "60")
    await say(ben_is, "61")
    await ada.context.set_offline(False)
    for page in (ada, ben):
        await expect(page.get_by_role("log").get_by_text("63", exact=True)).to_be_visible()
    await expect(ada.get_by_text("Sending …")).to_have_count(0)
    assert await ada.evaluate(texts) == [str(number) for number in range(64)]
    assert await ben.evaluate(texts) == [str(number) for number in range(10, 64)]

    # An answer that is lost: she tries again, and it is one message.
    async def lose_the_answer(route: Any) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await ada.route("**/messages", lose_the_answer, times=1)
    await ada.get_by_label("Write to Ben").fill("64")
    await ada.keyboard.press("Enter")
    await expect(ben.get_by_role("log").get_by_text("64", exact=True)).to_be_visible()
    await asyncio.gather(
        *(expect(page.get_by_role("log").get_by_text("64", exact=True)).to_have_count(1) for page in (ada, ben))
    )
    held = (await client.get(f"{talk}/messages", headers=ben_is)).json()["items"]
    assert [message["text"] for message in held].count("64") == 1


async def test_what_isnt_sent_outlives_a_reload_and_goes_with_signing_out(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    ada, _, ada_is, _ = await known(browser, votewave.url, client, "Ada")
    _, _, ben_is, his = await known(browser, votewave.url, client, "Ben")
    first = await client.post(
        f"/v1/messaging/people/{his['account']}/messages", json={"client_id": "1", "text": "First"}, headers=ada_is
    )
    talk = first.json()["conversation"]
    path = f"/v1/messaging/conversations/{talk}"
    assert (await client.put(f"{path}/request", json={"accept": True}, headers=ben_is)).is_success

    async def said(*texts: str) -> bool:
        held = (await client.get(f"{path}/messages", headers=ben_is)).json()["items"]
        return [message["text"] for message in reversed(held)] == list(texts)

    sends = f"**{path}/messages"
    await ada.route(sends, lambda route: route.abort())
    await ada.goto(f"{votewave.url}/messages/{talk}")
    for text in ("Second", "Third"):
        await ada.get_by_role("textbox").fill(text)
        await ada.keyboard.press("Enter")
    await expect(ada.get_by_text("Not sent")).to_be_visible()
    await ada.reload()
    await expect(ada.get_by_text("Not sent")).to_be_visible()
    await expect(ada.get_by_role("log")).to_contain_text("Third")
    assert await said("First")
    await ada.unroute_all(behavior="ignoreErrors")
    await ada.reload()  # it is sent by itself
    await expect(ada.get_by_text("Not sent")).to_have_count(0)
    await expect(ada.get_by_role("log").get_by_text("Third", exact=True)).to_be_visible()
    await eventually(lambda: said("First", "Second", "Third"))

    await ada.route(sends, lambda route: route.abort())
    await ada.get_by_role("textbox").fill("Never")
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_text("Not sent")).to_be_visible()
    kept = """() => new Promise((done) => {
        const opening = indexedDB.open("votewave.messages", 1)
        opening.onsuccess = () => {
            const all = opening.result.transaction("messages").objectStore("messages").getAll()
            all.onsuccess = () => { opening.result.close(); done(all.result.map((it) => it.text)) }
        }
    })"""
    assert await ada.evaluate(kept) == ["Never"]
    await ada.get_by_role("button", name="You").click()
    await ada.get_by_role("button", name="Sign out").click()
    await expect(ada.get_by_role("link", name="Sign in").first).to_be_visible()
    assert await ada.evaluate(kept) == []


async def test_a_group_is_made_led_searched_and_left(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    word = f"Zoe{uuid4().hex[:10]}"
    ada, heard, _, _ = await known(browser, votewave.url, client, "Ada")
    ben, _, _, _ = await known(browser, votewave.url, client, word)
    await ada.get_by_role("link", name="New group").click()
    await ada.get_by_label("Name of the group").fill("Soup club")
    add = ada.get_by_role("button", name=f"Add {word}")
    for _ in range(20):  # search hears of new people in a while
        await ada.get_by_label("Who is in it").fill(word)
        await ada.get_by_role("button", name="Find").click()
        try:
            await expect(add).to_be_visible(timeout=1_000)
            break
        except AssertionError:
            await ada.reload()
            await ada.get_by_label("Name of the group").fill("Soup club")
    await add.click()
    await ada.get_by_role("button", name="Make the group").click()
    await expect(ada.get_by_role("heading", name="Soup club")).to_be_visible()
    await ada.get_by_label("Write to Soup club").fill("Parsnips on Friday")
    await ada.keyboard.press("Enter")

    await ben.get_by_role("link", name="Requests (1)").click()
    await ben.get_by_role("region", name="Requests").get_by_role("link", name="Soup club").click()
    await ben.get_by_role("button", name="Accept").click()
    await ben.get_by_label("Write to Soup club").fill("With bread")
    await ben.keyboard.press("Enter")
    await expect(ada.get_by_role("log")).to_contain_text("With bread")

    await ada.get_by_role("button", name="Members (2)").click()
    await ada.get_by_role("button", name=f"Make admin: {word}").click()
    await ada.get_by_role("button", name=f"Make them admin: {word}").click()
    await expect(ada.get_by_role("button", name=f"No admin: {word}")).to_be_visible()
    await ada.get_by_role("button", name="Rename the group").click()
    await ada.get_by_label("Name of the group").fill("Stew club")
    await ada.get_by_role("button", name="Rename", exact=True).click()
    await expect(ben.get_by_role("heading", name="Stew club")).to_be_visible()

    await ben.goto(f"{votewave.url}/messages?show=search")
    await ben.get_by_label("Words in my messages").fill("parsnips")
    await ben.get_by_role("button", name="Search").click()
    await ben.get_by_role("list", name="Messages found").get_by_role("link", name="Parsnips on Friday").click()
    await expect(ben.get_by_role("heading", name="Stew club")).to_be_visible()

    await ada.get_by_role("button", name="More about “With bread”").click()
    await ada.get_by_role("button", name="Report", exact=True).click()
    await ada.get_by_label("What is wrong with it").select_option("spam")
    await ada.get_by_role("button", name="Report it").click()
    await expect(ada.get_by_text("A moderator will look at it.")).to_be_visible()

    await ada.get_by_role("button", name=f"Remove: {word}").click()
    await ada.get_by_role("button", name=f"Remove for good: {word}").click()
    await expect(ben.get_by_text("You aren't in this conversation any more.")).to_be_visible()
    await expect(ada.get_by_role("button", name="Members (1)")).to_be_visible()
    await ada.get_by_role("button", name="Leave the group").click()
    await ada.get_by_role("button", name="Leave it for good").click()
    await expect(ada.get_by_role("heading", name="Messages")).to_be_visible()
    assert heard == []


def a_picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (900, 600), "teal").save(target, "PNG")
    return target.getvalue()


_PASTE = """(field) => {
  const given = new DataTransfer();
  given.items.add(new File([new TextEncoder().encode("Soup, 4.50")], "menu.txt", { type: "text/plain" }));
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


async def test_pictures_and_files_go_with_messages(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    ada, ada_heard, ada_is, her = await known(browser, votewave.url, client, "Ada")
    ben, ben_heard, ben_is, his = await known(browser, votewave.url, client, "Ben")
    first = {"client_id": "1", "text": "Hello"}
    talk = (await client.post(f"/v1/messaging/people/{his['account']}/messages", json=first, headers=ada_is)).json()
    await client.post(f"/v1/messaging/people/{her['account']}/messages", json=first, headers=ben_is)
    for page in (ada, ben):
        await page.goto(f"{votewave.url}/messages/{talk['conversation']}")
    log, theirs = (page.get_by_role("log", name="Messages") for page in (ada, ben))

    # Chosen, described, one of them taken out again; one that isn't taken is refused with the reason.
    picker = ada.get_by_label("Pictures and files")
    await picker.set_input_files([{"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}])
    await expect(ada.get_by_text("without macros can be sent")).to_be_visible()
    boat = {"name": "boat.png", "mimeType": "image/png", "buffer": a_picture()}
    await picker.set_input_files([boat, {"name": "no.txt", "mimeType": "text/plain", "buffer": b"no"}])
    await ada.get_by_role("button", name="Remove “no.txt”").press("Enter")
    await ada.get_by_label("What it shows").fill("A teal boat")
    await ada.get_by_label("Write to Ben").evaluate(_PASTE)
    await expect(ada.get_by_role("list", name="Attachments")).to_contain_text("menu.txt")
    assert await faults_of(ada, "a message with attachments") == []

    # Without a connection it waits, and is sent by itself once there is one.
    await ada.context.set_offline(True)
    await ada.get_by_role("button", name="Send").press("Enter")
    await expect(log).to_contain_text("Not sent")
    await ada.context.set_offline(False)
    picture = theirs.get_by_role("img", name="A teal boat")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 900)
    await expect(log.get_by_text("Not sent")).to_have_count(0)
    async with ben.expect_download() as loading:
        await theirs.get_by_role("button", name="menu.txt").press("Enter")
    kept = await loading.value
    assert (kept.suggested_filename, (await kept.path()).read_bytes()) == ("menu.txt", b"Soup, 4.50")
    await theirs.get_by_role("button", name="A teal boat", exact=True).press("Enter")
    large = ben.get_by_role("dialog", name="A teal boat")
    await expect(large).to_be_visible()
    assert await faults_of(ben, "a picture of a message") == []
    await ben.keyboard.press("Escape")
    await expect(large).to_have_count(0)
    assert await faults_of(ben, "a message with attachments, received") == []

    # Deleted, they are gone for both, and by their paths.
    await ada.get_by_role("button", name="More about “A teal boat”").press("Enter")
    await ada.get_by_role("button", name="Delete", exact=True).press("Enter")
    await ada.get_by_role("button", name="Delete the message").press("Enter")
    await expect(theirs).to_contain_text("This message was deleted")
    await expect(picture).to_have_count(0)
    assert ben_heard == []
    assert not [it for it in ada_heard if "ERR_INTERNET_DISCONNECTED" not in it], ada_heard
