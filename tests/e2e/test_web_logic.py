"""The web client's own tests, which need no browser and no server: `./just web test`."""

import pytest
from tests.e2e.web import run_web

pytestmark = [pytest.mark.slow, pytest.mark.needs("node")]


async def test_the_clients_logic_holds() -> None:
    assert "Tests" in await run_web("test")
