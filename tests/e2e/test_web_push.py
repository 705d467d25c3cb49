"""Web push in the client: it is offered after a vote, shown in the reader's language, and ends with the session."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.conftest import VoteWave, eventually
from tests.e2e.web import chromium, enter, publish, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "node")]

# A browser asks its maker's service for an endpoint, which tests can't reach: it is what is stood in for, and no more.
_SERVICE = """(() => {
  const bytes = (text) => Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
  const keys = {
    p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth: "BTBZMqHH6r4Tts7J_aSIgg",
  };
  const kept = () => JSON.parse(localStorage.getItem("test.subscription") ?? "null");
  const made = () => {
    const one = kept();
    return one && {
      options: { applicationServerKey: bytes(one.key).buffer },
      toJSON: () => ({ endpoint: one.endpoint, keys }),
      unsubscribe: async () => { localStorage.removeItem("test.subscription"); return true; },
    };
  };
  PushManager.prototype.getSubscription = async () => made();
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    const key = btoa(String.fromCharCode(...applicationServerKey));
    const endpoint = `https://push.example.net/${crypto.randomUUID()}`;
    localStorage.setItem("test.subscription", JSON.stringify({ endpoint, key }));
    return made();
  };
})()"""
_SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, ...data }));
}"""


@pytest.fixture(scope="module")
async def browser(built_client: None) -> AsyncIterator[Browser]:
    """The whole Chromium: the one without windows shows no notifications, whatever a page is granted."""
    async with chromium("chromium") as running:
        yield running


async def somebody(browser: Browser, votewave: VoteWave, then: str, **options: Any) -> tuple[Page, dict[str, str]]:
    """Return the page of somebody who is new and lets VoteWave show them what is new."""
    page, _ = await visit(browser, f"{votewave.url}/sign-up?then={then}", service_workers="allow", **options)
    await page.context.grant_permissions(["notifications"], origin=votewave.url)
    await page.add_init_script(_SERVICE)
    await page.evaluate(_SERVICE)
    mine = await enter(page)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page, mine


async def devices(client: httpx.AsyncClient, mine: dict[str, str]) -> list[dict[str, Any]]:
    return list((await client.get("/v1/notifications/devices", headers=mine)).json()["items"])


