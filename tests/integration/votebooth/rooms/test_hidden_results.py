"""Hidden results stay hidden in a room: the same hall, once with votes and once without, is told the same.

Whatever depended on ballots, a number, an entry more in the log, a message at another time of its own, would differ.
"""

import asyncio
import json
import re
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave, eventually
from websockets.asyncio.client import ClientConnection, connect

from ..booth_world import Headers, a_guest, a_poll, a_ticket, a_user, cast, live_url, results, stream_of, sums
from .conftest import Somebody, a_room, joined
from .test_replay import KINDS, everything

BALLOTS = 7
PULSES = {"room.reacted", "audience.counted", "hosts.away", "hosts.back"}
"""Entries that come by themselves, each at a time of its own."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_SECRET = {"code", "link", "trace", "now"}
_PLACES = {"seq", "prev"}


class Device:
    """Somebody's WebSocket, with all that came."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.said: list[dict[str, Any]] = []

    async def follow(self, stream: str, **more: Any) -> None:
        await self.connection.send(json.dumps({"type": "follow", "stream": stream, **more}))

    async def listen(self) -> None:
        async for text in self.connection:
            self.said.append(json.loads(text))

    def of(self, stream: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message.get("stream") == stream]

    def has(self, stream: str, word: str) -> bool:
        return word in json.dumps(self.of(stream))


