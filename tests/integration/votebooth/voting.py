"""Owners, voters and polls for the tests of the vote path."""

import asyncio
import base64
import secrets
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "a boat, a lamp and 3 keys"


async def user(client: httpx.AsyncClient) -> dict[str, str]:
    """Sign somebody up; return the header that says who it is."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await client.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def guest(client: httpx.AsyncClient) -> dict[str, str]:
    """Let a guest in; return the header that says who it is."""
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def guests(client: httpx.AsyncClient, count: int) -> list[dict[str, str]]:
    """Let guests in, eight at a time."""
    found: list[dict[str, str]] = []
    while len(found) < count:
        found += await asyncio.gather(*(guest(client) for _ in range(min(8, count - len(found)))))
    return found


def subject_id(headers: dict[str, str]) -> bytes:
    """Return the id inside a bearer token."""
    payload = headers["Authorization"].split(".")[1]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    import json
    from uuid import UUID

    return UUID(json.loads(claims)["sub"]).bytes


class Poll:
    """A published poll."""

    def __init__(self, client: httpx.AsyncClient, owner: dict[str, str], said: dict[str, Any]) -> None:
        self.client = client
        self.owner = owner
        self.id: str = said["id"]
        self.path = f"/v1/votebooth/polls/{self.id}"

    async def put(self, voter: dict[str, str], body: Any, **headers: str) -> httpx.Response:
        """Cast or change a ballot; `secret=` and `token=` become headers."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        named = {"content-type": "application/json"} if isinstance(body, bytes) else {}
        return await self.client.put(
            f"{self.path}/ballot", headers={**voter, **named, **_named(headers)}, **content
        )

    async def mine(self, voter: dict[str, str], **headers: str) -> httpx.Response:
        return await self.client.get(f"{self.path}/ballot", headers={**voter, **_named(headers)})

    async def withdraw(self, voter: dict[str, str], **headers: str) -> httpx.Response:
        return await self.client.delete(f"{self.path}/ballot", headers={**voter, **_named(headers)})

    async def receipts(self) -> list[str]:
        """Return the whole public list."""
        found: list[str] = []
        cursor = ""
        while True:
            query = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
            answer = await self.client.get(f"{self.path}/receipts", params=query)
            assert answer.status_code == 200, answer.text
            found += [item["receipt"] for item in answer.json()["items"]]
            cursor = answer.json()["next"]
            if not cursor:
                return found

    async def close(self) -> None:
        """Close it by hand, and wait until the booth knows."""
        answer = await self.client.post(f"/v1/polls/{self.id}/close", headers=self.owner)
        assert answer.status_code in {200, 202, 204}, answer.text


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {f"Ballot-{name.capitalize()}": value for name, value in headers.items()}


async def poll(client: httpx.AsyncClient, method: str = "single", options: int = 3, **values: Any) -> Poll:
    """Publish a poll of a new owner; anyone may vote in it unless `rules` say otherwise."""
    owner = values.pop("owner", None) or await user(client)
    body = {
        "title": "Lunch?",
        "method": method,
        "options": [{"label": f"Option {number}"} for number in range(1, options + 1)],
        "rules": {"eligibility": "anyone", **values.pop("rules", {})},
        "publish": True,
        **values,
    }
    answer = await client.post("/v1/polls", headers=owner, json=body)
    assert answer.status_code == 201, answer.text
    return Poll(client, owner, answer.json())


def secret() -> str:
    """Return a voter's own secret."""
    return secrets.token_urlsafe(16)
