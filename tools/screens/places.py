"""What there is to be seen in a VoteWave with its demo; a room, a draft and a conversation are made for it."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

EMAIL = "demo@votewave.example"

SECTIONS = ("account", "sessions", "keys", "notifications", "feed", "messages", "data")


async def places(url: str, data_dir: Path) -> tuple[str, dict[str, str], dict[str, str]]:
    """Make what is missing.

    Args:
        url: Where VoteWave serves.
        data_dir: Its folder, where `demo.json` is.

    Returns:
        The password of the demo's person, the pages that anybody sees, and those that only they see; by name.
    """
    demo = json.loads((data_dir / "demo.json").read_bytes())
    account = {"email": EMAIL, "password": demo["password"]}
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        tokens = _ok(await client.post("/v1/auth/sessions", json=account))
        client.headers["authorization"] = f"Bearer {tokens['access_token']}"
        me = _ok(await client.get("/v1/profiles/me"))
        polls = {key: _ok(await client.get(f"/v1/polls/{poll}")) for key, poll in demo["polls"].items()}
        room = await _room(client, polls["lunch"]["id"])
        screen = _ok(await client.put(f"/v1/votebooth/rooms/{room['code']}/screens/{uuid4()}", json={}))
        draft = await _draft(client)
        talk = await _talk(client, me["account"])
    anybodys = {
        "landing": "/",
        "sign-up": "/sign-up",
        "forgot": "/forgot",
        "explore": "/explore",
        "search": "/explore?q=lunch",
        "join": "/join",
        "enter": f"/r/{room['code']}",
        "presenter": f"/r/{room['code']}/screen#token={screen['token']}",
        **{f"poll-{key.removesuffix('.csv')}": f"/p/{poll['code']}" for key, poll in polls.items()},
    }
    own = {
        "home": "/home",
        "new": "/new",
        "edit": f"/polls/{draft}/edit",
        "mine": "/polls/mine",
        "rooms": "/rooms",
        "host": f"/rooms/{room['room']}/host",
        "audience": f"/r/{room['code']}",
        "profile": f"/u/{me['handle']}",
        "people": "/people",
        "messages": "/messages",
        "talk": f"/messages/{talk}",
        "notifications": "/notifications",
        "receipts": "/receipts",
        "poll-own": f"/p/{polls['lunch']['code']}",
        **{f"settings-{section}": f"/settings?show={section}" for section in SECTIONS},
        "settings": "/settings",
        "moderation": "/moderation",
    }
    return demo["password"], anybodys, own


async def _room(client: httpx.AsyncClient, poll: str) -> Any:
    key = {"idempotency-key": uuid4().hex}
    room = _ok(await client.post("/v1/votebooth/rooms", json={"title": "Lunch on Friday"}, headers=key))
    agenda = f"/v1/votebooth/rooms/{room['room']}"
    _ok(await client.put(f"{agenda}/agenda", json={"polls": [poll]}))
    _ok(await client.post(f"{agenda}/next", json={"after": None}))
    return room


async def _draft(client: httpx.AsyncClient) -> str:
    body = {
        "title": "Who shall speak for us?",
        "method": {"type": "stv", "seats": 2},
        "options": [{"label": name} for name in ("Ada", "Bo", "Cy", "Dee")],
    }
    made = _ok(await client.post("/v1/polls", json=body, headers={"idempotency-key": uuid4().hex}))
    return str(made["id"])


async def _talk(client: httpx.AsyncClient, account: str) -> str:
    """Return the conversation that was written in last; without one, somebody who is followed is written to."""
    talks = _ok(await client.get("/v1/messaging/conversations"))["items"]
    if talks:
        return str(talks[0]["id"])
    [first, *_] = _ok(await client.get(f"/v1/follows/people/{account}/following"))["items"]
    body = {"client_id": uuid4().hex, "text": "Are you coming on Friday?"}
    sent = _ok(await client.post(f"/v1/messaging/people/{first['person']['id']}/messages", json=body))
    return str(sent["conversation"])


def _ok(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json() if answer.content else None
