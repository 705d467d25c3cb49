"""Tokens, rolls and the mails that invite, for the tests of who may vote."""

import re
from typing import Any

import httpx
from tests.conftest import VoteWave, eventually

from ..voting import Poll


async def issue(voted: Poll, count: int) -> list[str]:
    answer = await voted.client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": count})
    assert answer.status_code == 201, answer.text
    tokens: list[str] = answer.json()["tokens"]
    return tokens


async def invite(voted: Poll, *addresses: str, resend: bool = False) -> httpx.Response:
    body = {"addresses": list(addresses), "resend": resend}
    return await voted.client.post(f"{voted.path}/roll", headers=voted.owner, json=body)


async def roll(voted: Poll) -> dict[str, Any]:
    answer = await voted.client.get(f"{voted.path}/roll", headers=voted.owner)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sent(voted: Poll) -> dict[str, Any]:
    """Return the roll when no mail is waiting any more."""

    async def done() -> dict[str, Any] | None:
        found = await roll(voted)
        return None if found["progress"]["waiting"] else found

    found: dict[str, Any] = await eventually(done)
    return found


def mails(votewave: VoteWave, address: str, code: str) -> list[str]:
    """Return the tokens mailed to an address for a poll, the oldest first."""
    found = []
    for mail in votewave.mails(address):
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  (ours have one)
        if link := re.search(rf"https?://\S+/p/{code}#token=(\S+)", text):
            found.append(link[1])
    return found
