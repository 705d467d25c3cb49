"""Rooms, hosts and audiences for the tests; each call makes new ones, so that tests don't meet."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from services.core.kit import Kit, Shared
from services.votebooth.rooms.state import AskedQuestion, RoomHead, RoomPart, replay
from services.votebooth.service import VoteBooth
from services.votebooth.settings import VoteBoothSettings
from tests.conftest import VoteWave, eventually
from tests.integration.inside import settings_beside

from ..booth_world import Headers, a_guest, a_user

ROOMS = "/v1/votebooth/rooms"


class Somebody:
    """Somebody who knows of a room."""

    def __init__(self, client: httpx.AsyncClient, headers: Headers, ref: str) -> None:
        self.client = client
        self.headers = headers
        self.ref = ref

    async def ask(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        more = {} if body is None else {"json": body}
        return await self.client.request(method, f"{ROOMS}/{self.ref}{path}", headers=self.headers, **more)

    async def do(self, method: str, path: str = "", body: Any = None) -> Any:
        """Do something that works; return what is said."""
        answer = await self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def sees(self) -> dict[str, Any]:
        seen: dict[str, Any] = await self.do("GET")
        return seen

    async def question(self, text: str, **more: Any) -> str:
        """Ask a question; return its id."""
        question = str(uuid4())
        await self.do("PUT", f"/questions/{question}", {"text": text, **more})
        return question

    async def account(self) -> str:
        return str((await self.client.get("/v1/auth/me", headers=self.headers)).json()["id"])


async def a_room(client: httpx.AsyncClient, owner: Headers | None = None, **more: Any) -> Somebody:
    """Open a room; return its owner."""
    owner = owner or await a_user(client)
    answer = await client.post(ROOMS, json={"title": "All hands", **more}, headers=owner)
    assert answer.status_code == 201, answer.text
    return Somebody(client, owner, answer.json()["code"])


async def joined(host: Somebody, name: str = "Bo", headers: Headers | None = None) -> Somebody:
    """Have somebody come in, a guest unless it is said who."""
    person = Somebody(host.client, headers or await a_guest(host.client), host.ref)
    await person.do("PUT", "/me", {"name": name})
    return person


async def a_co_host(host: Somebody) -> Somebody:
    """Name another host, once their new account is heard of."""
    other = Somebody(host.client, await a_user(host.client), host.ref)
    account = await other.account()

    async def is_named() -> bool:
        return (await host.ask("PUT", f"/hosts/{account}")).is_success

    await eventually(is_named, 20)
    return other


async def replayed(votewave: VoteWave, room: str) -> tuple[RoomHead, dict[UUID, AskedQuestion]]:
    """Return what a room's whole log makes of it."""
    rows = await votewave.sql("SELECT seq, part FROM votebooth.room_log WHERE room_id = $1 ORDER BY seq", UUID(room))
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    parts: list[RoomPart] = [msgspec.json.decode(row["part"], type=RoomPart) for row in rows]
    return replay(parts)


def folded(snapshot: dict[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Do what a client does: put the changes in the place of what it has."""
    room = json.loads(json.dumps(snapshot))
    questions = {each["id"]: each for each in room["questions"]}
    for change in changes:
        part = change["part"]
        match part["type"]:
            case "same":
                pass
            case "question":
                questions[part["id"]] = part
            case "question_gone":
                questions.pop(part["id"], None)
            case "votes":
                questions[part["question"]]["votes"] = part["votes"]
            case kind:
                room[kind] = part
    ordered = sorted(questions.values(), key=lambda q: (not q["pinned"], -q["votes"], q["asked_at"], q["id"]))
    return {**room, "questions": ordered}


@pytest.fixture
async def booth(votewave: VoteWave) -> AsyncIterator[VoteBooth]:
    """The use cases of VoteBooth, on the running VoteWave's servers."""
    use_cases = VoteBooth(Kit("votebooth", VoteBoothSettings(), Shared(settings_beside(votewave))))
    yield use_cases
    await use_cases.kit.db.close()
    await use_cases.kit.shared.close()


@pytest.fixture(autouse=True)
async def _doors_begin_anew(votewave: VoteWave) -> None:
    """Forget the tries that others' tests made from this address."""
    async with Redis.from_url(votewave.redis_url) as redis:
        async for key in redis.scan_iter("votewave:limit:room-*"):
            await redis.delete(key)


async def at_once(*calls: Any) -> list[Any]:
    return list(await asyncio.gather(*calls))