async def test_it_is_offered_after_a_vote_and_never_before(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    poll = await publish(client)
    page, mine = await somebody(browser, votewave, f"/p/{poll['code']}")
    offer = page.get_by_role("button", name="Tell me")
    await page.get_by_role("checkbox", name="Falafel").check()
    await expect(offer).to_have_count(0)
    await page.get_by_role("button", name="Cast my vote").click()
    await expect(page.get_by_role("heading", name="Your vote is counted")).to_be_visible()
    await offer.click()
    await expect(offer).to_have_count(0)
    [device] = await devices(client, mine)
    assert (device["host"], device["label"]) == ("push.example.net", "Chrome on Linux")


async def test_devices_are_added_and_removed_in_the_settings_and_end_with_the_session(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, mine = await somebody(browser, votewave, "/settings?show=notifications")
    await page.goto(f"{votewave.url}/settings?show=notifications")
    await expect(page.get_by_text("You are told in no browser yet.")).to_be_visible()
    add = page.get_by_role("button", name="Tell me in this browser")
    await add.click()
    await expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    await expect(add).to_have_count(0)
    assert len(await devices(client, mine)) == 1
    await page.get_by_role("button", name="Remove: Chrome on Linux").click()
    await expect(page.get_by_text("You are told in no browser yet.")).to_be_visible()
    assert await devices(client, mine) == []
    await add.click()
    await expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    [device] = await devices(client, mine)
    await page.get_by_role("button", name="You", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert await page.evaluate("localStorage.getItem('test.subscription')") is None
    assert await votewave.sql("SELECT 1 FROM notifications.device WHERE id = $1", UUID(device["id"])) == []


async def test_a_new_subscription_takes_the_place_of_the_old_while_no_page_is_open(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    page, mine = await somebody(browser, votewave, "/settings?show=notifications")
    await page.goto(f"{votewave.url}/settings?show=notifications")
    await page.get_by_role("button", name="Tell me in this browser").click()
    await expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    [before] = await devices(client, mine)
    [worker] = page.context.service_workers
    await page.goto("about:blank")

    # Only a browser fires this event; the worker's own listener gets one that looks like it.
    change = """async (endpoint) => {
      const keys = {
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth: "BTBZMqHH6r4Tts7J_aSIgg",
      };
      const made = (at) => ({ toJSON: () => ({ endpoint: at, keys }) });
      const asked = [];
      PushManager.prototype.subscribe = async (options) => { asked.push(options); return made(`${endpoint}/asked`); };
      const event = new Event("pushsubscriptionchange");
      const waited = [];
      event.waitUntil = (promise) => waited.push(promise);
      event.newSubscription = endpoint.endsWith("/none") ? null : made(endpoint);
      self.dispatchEvent(event);
      await Promise.all(waited);
      return { waited: waited.length, asked };
    }"""
    done = await worker.evaluate(change, "https://one.example.net/given")
    assert done == {"waited": 1, "asked": []}
    [given] = await devices(client, mine)
    assert (given["host"], given["label"]) == ("one.example.net", before["label"])
    key = (await client.get("/v1/notifications/devices/key", headers=mine)).json()["key"]
    done = await worker.evaluate(change, "https://two.example.net/none")
    assert done == {"waited": 1, "asked": [{"userVisibleOnly": True, "applicationServerKey": key}]}
    [asked] = await devices(client, mine)
    assert asked["host"] == "two.example.net"
    assert len({before["id"], given["id"], asked["id"]}) == 3

    # The pages know of it when they are opened, where the browser has the new one; and whoever has signed out isn't
    # told in this browser any more.
    await page.goto(f"{votewave.url}/health/live")
    now = """(endpoint) => {
      const { key } = JSON.parse(localStorage.getItem("test.subscription"));
      localStorage.setItem("test.subscription", JSON.stringify({ endpoint, key }));
    }"""
    await page.evaluate(now, "https://two.example.net/none/asked")
    await page.goto(f"{votewave.url}/settings?show=notifications")
    await expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    assert [each["id"] for each in await devices(client, mine)] == [asked["id"]]
    await page.get_by_role("button", name="You", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    await page.goto(f"{votewave.url}/sign-up?then=/")
    other = await enter(page)
    assert (await worker.evaluate(change, "https://three.example.net/given"))["waited"] == 1
    assert await devices(client, other) == []


@pytest.mark.parametrize(
    ("locale", "title", "body"),
    [
        ("en", "Ben (@ben) answered you", "There are others beside it: 2"),
        ("de", "Ben (@ben) hat dir geantwortet", "Daneben gibt es weitere: 2"),
    ],
)
async def test_what_is_pushed_is_shown_in_the_readers_language(
    browser: Browser, votewave: VoteWave, locale: str, title: str, body: str
) -> None:
    page, _ = await somebody(browser, votewave, "/settings?show=notifications", locale="en")
    await page.evaluate(f"localStorage.setItem('votewave.language', '{locale}')")
    await page.goto(f"{votewave.url}/settings?show=notifications")
    await page.get_by_role("button", name="Tell me in this browser" if locale == "en" else "Sag es mir").click()
    await expect(page.get_by_text("this browser" if locale == "en" else "dieser Browser", exact=True)).to_be_visible()
    cdp = await page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda it: found.extend(it["registrations"]))
    await cdp.send("ServiceWorker.enable")

    async def registered() -> bool:
        return bool(found)

    await eventually(registered)
    pushed = {
        "kind": "reply",
        "title": "Ben (@ben) answered your comment",
        "people": ["Ben (@ben)"],
        "count": 1,
        "type": "comment",
        "subject": "0198c0de-0000-7000-8000-000000000001",
        "poll": "0198c0de-0000-7000-8000-000000000002",
        "at": "2026-11-29T12:00:00Z",
    }
    for more, path in ((0, f"/polls/{pushed['poll']}"), (2, "/notifications")):
        message = {
            "origin": votewave.url,
            "registrationId": found[-1]["registrationId"],
            "data": json.dumps({**pushed, "more": more}),
        }
        await cdp.send("ServiceWorker.deliverPushMessage", message)
        wanted = [{"title": title, "body": body if more else "", "tag": "news", "path": path}]

        async def shown(wanted: list[dict[str, str]] = wanted) -> bool:
            return list(await page.evaluate(_SHOWN)) == wanted

        await eventually(shown, 20)
