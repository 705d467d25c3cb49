"""The people of `votewave up --demo`: a place where somebody is, and the same one after a run that was cut short."""

import io
from functools import partial
from typing import Any

import aiohttp
import httpx
from services.demo import people
from services.demo.api import Api
from tests.conftest import VoteWave, eventually
from tests.integration.votebooth.booth_world import a_poll


async def test_they_follow_one_another_and_talk_and_say_nothing_twice(
    votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    out = io.StringIO()
    async with aiohttp.ClientSession() as session:
        owner = Api(session, votewave.url)
        await owner.become("/v1/auth/accounts", {"email": "demo@votewave.example", "password": "a boat and 3 keys"})
        poll = await a_poll(client, {"authorization": f"Bearer {owner.token}"})
        for _ in range(2):
            await people.meet(owner, partial(Api, session, votewave.url), "a boat and 3 keys", poll, out)
    assert out.getvalue().count("6 people") == 2
    headers = {"authorization": f"Bearer {owner.token}"}
    said = [text for person in people._PEOPLE for text in person.waves]

    async def all_at_home() -> bool:
        home: list[dict[str, Any]] = (await client.get("/v1/feed/home?limit=100", headers=headers)).json()["items"]
        return sorted(entry["text"] for entry in home if entry["kind"] == "wave") == sorted(said)

    await eventually(all_at_home, 20)
    path = f"/v1/comments/threads/{poll}"
    assert (await client.get(path)).json()["comments"] == len(people._COMMENTS)
