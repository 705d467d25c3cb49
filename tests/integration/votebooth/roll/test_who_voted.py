"""Nothing that an owner can do or read differs between who has voted and who hasn't, where that may not be known."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..booth_world import heard, socket
from ..voting import Poll, guests, poll, user
from .invitations import invite, mails, roll, sent

VOTERS = 12
MINIMUM = 8
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CODE = re.compile(r"/p/[A-Z0-9]+")
_OWN = {"trace", "code", "position", "next", "handle"}
"""What is another for each poll, owner or answer."""


def on_roll(voted: Poll) -> list[str]:
    """Return addresses for a poll, in their order; every other one will vote."""
    return [f"v{number:02}-{voted.id}@example.org" for number in range(VOTERS)]


def plain(said: Any) -> Any:
    """Return an answer without what differs between any two polls: ids, times, codes."""
    if isinstance(said, dict):
        return {name: "…" if name in _OWN and value else plain(value) for name, value in said.items()}
    if isinstance(said, list):
        return [plain(each) for each in said]
    return _CODE.sub("code", _ID.sub("id", _TIME.sub("time", said))) if isinstance(said, str) else said


async def asked(voted: Poll, method: str, path: str, body: Any = None) -> Any:
    """Do an act of the owner's; return what was answered."""
    answer = await voted.client.request(method, path, headers=voted.owner, json=body)
    kind = answer.headers.get("content-type", "")
    said = answer.json() if "json" in kind else answer.text
    return method, path.replace(voted.id, "id"), answer.status_code, plain(said)


async def settled(voted: Poll) -> Any:
    """Return the roll when no mail is waiting any more."""
    return plain(await sent(voted))


async def acts(voted: Poll) -> list[Any]:
    """Do all that an owner can, in the same order for every poll, and return the answers."""
    booth, definition, addresses = voted.path, f"/v1/polls/{voted.id}", on_roll(voted)
    said: list[Any] = []

    async def ask(method: str, path: str, body: Any = None) -> None:
        said.append(await asked(voted, method, path, body))

    async def look() -> None:
        for path in ("results", "receipts", "export", "export?format=json", "log", "ballot", "roll?limit=5", "roll"):
            await ask("GET", f"{booth}/{path}")
        for path in ("", "/log"):
            await ask("GET", f"{definition}{path}")
        async with socket(voted.client, voted.id, voted.owner) as connection:
            said.append(plain(await heard(connection)))

    await look()
    for some, resend in (
        (addresses[:1], True),  # who has voted, where anybody has
        (addresses[1:2], True),  # and who hasn't
        (addresses, False),
        ([f"late-{voted.id}@example.org"], False),
        (addresses, True),
    ):
        await ask("POST", f"{booth}/roll", {"addresses": some, "resend": resend})
        said.append(await settled(voted))
    await ask("POST", f"{booth}/tokens", {"count": 1})
    await ask("DELETE", f"{booth}/ballot")
    for change in ({"title": "Where?"}, {"options": [{"label": "Yes"}]}, {"rules": {"anonymous": False}}):
        await ask("PATCH", definition, change)
    for act in ("publish", "archive", "unarchive", "duplicate", "close", "archive", "unarchive"):
        await ask("POST", f"{definition}/{act}")
    await look()
    await ask("POST", f"{booth}/roll", {"addresses": addresses, "resend": True})
    said.append(await settled(voted))
    await ask("DELETE", definition)
    await ask("GET", f"{booth}/roll")
    return said


@pytest.mark.parametrize("rules", [{"anonymous": True}, {"anonymous": False}])
async def test_every_act_of_an_owner_is_answered_alike_whoever_has_voted(
    client: httpx.AsyncClient, votewave: VoteWave, rules: dict[str, bool]
) -> None:
    rules = {"eligibility": "roll", "minimum": MINIMUM, "results": "always", **rules}
    twins = [await poll(client, owner=await user(client), rules=rules) for _ in range(2)]
    for each in twins:
        assert (await invite(each, *on_roll(each))).status_code == 202
        await sent(each)
    nobody, some = twins
    for voter, address in zip(await guests(client, VOTERS // 2), on_roll(some)[::2], strict=True):
        (token,) = mails(votewave, address, some.code)
        assert (await some.put(voter, {"picks": [1]}, token=token)).status_code == 201
    said = zip(*await asyncio.gather(acts(nobody), acts(some)), strict=True)
    assert [(before, after) for before, after in said if before != after] == []
    mailed = [[len(mails(votewave, address, each.code)) for address in on_roll(each)] for each in twins]
    assert mailed[0] == mailed[1]


async def test_when_a_mail_was_sent_again_doesnt_tell_who_has_voted(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "roll", "anonymous": True})
    addresses = on_roll(voted)[:10]
    await invite(voted, *addresses)
    await sent(voted)
    for voter, address in zip(await guests(client, 5), addresses[::2], strict=True):
        (token,) = mails(votewave, address, voted.code)
        assert (await voted.put(voter, {"picks": [1]}, token=token)).status_code == 201
    apart = 0
    for _ in range(4):
        await asyncio.sleep(0.01)
        await invite(voted, *addresses, resend=True)
        times = {item["address"]: item["sent_at"] for item in (await sent(voted))["items"]}
        first = sorted(times, key=times.__getitem__)[:5]
        apart += sorted(first) in (addresses[::2], addresses[1::2])
    assert apart < 3  # by chance it is once in 126 times


async def test_a_mail_that_fails_doesnt_tell_who_has_voted(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "roll", "anonymous": True})
    addresses = on_roll(voted)[:2]
    await invite(voted, *addresses)
    await sent(voted)
    (token,) = mails(votewave, addresses[0], voted.code)
    (voter,) = await guests(client, 1)
    assert (await voted.put(voter, {"picks": [1]}, token=token)).status_code == 201
    folder = votewave.data_dir / "mail"
    aside = folder.rename(folder.with_name("mail-aside"))
    try:
        folder.write_text("no mail can be kept here")
        await invite(voted, *addresses, resend=True)

        async def put_off() -> bool:
            query = "SELECT bool_and(tries > 0 AND due_at > now()) FROM votebooth.roll WHERE poll_id = $1::text::uuid"
            return bool((await votewave.sql(query, voted.id))[0][0])

        await eventually(put_off)
        await asyncio.sleep(0.5)
        assert [item["state"] for item in (await roll(voted))["items"]] == ["waiting", "waiting"]
    finally:
        folder.unlink(missing_ok=True)
        aside.rename(folder)


async def test_a_named_poll_with_a_minimum_tells_who_took_part_when_it_is_over(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "roll", "minimum": 2})
    addresses = on_roll(voted)[:3]
    await invite(voted, *addresses)
    await sent(voted)
    for voter, address in zip(await guests(client, 2), addresses[:2], strict=True):
        (token,) = mails(votewave, address, voted.code)
        assert (await voted.put(voter, {"picks": [1]}, token=token)).status_code == 201
    assert [item["took_part"] for item in (await roll(voted))["items"]] == [None] * 3
    await voted.close()
    assert [item["took_part"] for item in (await roll(voted))["items"]] == [True, True, False]
