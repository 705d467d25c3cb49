"""Catching up: what one had, with what has happened since, is what there is now."""

import asyncio
import random
from typing import Any

from tests.conftest import VoteWave

from .conftest import Writer, recounted, writer


class Device:
    """A client that begins with a snapshot and then only applies changes.

    Attributes:
        order: What was applied, in the order in which it came.
    """

    def __init__(self, who: Writer, conversation: str) -> None:
        self.who = who
        self.conversation = conversation
        self.seq = 0
        self.title = ""
        self.messages: dict[str, Any] = {}
        self.members: dict[str, Any] = {}
        self.order: list[tuple[int, str, str]] = []
        self.resets = 0

    async def catch_up(self) -> None:
        answer = await self.who.after(self.conversation, self.seq)
        if (reset := answer["reset"]) is not None:
            self.resets += 1
            self.title = reset["conversation"]["title"]
            self.messages = {message["id"]: message for message in reset["messages"]}
            self.members = {member["person"]["id"]: member for member in reset["members"]}
        for change in answer["changes"]:
            self._apply(change)
        self.seq = answer["seq"]

    def _apply(self, change: dict[str, Any]) -> None:
        what = change["type"]
        if what == "message":
            self.messages[change["message"]["id"]] = change["message"]
            self.order.append((change["seq"], change["what"], change["message"]["id"]))
            return
        if what == "member":
            who = change["member"]["person"]["id"]
            self.members.pop(who, None)
            if change["member"]["state"] != "left":
                self.members[who] = change["member"]
        elif what == "read":
            who = change["account"]
            if who in self.members:
                self.members[who] = {**self.members[who], "read": change["read"]}
        else:
            who, self.title = "", change["title"]
        self.order.append((change["seq"], what, who))

    def state(self) -> tuple[Any, ...]:
        return self.seq, self.title, self.messages, self.members


async def test_state_and_changes_are_the_fresh_state_for_each_kind(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben)
    old, often = Device(ben, group), Device(ada, group)
    for device in (old, often):
        device.seq = 2**40  # a position that there isn't: they begin with all as it is
        await device.catch_up()
    began = often.seq
    first = await ada.say(group, "first")
    steps = [
        lambda: ben.say(group, "second", reply_to=first["id"]),
        lambda: ada.done("PATCH", f"/messages/{first['id']}", json={"text": "first, edited"}),
        lambda: ben.done("PUT", f"/messages/{first['id']}/reaction", json={"emoji": "👍"}),
        lambda: ben.done("DELETE", f"/messages/{first['id']}/reaction"),
        lambda: ben.done("PUT", f"/conversations/{group}/read", json={"seq": first["seq"]}),
        lambda: ada.done("PATCH", f"/groups/{group}", json={"title": "Renamed"}),
        lambda: ada.done("PUT", f"/groups/{group}/members/{cleo.account}", json={}),
        lambda: cleo.say(group, "I'm in"),
        lambda: ada.done("PUT", f"/groups/{group}/members/{cleo.account}", json={"role": "admin"}),
        lambda: cleo.done("DELETE", f"/groups/{group}/members/{cleo.account}"),
        lambda: ada.done("PUT", f"/groups/{group}/members/{ben.account}", json={"role": "owner"}),
        lambda: ada.done("DELETE", f"/messages/{first['id']}"),
    ]
    for step in steps:
        before = often.seq
        await step()
        await often.catch_up()
        assert often.seq > before
        fresh = Device(ada, group)
        fresh.seq = 2**40  # a position that there isn't
        await fresh.catch_up()
        assert fresh.resets == 1
        assert often.state() == fresh.state()
    await old.catch_up()
    assert old.state() == often.state()
    assert (old.resets, often.resets) == (1, 1)
    assert [seq for seq, _, _ in often.order] == list(range(began + 1, often.seq + 1))
    await recounted(votewave, group)


async def test_who_is_far_behind_begins_anew_and_everybody_ends_with_the_same(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben, cleo)
    devices = [Device(who, group) for who in (ada, ben, cleo) for _ in range(2)]
    done = asyncio.Event()

    async def follow(device: Device, seed: int) -> None:
        chance = random.Random(seed)
        while not done.is_set():
            await device.catch_up()
            await asyncio.sleep(chance.random() / 10)
        await device.catch_up()

    async def write(who: Writer) -> None:
        for number in range(25):
            message = await who.say(group, str(number))
            if number % 5 == 0:
                await who.done("PUT", f"/conversations/{group}/read", json={"seq": message["seq"]})
            if number % 7 == 0:
                await who.done("DELETE", f"/messages/{message['id']}")

    following = [asyncio.create_task(follow(device, seed)) for seed, device in enumerate(devices)]
    await asyncio.gather(*(write(who) for who in (ada, ben, cleo)))
    done.set()
    await asyncio.gather(*following)
    assert len({str(device.state()) for device in devices if device.resets == 0}) == 1
    assert len({str(device.order) for device in devices}) == 1
    await recounted(votewave, group)
    # Far behind: nobody is given more than 300 changes, and what is older than that is forgotten.
    await votewave.sql(
        "WITH bumped AS (UPDATE messaging.conversation SET seq = seq + 300 WHERE id = $1 RETURNING id, seq) "
        "INSERT INTO messaging.change (conversation, seq, what, account) "
        "SELECT b.id, b.seq - 300 + n, 'read', $2::uuid FROM bumped b, generate_series(1, 300) n",
        group,
        ben.account,
    )
    seq = (await ada.card(group))["seq"]
    assert len((await ada.after(group, seq - 300))["changes"]) == 300
    behind = await ada.after(group, seq - 301)
    assert (behind["changes"], len(behind["reset"]["messages"])) == ([], 50)
    while (await ada.say(group))["seq"] % 100:
        pass
    [row] = await votewave.sql("SELECT count(*), max(seq) FROM messaging.change WHERE conversation = $1", group)
    assert (row["count"], row["max"] % 100) == (300, 0)
    stranger = await writer(ada.http)
    assert await stranger.refused("GET", f"/conversations/{group}/changes?after=0") == "404 not-found"
    assert await ada.refused("GET", f"/conversations/{group}/changes?after=-1") == "400 malformed-request"
