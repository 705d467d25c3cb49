"""What tests of the web client share."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from tests.e2e.web import chromium, run_web


@pytest.fixture(scope="session")
async def built_client() -> None:
    """The client as the sources are."""
    await run_web("packages")  # all of them at once: npm would bring those of the build anew along with the checks'
    await run_web("build")


@pytest.fixture(scope="session")
async def running_browser(built_client: None) -> AsyncIterator[Browser]:
    """Debian's Chromium, once the client is built."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def browser(running_browser: Browser) -> AsyncIterator[Browser]:
    """The browser; what a test leaves open in it is closed, for pages go on drawing and asking."""
    yield running_browser
    for context in running_browser.contexts:
        await context.close()
