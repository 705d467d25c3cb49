"""Hosts whose connection is lost: the hall is told, and goes on."""

import asyncio
from uuid import UUID, uuid4

import httpx
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave, eventually

from ..booth_world import a_poll, a_user, cast
from .conftest import a_co_host, a_room, joined, replayed
from .test_room_live import Follower, following


def away(follower: Follower) -> bool:
    return follower.room["audience"]["hosts_away_since"] is not None


async def told(*followers: Follower, is_away: bool) -> None:
    async def so() -> bool:
        return all(follower.room and away(follower) is is_away for follower in followers)

    await eventually(so, 15)


async def their_time_is_over(votewave: VoteWave, room: str) -> None:
    """Let the hosts' leases of a room end now."""
    await votewave.sql(
        "UPDATE votebooth.room_leases SET until = now() - interval '1 second' WHERE room_id = $1 AND host", UUID(room)
    )


async def leased(votewave: VoteWave, room: str) -> int:
    rows = await votewave.sql("SELECT 1 FROM votebooth.room_leases WHERE room_id = $1 AND host", UUID(room))
    return len(rows)


async def told_of_hosts(votewave: VoteWave, room: str) -> list[str]:
    """Return what a room's log says of its hosts, in order."""
    rows = await votewave.sql(
        "SELECT act FROM votebooth.room_log WHERE room_id = $1 AND act LIKE 'hosts.%' ORDER BY seq", UUID(room)
    )
    return [row["act"] for row in rows]


async def test_a_hall_is_told_that_its_last_host_is_away_and_goes_on(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    owner = await a_user(client)
    host = await a_room(client, owner)
    other, bo = await a_co_host(host), await joined(host)
    room = (await host.sees())["room"]
    made = await host.do("PUT", f"/screens/{uuid4()}", {"label": "Hall"})
    poll = await a_poll(client, owner)
    await host.do("PUT", "/stage", {"poll": poll})

    async def hosts_are(number: int) -> bool:
        return await leased(votewave, room) == number

    async with (
        following(client, room, bo.headers) as audience,
        following(client, room, None, made["token"]) as screen,
    ):
        await told(audience, screen, is_away=False)  # a host who hasn't come yet isn't away
        async with following(client, room, host.headers), following(client, room, other.headers):
            await eventually(lambda: hosts_are(2), 10)
        await votewave.sql(
            "UPDATE votebooth.room_leases SET until = now() - interval '1 second' WHERE subject_id = $1 AND host",
            UUID(await host.account()),
        )
        await asyncio.sleep(5)
        assert not away(audience), "one is still here"
        await their_time_is_over(votewave, room)
        await told(audience, screen, is_away=True)
        assert (await bo.sees())["audience"] == audience.room["audience"] == screen.room["audience"]
        await eventually(lambda: hosts_are(0), 10)
        await cast(client, poll, bo.headers, {"picks": [1]})
        assert (await bo.question("Are you still there?")) in str((await bo.sees())["questions"])
        async with following(client, room, other.headers):
            await told(audience, screen, is_away=False)
    assert await told_of_hosts(votewave, room) == ["hosts.away", "hosts.back"], "each is told once"
    head, _ = await replayed(votewave, room)
    assert head.audience.hosts_away_since is None


async def test_hosts_are_none_of_the_audience_and_instances_tell_the_same_once(
    client: httpx.AsyncClient, votewave: VoteWave, booth: VoteBooth
) -> None:
    host = await a_room(client)
    room = UUID((await host.sees())["room"])
    account = UUID(await host.account())
    people = await asyncio.gather(*(joined(host, f"P{number}") for number in range(5)))
    await host.do("PUT", "/presence")
    for person in people[:4]:
        await person.do("DELETE", "/me")
    pulse = booth.rooms.pulse
    pulse._counted_at = float("-inf")
    await pulse.beat(booth.hub)
    assert (await host.sees())["audience"]["about"] == 0, "one of the audience and a host are no five"
    await their_time_is_over(votewave, str(room))
    await asyncio.gather(*(pulse.look_for_hosts([]) for _ in range(5)))
    await asyncio.gather(*(pulse.look_for_hosts([(room, account)]) for _ in range(5)))
    await asyncio.gather(*(pulse.look_for_hosts([]) for _ in range(5)))
    assert await told_of_hosts(votewave, str(room)) == ["hosts.away", "hosts.back"]


async def test_of_a_room_that_is_over_nothing_is_told_and_nothing_stays(
    client: httpx.AsyncClient, votewave: VoteWave, booth: VoteBooth
) -> None:
    host = await a_room(client)
    room = UUID((await host.sees())["room"])
    await host.do("PUT", "/presence")
    await host.do("POST", "/end")
    await their_time_is_over(votewave, str(room))
    await booth.rooms.pulse.look_for_hosts([])
    assert (await host.sees())["audience"]["hosts_away_since"] is None
    assert await leased(votewave, str(room)) == 0
