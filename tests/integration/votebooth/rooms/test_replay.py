"""A room is what its log says, for whoever looks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from services.votebooth.rooms.state import RoomPart
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave, eventually

from ..booth_world import a_poll, a_user
from .conftest import Somebody, a_co_host, a_room, at_once, folded, joined, replayed

KINDS = {kind.__struct_config__.tag for kind in RoomPart.__args__}


async def everything(
    host: Somebody,
    booth: VoteBooth,
    polls: Sequence[str] = (),
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Do all that can be done in a room, some of it twice.

    Args:
        host: Its owner.
        booth: Another instance, whose pulse beats here.
        polls: The two that are put on stage, of which the first is closed; new ones without.
        meanwhile: What else is done now and then.
    """
    client = host.client
    polls = polls or [await a_poll(client, host.headers) for _ in range(2)]

    async def pause() -> None:
        if meanwhile is not None:
            await meanwhile()

    co_host, bo = await a_co_host(host), await joined(host)
    await host.do("PUT", "/agenda", {"polls": polls})
    await co_host.do("POST", "/next", {"after": None})
    for shown in (True, False):
        await host.do("PUT", "/results", {"shown": shown})
        await pause()
    await co_host.do("POST", "/close")
    await host.do("PUT", "/stage", {"poll": polls[1]})
    await host.do("PUT", "/results", {"shown": True})
    await pause()
    for seconds in (60, 0, 90):
        await host.do("PUT", "/timer", {"seconds": seconds})
    first, second, third = [await bo.question(f"Why {number}?", anonymous=number == 1) for number in range(3)]
    await host.do("PUT", f"/questions/{second}/vote")
    await bo.do("PUT", f"/questions/{second}/vote")
    await bo.do("DELETE", f"/questions/{second}/vote")
    await host.do("PATCH", f"/questions/{first}", {"shown": False})
    await host.do("PATCH", "", {"moderated": True, "title": "All of us"})
    await bo.question("And now?")
    await host.do("PATCH", f"/questions/{second}", {"answered": True, "pinned": True})
    await bo.do("DELETE", f"/questions/{third}")
    await bo.do("POST", "/reactions", {"emoji": "party"})
    await pause()
    for _ in range(6):
        await joined(host)

    async def pulsed() -> bool:
        booth.rooms.pulse._counted_at = float("-inf")
        await booth.rooms.pulse.beat(booth.hub)
        seen = await host.sees()
        return bool(seen["reactions"]["counts"]) and seen["audience"]["about"] == 5

    await eventually(pulsed, seconds=15)
    await host.do("DELETE", f"/hosts/{await co_host.account()}")
    await host.do("POST", "/end")


async def test_every_kind_of_entry_replays_to_what_is_stored_and_seen(
    client: httpx.AsyncClient, votewave: VoteWave, booth: VoteBooth
) -> None:
    host = await a_room(client)
    bo = await joined(host, "Bo")
    screen_token = (await host.do("PUT", f"/screens/{uuid4()}", {"label": "hall"}))["token"]
    screen = Somebody(client, {"Room-Token": screen_token}, host.ref)
    before = {who: await who.sees() for who in (host, bo, screen)}
    await everything(host, booth)

    room = before[host]["room"]
    head, questions = await replayed(votewave, room)
    [stored] = await votewave.sql("SELECT seq, head FROM votebooth.rooms WHERE id = $1::uuid", room)
    assert msgspec.json.decode(stored["head"], type=type(head)) == head
    rows = await votewave.sql(
        "SELECT DISTINCT part ->> 'type' AS kind FROM votebooth.room_log WHERE room_id = $1::uuid", room
    )
    assert {row["kind"] for row in rows} >= KINDS
    hosts_view = await host.sees()
    assert msgspec.convert(hosts_view["questions"], list[Any]) == msgspec.to_builtins(
        sorted(questions.values(), key=lambda q: (not q.pinned, -q.votes, q.asked_at, q.id))
    )
    for who, snapshot in before.items():
        told = await who.do("GET", f"/changes?after={snapshot['seq']}")
        fresh = await who.sees()
        assert told["seq"] == fresh["seq"] == stored["seq"]
        assert told["snapshot"] is None
        seen = folded(snapshot, told["changes"])
        ignored = {"now", "seq", "mine"}
        assert {k: v for k, v in seen.items() if k not in ignored} == {
            k: v for k, v in fresh.items() if k not in ignored
        }


async def test_whoever_was_away_for_long_gets_the_room_anew(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    host = await a_room(client)
    seen = await host.sees()
    await votewave.sql(
        "INSERT INTO votebooth.room_log SELECT room_id, n, at, actor, act, part FROM votebooth.room_log, "
        "generate_series(3, 302) AS n WHERE room_id = $1::uuid AND seq = 1",
        seen["room"],
    )
    await votewave.sql("UPDATE votebooth.rooms SET seq = 302 WHERE id = $1::uuid", seen["room"])
    told = await host.do("GET", "/changes?after=2")
    assert (len(told["changes"]), told["changes"][-1]["seq"], told["snapshot"]) == (300, 302, None)
    for position in (1, 303):
        anew = await host.do("GET", f"/changes?after={position}")
        assert (anew["changes"], anew["snapshot"]["seq"]) == ([], 302)
    assert (await host.do("GET", "/changes?after=302"))["changes"] == []


@pytest.mark.parametrize("path", ["/next", "/end"])
async def test_two_hosts_at_once_do_it_once(client: httpx.AsyncClient, path: str) -> None:
    owner = await a_user(client)
    host = await a_room(client, owner)
    other = await a_co_host(host)
    polls = [await a_poll(client, owner) for _ in range(2)]
    await host.do("PUT", "/agenda", {"polls": polls})
    before = (await host.sees())["seq"]
    body = {"after": None} if path == "/next" else None
    answers = await at_once(*(who.ask("POST", path, body) for who in (host, other)))
    assert sorted(answer.status_code for answer in answers) == ([200, 409] if path == "/next" else [200, 200])
    assert (await host.sees())["seq"] == before + 1
