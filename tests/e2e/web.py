"""What tests of the web client share: its build, a Chromium, and people who vote."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Browser, Error, Page, async_playwright, expect
from tests.conftest import ROOT, eventually

import needs

# What is waited for may take longer than Playwright's 5 s where other tests share the machine's processors.
expect.set_options(timeout=20_000)

_COMPLAINTS = {"error", "warning"}
_BLOCKED = "Service Worker registration blocked by Playwright"
_AWAY = ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET")


async def run_web(*arguments: str) -> str:
    """Run `./just web`'s program to its good end; return what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.web", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = (await process.communicate())[0].decode()
    if process.returncode and any(word in said for word in _AWAY):
        needs.unreachable("npm's packages", "npm can't reach them")
    assert process.returncode == 0, said[-4000:]
    return said


@asynccontextmanager
async def chromium(name: str = "chromium-headless-shell") -> AsyncIterator[Browser]:
    """Start Debian's Chromium: the one without windows where it is here, which takes half the processor."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=needs.path_of(name),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        try:
            yield browser
        finally:
            await browser.close()


async def visit(browser: Browser, url: str, **options: Any) -> tuple[Page, list[str]]:
    """Open a page as somebody new; return it, and what it will have complained of.

    It has no service worker unless `service_workers="allow"`: requests that one sends pass by what a test intercepts.
    """
    context = await browser.new_context(**{"service_workers": "block", **options})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda it: complaints.append(it.text) if it.type in _COMPLAINTS and it.text != _BLOCKED else None
    )
    await page.goto(url)
    return page, complaints


async def becomes(page: Page, expression: str) -> None:
    """Wait until an expression, or what its function returns, is true in a page or in the one that takes its place.

    Playwright's own `wait_for_function` has the page evaluate it from the second time on, which our policy forbids.
    """

    async def is_true() -> bool:
        try:
            return bool(await page.evaluate(expression))
        except Error as error:
            if "context was destroyed" not in str(error):
                raise
            return False  # another page is on its way

    await eventually(is_true, 30)


async def enter(page: Page) -> dict[str, str]:
    """Sign somebody new up on the page for it; return their headers for the API."""
    # Who comes from signing in is still shown its form for a moment, whose fields have the same names.
    await expect(page.get_by_role("button", name="Sign up")).to_be_visible()
    await page.get_by_label("E-mail address").fill(f"{uuid4().hex}@example.org")
    await page.get_by_label("Password").fill("a boat, a lamp and 3 keys")
    async with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok) as answered:
        await page.get_by_role("button", name="Sign up").press("Enter")
    token = (await (await answered.value).json())["access_token"]
    return {"authorization": f"Bearer {token}"}


async def sign_up(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the headers of somebody new."""
    person = {"email": f"{uuid4().hex}@example.org", "password": "a boat, a lamp and 3 keys"}
    token = (await client.post("/v1/auth/accounts", json=person)).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


async def publish(client: httpx.AsyncClient, by: dict[str, str] | None = None, **poll: Any) -> dict[str, Any]:
    """Have somebody, or somebody new, publish a poll that anybody may vote in."""
    asked = {
        "title": "Where shall we have lunch?",
        "method": {"type": "approval"},
        "options": [{"label": "Trattoria"}, {"label": "Noodle bar"}, {"label": "Falafel"}],
        "rules": {"eligibility": "anyone"},
        "publish": True,
    }
    answer = await client.post("/v1/polls", json=asked | poll, headers=by or await sign_up(client))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def in_feed(client: httpx.AsyncClient, by: dict[str, str], count: int) -> None:
    """Wait until somebody's home feed has so many entries."""

    async def there() -> bool:
        return len((await client.get("/v1/feed/home", headers=by)).json()["items"]) == count

    await eventually(there)
