"""What tests of the web client share."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from tests.e2e.web import chromium, run_web


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, once the client is built."""
    await run_web("packages")  # all of them at once: npm would bring those of the build anew along with the checks'
    await run_web("build")
    async with chromium() as running:
        yield running