class Hall:
    """A room with its two polls, and what everybody in it is told.

    Args:
        client: For requests.
        booth: Another instance.
        rules: Of the polls.
        ballots: How many are cast in each poll that may be.
        first: Whether they are cast in the first poll as well, which is closed on the way.
    """

    def __init__(
        self, client: httpx.AsyncClient, booth: VoteBooth, rules: dict[str, Any], ballots: int, *, first: bool
    ) -> None:
        self._client = client
        self._booth = booth
        self._rules = rules
        self._ballots = ballots
        self._first = first
        self._voted = 0

    async def told(self) -> dict[str, Any]:
        """Do everything, and return what each was told, but for names and times."""
        client, owner = self._client, await a_user(self._client)
        host = await a_room(client, owner)
        rules = {"strength": "guest", **self._rules}
        polls = [await a_poll(client, owner, rules=rules) for _ in range(2)]
        fence = await a_poll(client, owner, rules={"strength": "guest"})
        hall = [await joined(host, name) for name in ("Bo", "Di")]
        voters = [*(each.headers for each in hall), *[await a_guest(client) for _ in range(BALLOTS - len(hall))]]
        room = (await host.sees())["room"]
        token = (await host.do("PUT", f"/screens/{uuid4()}", {"label": "Hall"}))["token"]
        screen = Somebody(client, {"Room-Token": token}, host.ref)
        streams = [stream_of(poll) for poll in polls]

        async def vote() -> None:
            for poll in polls if self._first and self._voted < self._ballots else polls[1:]:
                for voter in voters[: self._ballots]:
                    answer = await client.put(
                        f"/v1/votebooth/polls/{poll}/ballot", json={"picks": [1 + self._voted % 3]}, headers=voter
                    )
                    assert answer.is_success or answer.json()["type"].endswith(("/not-open", "/closed")), answer.text
            self._voted += self._ballots

        async with AsyncExitStack() as stack:

            async def device(who: Headers | None, *, in_room: bool, **more: Any) -> Device:
                ticket = await a_ticket(client, who) if who else None
                opened = Device(await stack.enter_async_context(connect(live_url(client, ticket))))
                listening = asyncio.create_task(opened.listen())
                stack.callback(listening.cancel)
                for stream in (*streams, stream_of(fence)):
                    await opened.follow(stream)
                if in_room:
                    await opened.follow(f"room:{room}", **more)
                return opened

            devices = {
                "host": await device(host.headers, in_room=True),
                "audience": await device(hall[0].headers, in_room=True),
                "screen": await device(None, in_room=True, token=token),
                "stranger": await device(await a_guest(client), in_room=False),
            }

            async def all_begun() -> bool:
                wanted = [len(streams) + 1 + (name != "stranger") for name in devices]
                return [len({each["stream"] for each in one.said}) for one in devices.values()] == wanted

            await eventually(all_begun, 20)
            await everything(host, self._booth, polls, vote)
            await cast(client, fence, voters[0], {"picks": [1]})

            async def all_told() -> bool:
                ended = all(
                    one.has(f"room:{room}", '"room.ended"') for name, one in devices.items() if name != "stranger"
                )
                return ended and all(one.has(stream_of(fence), '"ballots": 1') for one in devices.values())

            await eventually(all_told, 20)
        return self._told_live(devices, f"room:{room}", streams) | await self._looked(host, hall[0], screen, polls)

    def _told_live(self, devices: dict[str, Device], room: str, streams: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, one in devices.items():
            found[name] = _room(one.of(room), {})
            # The owner sees theirs where the rule is `owner`; that isn't hidden.
            if name != "host" or self._rules.get("results") != "owner":
                found[f"{name}, polls"] = _plain([one.of(stream) for stream in streams], {})
        return found

    async def _looked(self, host: Somebody, bo: Somebody, screen: Somebody, polls: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, person in (("host", host), ("audience", bo), ("screen", screen)):
            found[f"{name}, looking"] = _plain(await person.sees(), {})
            changes = await person.do("GET", "/changes?after=0")
            found[f"{name}, catching up"] = _room([{"events": changes["changes"]}], {})
        for name, who in (("audience", bo.headers), ("screen", screen.headers), ("stranger", {})):
            hidden = polls if self._first else polls[1:]
            answers = [await results(self._client, poll, who) for poll in hidden]
            found[f"{name}, results"] = [(answer.status_code, _plain(answer.json(), {})) for answer in answers]
        return found


def _room(messages: list[dict[str, Any]], names: dict[str, str]) -> dict[str, Any]:
    """Return what was told of a room: its state at first, what was done in it, and what came by itself."""
    events = [event for message in messages for event in message.get("events", ())]
    kinds = {event["part"]["type"] for event in events}
    return {
        "state": _plain([message["state"] for message in messages if "state" in message], names),
        "done": _plain([each for each in events if each["act"] not in PULSES], names),
        "by itself": sorted(json.dumps(_plain(each, names)) for each in events if each["act"] in PULSES),
        "kinds": sorted(kinds),
    }


def _plain(value: Any, names: dict[str, str]) -> Any:
    """Return something with ids named in their order, without times and what is made up for each room."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in _SECRET | _PLACES}
        return {_plain(key, names): _plain(each, names) for key, each in kept.items()}
    if isinstance(value, list):
        return [_plain(each, names) for each in value]
    if isinstance(value, str):
        return _ID.sub(lambda found: names.setdefault(found[0], f"id-{len(names)}"), _TIME.sub("then", value))
    return value


@pytest.mark.parametrize(
    ("rules", "first"),
    [
        ({"results": "owner"}, True),
        ({"results": "always", "minimum": 100}, True),
        ({"results": "after_close"}, False),  # the first is closed on the way, and then shown to all
    ],
    ids=["owner", "minimum", "after_close"],
)
async def test_nobody_in_a_room_learns_of_votes_whose_results_are_hidden(
    votewave: VoteWave, client: httpx.AsyncClient, booth: VoteBooth, rules: dict[str, Any], first: bool
) -> None:
    without = await Hall(client, booth, rules, 0, first=first).told()
    with_votes = await Hall(client, booth, rules, BALLOTS, first=first).told()
    assert list(with_votes) == list(without)
    for name, told in with_votes.items():
        assert told == without[name], name
    assert set(with_votes["host"]["kinds"]) | {"settings", "hosts"} >= KINDS - {"same"}


async def test_the_walk_sees_votes_where_results_are_shown(client: httpx.AsyncClient, booth: VoteBooth) -> None:
    rules = {"results": "always"}
    without = await Hall(client, booth, rules, 0, first=True).told()
    with_votes = await Hall(client, booth, rules, BALLOTS, first=True).told()
    for name in ("host", "audience", "screen", "stranger"):
        assert with_votes[f"{name}, polls"] != without[f"{name}, polls"]
    status, body = with_votes["audience, results"][1]
    assert (status, body["ballots"], sum(sums(body))) == (200, BALLOTS, BALLOTS)
