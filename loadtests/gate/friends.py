"""The two accounts that get in touch under load: the polls' owner, and a friend."""

import asyncio
import time
from typing import Any
from uuid import uuid4

from loadtests.gate.api import Api
from loadtests.gate.errors import TargetError
from loadtests.gate.plan import Identity

_KNOWN_SECONDS = 20.0
_LOOKS_EVERY = 0.2


def friend_of(account: dict[str, str]) -> dict[str, str]:
    """Return the friend's address and password: those of an account, with `+friend` in the address."""
    name, _, domain = account["email"].rpartition("@")
    return {"email": f"{name}+friend@{domain}", "password": account["password"]}


async def account_of(api: Api, who: Identity) -> str:
    """Return somebody's account id."""
    return str((await api.call("GET", "/v1/auth/me", who=who))["id"])


async def befriend(api: Api, owner: Identity, friend: Identity) -> None:
    """Open the conversation of the two, so that no message waits to be accepted.

    New accounts are unknown to Follows and Messaging for a moment, until they have heard of them.

    Raises:
        TargetError: They can't be brought together.
    """
    deadline = time.monotonic() + _KNOWN_SECONDS
    account = await account_of(api, friend)
    while True:
        try:
            for method in ("PUT", "DELETE"):
                await api.send(method, f"/v1/follows/people/{account}", who=owner)
            opened = await _write(api, owner, f"people/{account}")
            break
        except TargetError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_LOOKS_EVERY)
    await _write(api, friend, f"conversations/{opened['conversation']}")


async def _write(api: Api, who: Identity, to: str) -> Any:
    message = {"client_id": str(uuid4()), "text": "Hello!"}
    return await api.call("POST", f"/v1/messaging/{to}/messages", who=who, body=message)
