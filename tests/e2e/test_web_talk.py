"""What people say to each other in the web client: comments on polls, and Waves."""

import io
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, expect
from tests.conftest import VoteWave
from tests.e2e.web import enter, publish, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]


async def test_people_talk_about_a_poll_by_keyboard(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await expect(page.get_by_text("Nobody has said anything yet.")).to_be_visible()
    await page.get_by_role("region", name="Comments").get_by_role("link", name="Sign in").press("Enter")
    await page.get_by_role("link", name="I have no account yet").press("Enter")
    await enter(page)
    await expect(page).to_have_url(f"{votewave.url}/p/{poll['code']}")

    # Written by somebody else, answered, supported, edited and deleted without a pointer.
    somebody = await sign_up(client)
    thread = f"/v1/comments/threads/{poll['id']}/comments"
    texts = [f"Thought {number}" for number in range(21)]  # one more than a page
    for text in texts:
        assert (await client.post(thread, json={"text": text}, headers=somebody)).status_code == 201
    await page.reload()
    await page.get_by_label("Order").select_option("oldest")
    comments = page.get_by_role("list", name="Comments", exact=True).locator(":scope > li")
    await expect(comments.first).to_contain_text("Thought 0")
    await expect(comments).to_have_count(20)
    await page.get_by_role("button", name="Show more").press("Enter")
    await expect(comments).to_have_count(21)
    await page.get_by_label("Order").select_option("newest")
    await expect(comments.first).to_contain_text("Thought 20")

    first = comments.first
    await first.get_by_role("button", name="Support").press("Enter")
    await expect(first.get_by_role("button", name="Support, 1 supporter")).to_have_attribute("aria-pressed", "true")
    await first.get_by_role("button", name="Answer").press("Enter")
    answer = page.get_by_label("Your answer")
    await expect(answer).to_be_focused()
    await answer.press("Escape")
    await expect(first.get_by_role("button", name="Answer")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("<b>Noodles</b>")
    await page.keyboard.press("Control+Enter")
    mine = page.get_by_role("list", name="Answers").get_by_role("listitem")
    await expect(mine).to_contain_text("<b>Noodles</b>")  # what people write is text
    await mine.get_by_role("button", name="More").press("Enter")
    await mine.get_by_role("button", name="Edit").press("Enter")
    await page.keyboard.type(", of course")
    await page.keyboard.press("Control+Enter")
    await expect(mine).to_contain_text("<b>Noodles</b>, of course")
    await expect(mine).to_contain_text("edited")

    # Its link leads to it, with what it answers.
    await mine.get_by_role("link", name="just now").press("Enter")
    await expect(page.get_by_role("list", name="What it answers").get_by_role("listitem")).to_contain_text("Thought 20")
    meant = page.get_by_role("list", name="The comment").get_by_role("listitem")
    await expect(meant).to_be_focused()
    await meant.get_by_role("button", name="More").press("Enter")
    await meant.get_by_role("button", name="Delete").press("Enter")
    await meant.get_by_role("button", name="Delete the comment").press("Enter")
    await expect(meant).to_contain_text("Deleted by its author.")
    await page.get_by_role("link", name="Show all comments").press("Enter")

    await comments.first.get_by_role("button", name="More").press("Enter")
    await comments.first.get_by_role("button", name="Report").press("Enter")
    await page.get_by_label("What is wrong with it").select_option("spam")
    await page.get_by_role("button", name="Report it").press("Enter")
    await expect(comments.first).to_contain_text("A moderator will look at it")
    assert complaints == []


async def test_owners_look_after_what_is_said(browser: Browser, votewave: VoteWave, client: httpx.AsyncClient) -> None:
    page, complaints = await visit(browser, f"{votewave.url}/sign-up", viewport={"width": 360, "height": 740})
    owner = await enter(page)
    poll = await publish(client, owner)
    somebody = await sign_up(client)
    thread = f"/v1/comments/threads/{poll['id']}/comments"
    for text in ("Falafel", "Advertisement"):
        assert (await client.post(thread, json={"text": text}, headers=somebody)).status_code == 201
    await page.goto(f"{votewave.url}/p/{poll['code']}")
    falafel = page.get_by_role("listitem").filter(has_text="Falafel").filter(has_text="just now")
    await falafel.get_by_role("button", name="More").click()
    await falafel.get_by_role("button", name="Pin").click()
    await expect(page.get_by_role("list", name="Pinned comment")).to_contain_text("Falafel")
    other = page.get_by_role("listitem").filter(has_text="Advertisement")
    await other.get_by_role("button", name="More").click()
    await other.get_by_role("button", name="Hide").click()
    await page.get_by_label("Why it is hidden").fill("It sells something.")
    await page.get_by_role("button", name="Hide it").click()
    await expect(other).to_contain_text("Hidden by the poll's owner or a moderator.")
    await page.get_by_role("button", name="Lock the comments").click()
    await expect(page.get_by_role("button", name="Unlock the comments")).to_be_visible()

    reader, heard = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await expect(reader.get_by_role("list", name="Pinned comment")).to_contain_text("Falafel")
    await expect(reader.get_by_text("has locked the comments")).to_be_visible()
    await expect(reader.get_by_text("Advertisement")).to_have_count(0)
    assert complaints == heard == []
    await reader.goto(f"{votewave.url}/p/{poll['code']}?comment={uuid4()}")
    await expect(reader.get_by_text("This comment isn't there any more.")).to_be_visible()


async def test_a_wave_is_published_shared_on_edited_and_deleted(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, complaints = await visit(
        browser, f"{votewave.url}/sign-up?then=/home", viewport={"width": 360, "height": 740}
    )
    await enter(page)
    await page.get_by_label("A new Wave").fill("<i>Lunch</i>? #noodles https://example.org/menu")
    await page.get_by_role("button", name="Add a poll").click()
    await page.get_by_label("Poll", exact=True).fill(f"{votewave.url}/p/{poll['code']}")
    await page.get_by_label("A new Wave").press("Control+Enter")
    wave = page.get_by_role("listitem", name="Wave by").first
    await expect(wave).to_contain_text("<i>Lunch</i>? #noodles")  # what people write is text
    await expect(wave.get_by_role("link", name="https://example.org/menu")).to_have_attribute(
        "href", "https://example.org/menu"
    )
    await expect(wave.get_by_role("link", name="Vote in the poll")).to_contain_text("Open · 0 votes")
    await expect(wave.get_by_role("link", name="Vote in the poll")).to_contain_text(poll["title"])

    # Somebody else finds it in Explore, reacts, and shares it on in words of their own.
    other, heard = await visit(browser, f"{votewave.url}/sign-up?then=/explore")
    await enter(other)
    found = other.get_by_role("listitem", name="Wave by").filter(has_text="#noodles")
    for _ in range(20):  # its event is under way
        await other.wait_for_load_state("networkidle")
        if await found.count():
            break
        await other.reload()
    await found.get_by_role("button", name="Like, 0").press("Enter")
    await expect(found.get_by_role("button", name="Like, 1")).to_have_attribute("aria-pressed", "true")
    await found.get_by_role("button", name="React").press("Enter")
    await found.get_by_role("button", name="🎉").press("Enter")
    await expect(found.get_by_role("button", name="🎉, 1")).to_be_visible()
    await found.get_by_role("button", name="Like, 1").press("Enter")
    await expect(found.get_by_role("button", name="Like, 0")).to_be_visible()
    await found.get_by_role("button", name="More").press("Enter")
    await found.get_by_role("button", name="Ripple with words").press("Enter")
    await other.keyboard.type("Come along")
    await other.keyboard.press("Control+Enter")
    await expect(found.get_by_text("Your Ripple is published.")).to_be_visible()
    await other.get_by_role("button", name="You", exact=True).click()
    await other.get_by_role("link", name="Your page").click()
    await other.get_by_role("link", name="Waves", exact=True).click()
    ripple = other.get_by_role("listitem", name="Wave by")
    await expect(ripple).to_contain_text("Come along")
    await expect(ripple.get_by_role("blockquote")).to_contain_text("#noodles")

    # An edit leaves what it said before to be read; what is deleted is gone for those who shared it on.
    await page.reload()
    await wave.get_by_role("link", name="ago").or_(wave.get_by_role("link", name="just now")).click()
    await expect(page.get_by_role("heading", name="Wave by")).to_be_attached()  # not the feed's any more
    await wave.get_by_role("button", name="More").click()
    await wave.get_by_role("button", name="Edit").click()
    await page.get_by_label("Say it in other words").fill("Dinner?")
    await page.get_by_role("button", name="Change it").click()
    await expect(wave).to_contain_text("Dinner?")
    await expect(page.get_by_role("region", name="What it said before")).to_contain_text("<i>Lunch</i>")
    await wave.get_by_role("button", name="Delete").click()
    await wave.get_by_role("button", name="Delete the Wave").click()
    await expect(page.get_by_role("heading", name="This Wave isn't there")).to_be_visible()
    await other.reload()
    await expect(ripple.get_by_role("blockquote")).to_contain_text("What it shares on was deleted")
    assert complaints == heard == []


async def test_a_wave_shows_pictures(browser: Browser, votewave: VoteWave) -> None:
    page, complaints = await visit(
        browser, f"{votewave.url}/sign-up?then=/home", viewport={"width": 360, "height": 740}
    )
    await enter(page)
    await page.get_by_label("A new Wave").fill("What I saw")
    files = [a_picture("red.png", "firebrick", (900, 600)), a_picture("blue.png", "navy", (600, 900))]
    await page.get_by_label("Pictures").set_input_files(files)
    first = page.get_by_role("group", name="Picture 1")
    await first.get_by_label("What it shows").fill("A red wall")
    await expect(page.get_by_role("group", name="Picture 2")).to_be_visible()
    await page.get_by_label("Pictures").set_input_files(
        FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"text")
    )
    await expect(page.get_by_text("Choose a JPEG, PNG or WebP image of 10 MB at most.")).to_be_visible()
    await page.get_by_role("button", name="Publish").click()
    wave = page.get_by_role("listitem").filter(has_text="What I saw").first
    shown = wave.get_by_role("img", name="A red wall")
    await expect(shown).to_be_visible()
    await expect(wave.get_by_role("img", name="Picture without a description")).to_be_visible()
    assert await shown.evaluate("async (it) => { await it.decode(); return it.naturalWidth > 0 }")
    await expect(page.get_by_role("group", name="Picture 1")).to_have_count(0)
    assert complaints == []


def a_picture(name: str, colour: str, size: tuple[int, int]) -> FilePayload:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return FilePayload(name=name, mimeType="image/png", buffer=target.getvalue())


async def test_names_in_comments_lead_to_people_and_threads_are_followed(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll, somebody = await publish(client), await sign_up(client)
    handle = f"h{uuid4().hex[:12]}"
    assert (await client.patch("/v1/profiles/me", json={"handle": handle}, headers=somebody)).status_code == 200
    page, complaints = await visit(browser, f"{votewave.url}/p/{poll['code']}")
    await page.get_by_role("region", name="Comments").get_by_role("link", name="Sign in").click()
    await page.get_by_role("link", name="I have no account yet").click()
    await enter(page)
    follow = page.get_by_role("button", name="Follow the comments")
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await page.get_by_label("Your comment").fill(f"What do you say, @{handle}?")
    await page.get_by_role("button", name="Comment", exact=True).click()
    followed = page.get_by_role("button", name="You follow the comments")
    await expect(followed).to_have_attribute("aria-pressed", "true")  # whoever comments does
    await followed.press("Enter")
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await page.reload()
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await page.get_by_role("link", name=f"@{handle}").click()
    await expect(page).to_have_url(f"{votewave.url}/u/{handle}")
    assert not complaints
