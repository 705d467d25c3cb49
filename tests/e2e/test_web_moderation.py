"""What moderators do in the web client, and what others see there."""

import io
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser, expect
from tests.conftest import VoteWave
from tests.e2e.test_web_accessible import faults_of
from tests.e2e.web import publish, run_web, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

PHONE: Any = {"width": 360, "height": 800}
PASSWORD = "a boat, a lamp and 3 keys"


async def test_a_moderator_decides_filters_and_limits(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    await run_web("packages")
    poll, author, reporter = await publish(client), await sign_up(client), await sign_up(client)
    thread, word = f"/v1/comments/threads/{poll['id']}/comments", f"x{uuid4().hex[:10]}"
    email = f"{uuid4().hex}@example.org"
    assert (await client.post("/v1/auth/accounts", json={"email": email, "password": PASSWORD})).status_code == 201

    async def say(text: str) -> str:
        answer = await client.post(thread, json={"text": text}, headers=author)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["comment"]["id"])

    page, complaints = await visit(browser, f"{votewave.url}/moderation", viewport={"width": 360, "height": 800})
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").press("Enter")
    await expect(page.get_by_text("This page is for moderators.")).to_be_visible()
    await votewave.sql("UPDATE auth.account SET role = 'moderator' WHERE email = $1", email)
    await page.context.clear_cookies()
    await page.goto(f"{votewave.url}/sign-in?then=/moderation")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").press("Enter")

    async def sound() -> None:
        assert await faults_of(page, page.url) == []

    # A filter, by keyboard; and what it keeps back.
    await page.get_by_role("link", name="Filters").press("Enter")
    await page.get_by_label("Words to look out for").fill("...")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This has no letters")).to_be_visible()
    await page.get_by_label("Words to look out for").fill(word)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("list", name="Filters")).to_contain_text(word)
    await sound()
    await say(f"Have a {word.upper()}.")
    reported = await say(f"Insults {word[1:]}")
    body = {"reason": "abuse", "note": "It hurts."}
    assert (await client.put(f"/v1/comments/{reported}/report", json=body, headers=reporter)).status_code == 204
    await page.get_by_role("link", name="What waits").press("Enter")
    kept = page.get_by_role("listitem").filter(has_text=f"Have a {word.upper()}.")
    await expect(kept).to_contain_text(f"Waits: “{word}”")
    await kept.get_by_role("button", name="Show it").press("Enter")
    await page.keyboard.type("It is a boat.")
    await page.keyboard.press("Control+Enter")
    await expect(kept).to_have_count(0)

    # A reported message, as it was: its sender has deleted it since.
    to = (await client.get("/v1/profiles/me", headers=reporter)).json()["account"]
    message = {"client_id": uuid4().hex, "text": f"Threats {word[1:]}\nand more"}
    sent = (await client.post(f"/v1/messaging/people/{to}/messages", json=message, headers=author)).json()
    at = f"/v1/messaging/messages/{sent['id']}"
    body = {"reason": "illegal", "note": "It frightens me."}
    assert (await client.put(f"{at}/report", json=body, headers=reporter)).status_code == 204
    assert (await client.delete(at, headers=author)).status_code == 204
    await page.reload()
    await page.get_by_label("Show").select_option("Messages")
    case = page.get_by_role("listitem").filter(has_text=f"Threats {word[1:]}")
    await expect(case).to_contain_text("against the law: 1")
    await case.get_by_role("button", name="Read the reports").press("Enter")
    await expect(case).to_contain_text("It frightens me.")
    await sound()
    await case.get_by_role("button", name="The report is right").press("Enter")
    await page.keyboard.type("It is a threat.")
    await page.keyboard.press("Control+Enter")
    await expect(case).to_have_count(0)
    await page.get_by_label("Show").select_option("All that waits")

    # A report: read, and its author limited.
    case = page.get_by_role("listitem").filter(has=page.get_by_text(f"Insults {word[1:]}", exact=True))
    await case.get_by_role("button", name="Read the reports").press("Enter")
    await expect(case).to_contain_text("It hurts.")
    await sound()
    await case.get_by_role("button", name="Limit the author").press("Enter")
    await page.keyboard.type("Insults people.")
    await page.keyboard.press("Control+Enter")
    await expect(case.get_by_label("Why, for moderators")).to_have_count(0)
    await case.get_by_role("button", name="Leave it as it is").press("Enter")
    await page.keyboard.type("Its author is limited.")
    await page.keyboard.press("Control+Enter")
    await expect(case).to_have_count(0)
    await page.get_by_role("link", name="Limits").press("Enter")
    limited = page.get_by_role("list", name="Limited people").get_by_role("listitem").filter(has_text="Insults people.")
    await expect(limited).to_have_count(1)
    await sound()
    await limited.get_by_role("button", name="Lift the limit").press("Enter")
    await expect(limited).to_have_count(0)
    await page.get_by_role("link", name="Log", exact=True).press("Enter")
    await expect(page.get_by_text("limited an account no longer").first).to_be_visible()
    done = page.get_by_role("list", name="What was done").get_by_role("listitem")
    decided = {"It is a threat.": "found a report of a message right", "It is a boat.": "showed a comment again"}
    for reason, act in {**decided, "Its author is limited.": "left a comment as it is"}.items():
        await expect(done.filter(has_text=reason).first).to_contain_text(act)
    await expect(
        done.filter(has_text="It is a boat.").first.get_by_role("link", name="See it in its thread")
    ).to_be_visible()
    await page.get_by_label("Show").select_option("Messages")
    await expect(done.filter(has_text="It is a threat.").first).to_be_visible()
    await expect(done.filter(has_text="It is a boat.")).to_have_count(0)
    await sound()
    await page.get_by_role("link", name="Filters").press("Enter")
    await page.get_by_role("button", name=f"Remove the filter “{word}”").press("Enter")
    await expect(page.get_by_role("button", name=f"Remove the filter “{word}”")).to_have_count(0)
    assert not [it for it in complaints if "Failed to load resource" not in it]  # what was refused above


