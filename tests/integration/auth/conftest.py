"""People for the tests of Auth: each call makes a new one, so that tests don't meet."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from services.auth.settings import AuthSettings
from services.core.kit import Kit, Shared
from services.core.settings import CoreSettings

PASSWORD = "a boat, a lamp and 3 keys"

Person = dict[str, Any]
NewPerson = Callable[[], Awaitable[Person]]


def bearer(tokens: Any) -> dict[str, str]:
    """Return the header for tokens as Auth answers them, or for a token."""
    return {"authorization": f"Bearer {tokens if isinstance(tokens, str) else tokens['access_token']}"}


async def opened(client: httpx.AsyncClient, **more: Any) -> Person:
    """Sign somebody up."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD, **more}
    answer = await client.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    person: Person = answer.json()
    return person


async def a_guest(client: httpx.AsyncClient) -> Person:
    """Let a guest in."""
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    guest: Person = answer.json()
    return guest


async def signed_in(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> Person:
    """Sign somebody in once more."""
    answer = await client.post("/v1/auth/sessions", json={"email": person["account"]["email"], "password": password})
    assert answer.status_code == 201, answer.text
    again: Person = answer.json()
    return again


async def refreshed(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Use a refresh token."""
    return await client.post("/v1/auth/sessions/refresh", json={"refresh_token": token})


async def status(client: httpx.AsyncClient, tokens: Any) -> int:
    """Return what a protected endpoint says to tokens."""
    return (await client.get("/v1/auth/me", headers=bearer(tokens))).status_code


def kit_of(running: Any) -> Kit[AuthSettings]:
    """Return Auth's own view of a running VoteWave, as an operator's command has it."""
    settings = CoreSettings(
        database_url=running.admin_dsn.replace("postgres@", ""),
        redis_url=running.redis_url,
        secrets=f"file://{running.data_dir}/secrets.json",
        peers=f"static:{running.url}",
    )
    return Kit("auth", AuthSettings(), Shared(settings))


@pytest.fixture
async def kit(votewave: Any) -> AsyncIterator[Kit[AuthSettings]]:
    opened_kit = kit_of(votewave)
    yield opened_kit
    await opened_kit.db.close()
    await opened_kit.shared.close()


@pytest.fixture(scope="module")
def strict(votewave: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A VoteWave of the module's own, with limits that a test reaches."""
    running = type(votewave)(
        tmp_path_factory.mktemp("strict") / "data",
        VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS="12",
        VOTEWAVE_AUTH_GUESTS_PER_ADDRESS="30",
        VOTEWAVE_AUTH_KEYS_PER_ACCOUNT="2",
    )
    running.start()
    yield running
    running.stop()
