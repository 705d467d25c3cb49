"""Presence: whom one converses with sees whether one is there, as long as devices say so, and nobody else does."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from services.messaging.service import leases as leasing
from services.messaging.service.leases import Leases, Seen, State
from tests.conftest import VoteWave, eventually

from .conftest import Writer, block, messaging_of
from .test_messaging_live import Device, device


async def says(opened: Device, kind: str) -> None:
    """Have a device say how somebody is there, once it follows their list."""
    stream = f"conversations:{opened.who.account}"

    async def follows() -> bool:
        return stream in opened.state

    await eventually(follows)
    await opened.socket.send(json.dumps({"type": "signal", "stream": stream, "kind": kind}))


async def sees(opened: Device, who: Writer, state: str) -> dict[str, Any]:
    """Wait until a device shows how somebody is there; return that."""

    async def same() -> dict[str, Any] | None:
        shown = opened.state.get(f"presence:{who.account}", {})
        return shown if shown.get("state") == state else None

    return dict(await eventually(same))


def presence(who: Writer) -> str:
    return f"presence:{who.account}"


async def friends(ada: Writer, ben: Writer) -> str:
    talk = str((await ada.to(ben))["conversation"])
    await ben.done("PUT", f"/conversations/{talk}/request", json={"accept": True})
    return talk


async def test_it_is_shown_while_a_device_says_so_and_the_best_of_several_holds(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    await friends(ada, ben)
    mine = f"conversations:{ben.account}"
    async with (
        device(votewave, ada, presence(ben)) as hers,
        device(votewave, ben, mine) as phone,
        device(votewave, ben, mine) as laptop,
    ):
        assert (await sees(hers, ben, "away"))["heard_at"] is None
        await says(phone, "active")
        heard = await sees(hers, ben, "active")
        assert abs((datetime.now(UTC) - datetime.fromisoformat(heard["heard_at"])).total_seconds()) < 30
        await says(laptop, "idle")
        await says(phone, "idle")
        await sees(hers, ben, "idle")
        await says(laptop, "active")
        await says(phone, "away")
        await sees(hers, ben, "active")
        await says(laptop, "away")
        await sees(hers, ben, "away")


async def test_who_doesnt_converse_with_them_may_not_ask(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    await ada.to(ben)  # he hasn't accepted: neither sees the other
    streams = (presence(ben), presence(ada), f"presence:{uuid4()}", "presence:x")
    for who in (ada, ben, cleo):
        async with device(votewave, who, *streams) as opened:

            async def refused(opened: Device = opened) -> bool:
                return len(opened.refused) == len(streams)

            await eventually(refused)
            assert set(opened.refused) == {"not-found"}


async def _begun(opened: Device, streams: int) -> bool:
    return len(opened.state) == streams


async def test_nobody_says_it_for_somebody_else(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    talk = await friends(ada, ben)
    async with device(votewave, ada, f"conversation:{talk}", presence(ben), f"conversations:{ada.account}") as hers:
        await sees(hers, ben, "away")
        await eventually(lambda: _begun(hers, 3))  # what is said of a stream before it begins is dropped
        for stream, kind in ((f"conversation:{talk}", "active"), (presence(ben), "active"), (presence(ada), "active")):
            await hers.socket.send(json.dumps({"type": "signal", "stream": stream, "kind": kind}))
        await hers.socket.send(json.dumps({"type": "signal", "stream": f"conversations:{ada.account}", "kind": "x"}))

        async def refused() -> bool:
            return len(hers.refused) == 4

        await eventually(refused)
        assert hers.state[presence(ben)]["state"] == "away"


async def test_switched_off_or_apart_looks_like_being_away(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    await friends(ada, ben)
    mine = f"conversations:{ben.account}"
    async with device(votewave, ada, presence(ben)) as hers, device(votewave, ben, mine) as his:
        await says(his, "active")
        await sees(hers, ben, "active")
        assert await ben.done("PUT", "/mine/preferences", json={"presence": False}) == {
            "receipts": True,
            "presence": False,
        }
        await sees(hers, ben, "away")
        await says(his, "active")
        assert (await ben.done("PUT", "/mine/preferences", json={"receipts": False}))["presence"] is False
        await ben.done("PUT", "/mine/preferences", json={"presence": True})
        await says(his, "idle")
        await sees(hers, ben, "idle")
        await block(votewave, ben, ada)
        await sees(hers, ben, "away")
        assert hers.refused == []
        async with device(votewave, ada, presence(ben)) as late:
            await sees(late, ben, "away")


async def test_who_leaves_the_last_conversation_sees_nothing_more(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    group = await ada.group(ben)
    async with device(votewave, ben, presence(ada)) as his:
        await sees(his, ada, "away")
    await ada.done("DELETE", f"/groups/{group}/members/{ben.account}")
    async with device(votewave, ben, presence(ada)) as his:

        async def refused() -> bool:
            return his.refused == ["not-found"]

        await eventually(refused)


async def test_a_lost_redis_costs_a_moment(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    async with messaging_of(votewave) as messaging:
        kept, redis = Leases(messaging.kit.shared.redis), messaging.kit.shared.redis
        account = UUID(ben.account)
        assert await kept.renew(account, "phone", State.ACTIVE)
        assert not await kept.renew(account, "phone", State.ACTIVE)
        assert (await kept.of(account)).state is State.ACTIVE
        await redis.delete(f"votewave:presence:{account}")  # as after a flush
        assert await kept.of(account) == Seen(State.AWAY, 0)
        assert await kept.renew(account, "phone", State.ACTIVE)  # the next beat
    nowhere = Leases(Redis(host="127.0.0.1", port=1))
    assert not await nowhere.renew(account, "phone", State.ACTIVE)
    assert await nowhere.of(account) == Seen(State.AWAY, 0, known=False)


async def test_a_lease_ends_by_itself_and_many_devices_take_no_more_room(
    votewave: VoteWave, ada: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with messaging_of(votewave) as messaging:
        redis, account = messaging.kit.shared.redis, UUID(ada.account)
        kept, name = Leases(redis), f"votewave:presence:{account}"
        now = leasing.time.time()
        monkeypatch.setattr(leasing.time, "time", lambda: now)
        await asyncio.gather(*(kept.renew(account, f"{number}", State.IDLE) for number in range(40)))
        await kept.renew(account, "last", State.ACTIVE)
        assert await redis.hlen(name) <= 16
        assert (await kept.of(account)).state is State.ACTIVE
        assert 0 < await redis.ttl(name) <= 180
        monkeypatch.setattr(leasing.time, "time", lambda: now + 179)
        assert (await kept.of(account)).state is State.ACTIVE
        monkeypatch.setattr(leasing.time, "time", lambda: now + 181)
        assert (await kept.of(account)).state is State.AWAY
        assert await kept.renew(account, "again", State.IDLE)
        assert await redis.hlen(name) == 1