async def test_a_wave_is_reported_hidden_and_shown_again(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    await run_web("packages")
    email, word, author = f"{uuid4().hex}@example.org", uuid4().hex[:10], await sign_up(client)
    account = {"email": email, "password": PASSWORD}
    assert (await client.post("/v1/auth/accounts", json=account)).status_code == 201
    made = await client.post("/v1/expressions/waves", json={"text": f"Buy {word}!"}, headers=author)
    assert made.status_code == 201, made.text
    wave = made.json()["id"]
    await votewave.sql("UPDATE auth.account SET role = 'moderator' WHERE email = $1", email)

    page, complaints = await visit(browser, f"{votewave.url}/sign-in?then=/waves/{wave}", viewport=PHONE)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").press("Enter")
    await page.get_by_role("button", name="More", exact=True).press("Enter")
    await page.get_by_role("button", name="Report", exact=True).press("Enter")
    await page.get_by_label("What is wrong with it").select_option("It is spam")
    await page.get_by_label("A note for moderators").fill("Nobody wants this.")
    assert await faults_of(page, page.url) == []
    await page.get_by_label("A note for moderators").press("Enter")
    await expect(page.get_by_text("Thank you. A moderator will look at it")).to_be_visible()

    await page.goto(f"{votewave.url}/moderation?kind=wave")
    case = page.get_by_role("listitem").filter(has_text=f"Buy {word}!")
    await expect(case).to_contain_text("spam: 1")
    await case.get_by_role("button", name="Read the reports").press("Enter")
    await expect(case).to_contain_text("Nobody wants this.")
    assert await faults_of(page, page.url) == []
    await case.get_by_role("button", name="Hide it").press("Enter")
    await page.keyboard.type("Spam.")
    await page.keyboard.press("Control+Enter")
    await expect(case).to_have_count(0)
    answer = await client.get(f"/v1/expressions/waves/{wave}")
    assert answer.status_code == 404
    body = {"text": "It is a boat."}
    assert (await client.put(f"/v1/expressions/waves/{wave}/appeal", json=body, headers=author)).status_code == 204
    await page.reload()
    await expect(case).to_contain_text("It is a boat.")
    await expect(case).to_contain_text("hidden from others")
    assert await faults_of(page, page.url) == []
    await case.get_by_role("button", name="Show it").press("Enter")
    await page.keyboard.type("It is.")
    await page.keyboard.press("Control+Enter")
    await expect(case).to_have_count(0)
    assert (await client.get(f"/v1/expressions/waves/{wave}")).status_code == 200
    await page.get_by_role("link", name="Log", exact=True).press("Enter")
    done = page.get_by_role("list", name="What was done").get_by_role("listitem")
    own = done.filter(has=page.locator(f'a[href="/waves/{wave}"]'))
    await expect(own).to_have_count(2)
    await expect(own.first).to_contain_text("showed a Wave again")
    await page.get_by_label("Show").select_option("Comments, filters and limits")
    await expect(own).to_have_count(0)
    assert await faults_of(page, page.url) == []
    assert complaints == []


async def test_moderators_alone_see_what_went_with_a_reported_message_until_they_have_decided(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    await run_web("packages")
    author, reporter, stranger = [await sign_up(client) for _ in range(3)]
    word, email = f"x{uuid4().hex[:10]}", f"{uuid4().hex}@example.org"
    who = {"email": email, "password": PASSWORD}
    assert (await client.post("/v1/auth/accounts", json=who)).status_code == 201
    await votewave.sql("UPDATE auth.account SET role = 'moderator' WHERE email = $1", email)
    moderator = {"authorization": f"Bearer {(await client.post('/v1/auth/sessions', json=who)).json()['access_token']}"}

    async def done(by: dict[str, str], method: str, path: str, **more: Any) -> Any:
        answer = await client.request(method, f"/v1/messaging{path}", headers=by, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def attached(data: bytes, content_type: str, name: str = "") -> str:
        begun = await done(author, "POST", "/attachments", json={"content_type": content_type, "name": name})
        to = begun["upload"]
        sent = await client.request(to["method"], to["url"], headers=to["headers"], content=data)
        assert sent.is_success, sent.text
        await done(author, "PUT", f"/attachments/{begun['id']}")
        return str(begun["id"])

    accounts = [(await client.get("/v1/auth/me", headers=each)).json()["id"] for each in (author, reporter)]
    first = {"client_id": uuid4().hex, "text": "May I show you something?"}
    talk = (await done(author, "POST", f"/people/{accounts[1]}/messages", json=first))["conversation"]
    await done(reporter, "POST", f"/conversations/{talk}/messages", json={"client_id": uuid4().hex, "text": "Yes."})
    drawn = io.BytesIO()
    Image.new("RGB", (900, 600), "teal").save(drawn, "PNG")
    picture, paper = await attached(drawn.getvalue(), "image/png"), await attached(b"Pay.", "text/plain", f"{word}.txt")
    carries = [{"attachment": picture, "description": f"A threat, {word}"}, {"attachment": paper}]
    message = {"client_id": uuid4().hex, "text": "", "attachments": carries}
    sent = await done(author, "POST", f"/conversations/{talk}/messages", json=message)
    shown, link = f"/v1/messaging/attachments/{picture}/960.webp", f"/v1/messaging/attachments/{paper}/link"

    async def get(by: dict[str, str]) -> list[int]:
        return [(await client.get(path, headers=by)).status_code for path in (shown, link)]

    assert [await get(by) for by in (author, reporter, moderator, stranger, {})] == [
        [200, 200],
        [200, 200],
        [404, 404],
        [404, 404],
        [401, 401],
    ]
    await done(reporter, "PUT", f"/messages/{sent['id']}/report", json={"reason": "abuse"})
    assert await get(moderator) == [200, 200]
    await done(author, "DELETE", f"/messages/{sent['id']}")
    assert [await get(by) for by in (author, reporter, moderator, stranger)] == [
        [404, 404],
        [404, 404],
        [200, 200],
        [404, 404],
    ]

    page, complaints = await visit(browser, f"{votewave.url}/sign-in?then=/moderation")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").press("Enter")
    await page.get_by_label("Show").select_option("Messages")
    case = page.get_by_role("listitem").filter(has=page.get_by_role("button", name=f"{word}.txt")).first
    seen = case.get_by_role("img", name=f"A threat, {word}")
    await seen.scroll_into_view_if_needed()
    await expect(seen).to_have_js_property("naturalWidth", 900)
    assert await faults_of(page, "a reported message with attachments") == []
    async with page.expect_download() as loading:
        await case.get_by_role("button", name=f"{word}.txt").press("Enter")
    kept = await loading.value
    assert (kept.suggested_filename, (await kept.path()).read_bytes()) == (f"{word}.txt", b"Pay.")

    # What was said is all that was: no word of the rest of the conversation.
    await expect(page.get_by_role("main")).not_to_contain_text("May I show you something?")
    await case.get_by_role("button", name="The report is right").press("Enter")
    await page.keyboard.type("It is a threat.")
    await page.keyboard.press("Control+Enter")
    await expect(seen).to_have_count(0)
    assert await get(moderator) == [404, 404]
    assert complaints == []


async def test_all_that_waits_is_one_queue_and_one_that_is_away_is_missed(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    await run_web("packages")
    poll, author, reporter = await publish(client), await sign_up(client), await sign_up(client)
    word, email = f"x{uuid4().hex[:10]}", f"{uuid4().hex}@example.org"
    who = {"email": email, "password": PASSWORD}
    assert (await client.post("/v1/auth/accounts", json=who)).status_code == 201
    await votewave.sql("UPDATE auth.account SET role = 'moderator' WHERE email = $1", email)

    async def done(by: dict[str, str], method: str, path: str, **body: Any) -> Any:
        answer = await client.request(method, f"/v1{path}", headers=by, **({"json": body} if body else {}))
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def comment(text: str) -> str:
        said = await done(author, "POST", f"/comments/threads/{poll['id']}/comments", text=text)
        return f"/comments/{said['comment']['id']}"

    async def wave(text: str) -> str:
        return f"/expressions/waves/{(await done(author, 'POST', '/expressions/waves', text=text))['id']}"

    to = (await done(reporter, "GET", "/profiles/me"))["account"]

    async def message(text: str) -> str:
        path = f"/messaging/people/{to}/messages"
        return f"/messaging/messages/{(await done(author, 'POST', path, client_id=uuid4().hex, text=text))['id']}"

    makers = [comment, wave, message, wave, comment]
    texts = [f"{number} {word}" for number in range(len(makers))]
    for make, text in zip(makers, texts, strict=True):
        await done(reporter, "PUT", f"{await make(text)}/report", reason="spam")

    page, complaints = await visit(browser, f"{votewave.url}/sign-in?then=/moderation", viewport=PHONE)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").press("Enter")
    queue = page.get_by_role("region", name="What waits")
    mine = queue.get_by_role("listitem").filter(has_text=word)

    async def brought(number: int) -> None:
        """Bring page after page, until so many of these cases are there; others' wait before them."""
        more = queue.get_by_role("button", name="Show more")
        await expect(queue.get_by_role("listitem").first).to_be_visible()
        while await mine.count() < number and await more.count():
            before = await queue.get_by_role("listitem").count()
            await more.press("Enter")
            await expect(queue.get_by_role("listitem")).not_to_have_count(before, timeout=20_000)
        await expect(mine).to_have_count(number)

    await brought(5)
    assert [text in said for text, said in zip(texts, await mine.all_inner_texts(), strict=True)] == [True] * 5
    assert await faults_of(page, page.url) == []
    await page.get_by_label("Show").select_option("Comments")
    await brought(2)
    await expect(page).to_have_url(f"{votewave.url}/moderation?kind=comment")
    assert complaints == []

    # One that doesn't answer is named; what the others have is there, and it comes when it answers again.
    await page.route("**/v1/messaging/cases*", lambda route: route.abort())
    await page.goto(f"{votewave.url}/moderation")
    missing = page.get_by_role("alert").filter(has_text="Messages")
    await expect(missing).to_be_visible(timeout=20_000)
    await brought(4)
    assert await faults_of(page, page.url) == []
    await page.unroute("**/v1/messaging/cases*")
    await missing.get_by_role("button", name="Try again").press("Enter")
    await expect(missing).to_have_count(0, timeout=20_000)
    await brought(5)
