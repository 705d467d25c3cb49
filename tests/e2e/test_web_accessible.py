"""Every page of the client: nothing that axe knows to be wrong, nothing that is cut off, no script too many."""

import json
import re
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from services.web.build import FRONTEND, SERVED
from tests.conftest import VoteWave
from tests.e2e.web import enter, publish, run_web, sign_up, visit

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium-headless-shell", "node")]

ROUTES = re.findall(r'path: "(/[^"]*)"', (FRONTEND / "src" / "routes" / "router.tsx").read_text("utf-8"))
SECTIONS = ("account", "sessions", "keys", "notifications", "feed", "messages", "data")
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
MOST_SCRIPT_BYTES = 135_000
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
HEBREW = "לאן נלך לאכול צהריים היום?"

# Permissive, or of a tool that checks and isn't shipped (axe-core, MPL-2.0).
LICENCES = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0", "Python-2.0"}
LICENCES |= {"Unlicense"}
# Of what the build reads, and doesn't ship: which browsers know what (caniuse-lite).
LICENCES |= {"CC-BY-4.0"}
# Of the typeface, whose licence is served beside it.
LICENCES |= {"OFL-1.1"}

_FAULTS = """async () => (
  await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }))
  .violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def a_hard_poll(client: httpx.AsyncClient, by: dict[str, str]) -> dict[str, Any]:
    """Publish a poll that is hard to lay out: a hundred options, one very long word, a title from right to left."""
    options = [{"label": LONG}, {"label": HEBREW}, *({"label": f"Option {number}"} for number in range(98))]
    return await publish(client, by, title=HEBREW, options=options)


async def paths_of(client: httpx.AsyncClient) -> dict[str, list[str]]:
    """Return paths for each route of the client, with something at each of them."""
    owner = await sign_up(client)
    await client.patch("/v1/profiles/me", json={"display_name": LONG[:40], "bio": f"{LONG} {HEBREW}"}, headers=owner)
    me = (await client.get("/v1/profiles/me", headers=owner)).json()
    hard, plain = await a_hard_poll(client, owner), await publish(client, owner, method={"type": "irv"})
    headers = {**owner, "idempotency-key": "a-wave"}
    wave = await client.post("/v1/expressions/waves", json={"text": f"{LONG} {HEBREW} #{LONG}"}, headers=headers)
    room = await client.post(
        "/v1/votebooth/rooms", json={"title": f"{LONG} {HEBREW}"}, headers={**owner, "idempotency-key": "a-room"}
    )
    link = await client.put(f"/v1/votebooth/rooms/{room.json()['code']}/screens/{uuid4()}", json={}, headers=owner)
    filled = {
        "/p/$code": [f"/p/{hard['code']}", f"/p/{plain['code']}", "/p/NOSUCH"],
        "/polls/$id": [f"/polls/{plain['id']}"],
        "/polls/$id/voters": ["/polls/{roll}/voters", "/polls/{tokens}/voters", f"/polls/{plain['id']}/voters"],
        "/polls/$id/edit": ["/polls/{draft}/edit", f"/polls/{plain['id']}/edit"],
        "/waves/$id": [f"/waves/{wave.json()['id']}"],
        "/tags/$tag": [f"/tags/{LONG}", f"/tags/{HEBREW[:2]}", "/tags/12"],
        "/u/$handle": [f"/u/{me['handle']}", "/u/nobody-at-all"],
        "/r/$code": [f"/r/{room.json()['code']}"],
        "/r/$code/screen": [
            f"/r/{room.json()['code']}/screen#token={link.json()['token']}",
            f"/r/{room.json()['code']}/screen#token=x",
        ],
        "/rooms/$id/host": ["/rooms/{room}/host", f"/rooms/{room.json()['room']}/host"],
        "/messages": ["/messages", "/messages?show=search", "/messages?show=group"],
        "/messages/$id": ["/messages/{talk}"],
        "/messages/with/$handle": [f"/messages/with/{me['handle']}", "/messages/with/nobody-at-all"],
        "/explore": ["/explore", "/explore?q=lunch", f"/explore?q={LONG[:40]}&show=people"],
        "/settings": ["/settings", *(f"/settings?show={section}" for section in SECTIONS)],
        "/reset": ["/reset#token=x"],
        "/verify": ["/verify#token=x"],
    }
    return {route: filled.get(route, [route]) for route in ROUTES}


async def things_of(client: httpx.AsyncClient, by: dict[str, str]) -> dict[str, str]:
    """Open a room with a poll on its agenda, write drafts and a message; return what each is called in a path."""
    poll = await publish(client, by, title=LONG)
    draft = await publish(client, by, title=LONG, publish=False)
    roll = await publish(client, by, title=LONG, publish=False, rules={"eligibility": "roll"})
    tokens = await publish(client, by, title=HEBREW, publish=False, rules={"eligibility": "tokens"})
    addresses = {"addresses": [f"{LONG[:60].lower()}@example.org"]}
    await client.post(f"/v1/votebooth/polls/{roll['id']}/roll", json=addresses, headers=by)
    answer = await client.post(
        "/v1/votebooth/rooms", json={"title": HEBREW}, headers={**by, "idempotency-key": uuid4().hex}
    )
    room: str = answer.json()["room"]
    await client.put(f"/v1/votebooth/rooms/{room}/agenda", json={"polls": [poll["id"]]}, headers=by)
    await client.post(f"/v1/votebooth/rooms/{room}/next", json={"after": None}, headers=by)
    other = (await client.get("/v1/profiles/me", headers=await sign_up(client))).json()["account"]
    message = {"client_id": uuid4().hex, "text": f"{LONG} {HEBREW}"}
    sent = await client.post(f"/v1/messaging/people/{other}/messages", json=message, headers=by)
    talk: str = sent.json()["conversation"]
    return {"{talk}": talk, "{room}": room, "{draft}": draft["id"], "{roll}": roll["id"], "{tokens}": tokens["id"]}


async def faults_of(page: Page, path: str) -> list[str]:
    """Return what is wrong with a page that is open, in either theme."""
    if not AXE.exists():
        await run_web("packages")
    await page.evaluate(AXE.read_text("utf-8"))
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await page.wait_for_load_state("networkidle")
    found: list[str] = []
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme)
        found += [f"{path}, {theme}: {fault}" for fault in await page.evaluate(_FAULTS)]
    over: int = await page.evaluate(_OVERFLOW)
    return [*found, *([f"{path}: {over} px wider than the window"] if over > 0 else [])]


async def test_every_page_is_sound_and_fits_a_small_phone(
    browser: Browser, votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    assert ROUTES
    paths = await paths_of(client)
    size = {"width": 320, "height": 640}  # a window of 640 px at 200 %
    page, _ = await visit(browser, f"{votewave.url}/sign-up", viewport=size)
    faults: list[str] = []
    mine: dict[str, str] = {}
    for signed_in in (False, True):
        if signed_in:
            await page.goto(f"{votewave.url}/sign-up")
            mine = await things_of(client, await enter(page))
        # Whoever isn't signed in is shown the same page for each section of the settings.
        for path in [each for route in ROUTES for each in paths[route] if signed_in or "/settings?" not in each]:
            here = path
            for name, value in mine.items():
                here = here.replace(name, value)
            await page.goto(f"{votewave.url}{here}")
            faults += await faults_of(page, f"{path} ({'signed in' if signed_in else 'signed out'})")
    assert faults == []
    await page.evaluate(
        """document.documentElement.removeAttribute("lang");
        document.body.style.width = "400px";
        for (const it of document.querySelectorAll("h1, p")) it.style.cssText = "color: #777; background: #888";"""
    )
    seen = await faults_of(page, "a page that isn't sound")
    planted = ("html-has-lang", "color-contrast", "wider than the window")
    assert [sum(name in fault for fault in seen) for name in planted] == [2, 2, 1], "each is seen, in either theme"


async def test_the_first_page_loads_few_scripts(browser: Browser, votewave: VoteWave) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    loaded: list[str] = []
    page.on("response", lambda answer: loaded.append(answer.url) if answer.url.endswith(".js") else None)
    await page.goto(votewave.url)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.wait_for_load_state("networkidle")
    assert loaded
    sent = 0
    for url in loaded:
        file = SERVED / "assets" / url.rpartition("/")[2]
        packed = file.with_name(f"{file.name}.gz")
        sent += (packed if packed.is_file() else file).stat().st_size
    assert sent <= MOST_SCRIPT_BYTES


def test_what_the_client_is_made_of_may_be_used_by_anybody() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    said = {
        path: set(re.split(r"[() ]+(?:OR|AND)?[() ]*", it.get("license", "none"))) - {""}
        for path, it in lock["packages"].items()
        if path
    }
    assert {path: names for path, names in said.items() if not names & LICENCES} == {}
    shipped = {path for path, it in lock["packages"].items() if path and not it.get("dev")}
    assert {path for path in shipped if "MPL-2.0" in said[path]} <= {path for path in shipped if "lightningcss" in path}
