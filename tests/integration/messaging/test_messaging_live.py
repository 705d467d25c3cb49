"""Live: whatever happens reaches every device, in one order, on any number of instances."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

from services.messaging.schemas import MessageNew
from tests.conftest import VoteWave, eventually
from websockets.asyncio.client import ClientConnection, connect

from .conftest import Writer, block, messaging_of, recounted, subject_of


class Device:
    """A client that follows streams over one WebSocket, and applies what it is told as the guide says.

    Attributes:
        state: Of each stream, by its name, what there is by id.
        order: Of each conversation, what came in which order.
    """

    def __init__(self, who: Writer, socket: ClientConnection) -> None:
        self.who = who
        self.socket = socket
        self.at: dict[str, tuple[str, int]] = {}
        self.state: dict[str, dict[str, Any]] = {}
        self.order: dict[str, list[tuple[str, str]]] = {}
        self.signals: list[Any] = []
        self.refused: list[str] = []

    async def follow(self, *streams: str) -> None:
        for stream in streams:
            await self.socket.send(json.dumps({"type": "follow", "stream": stream}))

    async def listen(self) -> None:
        async for text in self.socket:
            self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        kind, stream = message["type"], message.get("stream", "")
        if kind == "snapshot":
            state = message["state"]
            if "conversations" in state:
                self.state[stream] = {each["id"]: each for each in state["conversations"]}
            elif stream.startswith("presence:"):
                self.state[stream] = state
            else:
                parts = {each["id"]: each for each in state["messages"]}
                people = {each["person"]["id"]: each for each in state["members"]}
                self.state[stream] = {"title": state["title"], **parts, **people}
        elif kind == "delta":
            assert self.at[stream] == (message["epoch"], message["prev"]), "a gap"
            for event in message["events"]:
                self._apply(self.state[stream], self.order.setdefault(stream, []), event)
        elif kind == "signal":
            self.signals.append(message["signal"])
        elif kind == "refused":
            self.refused.append(message["problem"]["type"].rpartition("/")[2])
        if kind in {"snapshot", "delta"}:
            self.at[stream] = (message["epoch"], message["seq"])

    @staticmethod
    def _apply(state: dict[str, Any], order: list[tuple[str, str]], event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "message":
            state[event["message"]["id"]] = event["message"]
            order.append((event["what"], event["message"]["id"]))
        elif kind == "member":
            who = event["member"]["person"]["id"]
            state.pop(who, None)
            if event["member"]["state"] != "left":
                state[who] = event["member"]
        elif kind == "read":
            if event["account"] in state:
                state[event["account"]] = {**state[event["account"]], "read": event["read"]}
        elif kind == "title":
            state["title"] = event["title"]
        elif kind == "conversation":
            state[event["conversation"]["id"]] = event["conversation"]
        else:
            state.pop(event["id"], None)


@asynccontextmanager
async def device(votewave: VoteWave, who: Writer, *streams: str) -> AsyncIterator[Device]:
    """A device of somebody's that follows streams."""
    ticket = (await who.done("POST", "/live/tickets", json={}))["ticket"]
    url = f"ws://127.0.0.1:{votewave.port}/v1/messaging/live?ticket={ticket}"
    async with connect(url) as socket:
        opened = Device(who, socket)
        await opened.follow(*streams)
        listening = asyncio.create_task(opened.listen())
        try:
            yield opened
        finally:
            listening.cancel()


async def fresh(votewave: VoteWave, who: Writer, *streams: str) -> dict[str, dict[str, Any]]:
    """Return what somebody gets who opens streams now."""
    async with device(votewave, who, *streams) as opened:

        async def complete() -> bool:
            return len(opened.state) == len(streams)

        await eventually(complete, 30)
        return opened.state


async def is_as_fresh(votewave: VoteWave, opened: Device) -> None:
    """Wait until a device has what a fresh one has."""

    wanted = await fresh(votewave, opened.who, *opened.state)

    async def same() -> bool:
        return opened.state == wanted

    await eventually(same, 30)


async def test_what_happens_leads_to_the_fresh_state_for_each_kind(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben)
    stream = f"conversation:{group}"
    async with (
        device(votewave, ada, stream, f"conversations:{ada.account}") as old,
        device(votewave, ben, stream, f"conversations:{ben.account}", f"conversations:{ada.account}") as other,
    ):

        async def begun() -> bool:
            return len(old.state) == len(other.state) == 2

        await eventually(begun)
        first = await ada.say(group, "first")
        path, reaction = f"/messages/{first['id']}", f"/messages/{first['id']}/reaction"
        members = f"/groups/{group}/members"
        await ben.say(group, "second", reply_to=first["id"])
        for who, method, where, body in (
            (ada, "PATCH", path, {"text": "first, edited"}),
            (ben, "PUT", reaction, {"emoji": "👍"}),
            (ben, "DELETE", reaction, None),
            (ben, "PUT", f"/conversations/{group}/read", {"seq": first["seq"]}),
            (ada, "PATCH", f"/groups/{group}", {"title": "Renamed"}),
            (ada, "PUT", f"{members}/{cleo.account}", {}),
            (cleo, "PUT", f"/conversations/{group}/request", {"accept": True}),
            (ada, "PUT", f"{members}/{cleo.account}", {"role": "admin"}),
            (ada, "DELETE", path, None),
        ):
            await who.done(method, where, **({} if body is None else {"json": body}))
        await is_as_fresh(votewave, old)
        await is_as_fresh(votewave, other)
        assert old.order[stream] == other.order[stream]
        assert other.refused == ["not-found"]  # somebody else's list isn't there

        # Who is removed is told nothing more; the list says that it is gone.
        await ada.done("DELETE", f"{members}/{ben.account}")
        await ada.say(group, "without Ben")

        async def told() -> bool:
            return len(other.refused) == 2 and other.state[f"conversations:{ben.account}"] == {}

        await eventually(told)
        assert "without Ben" not in str(other.state)
        async with device(votewave, cleo, stream) as late:
            await eventually(lambda: _has(late, stream))
            assert [each["text"] for each in late.state[stream].values() if "text" in each] == ["without Ben"]
            await ada.done("PATCH", f"/groups/{group}", json={"title": "Again"})
            await eventually(lambda: _says(late, stream, "Again"))


async def _has(opened: Device, stream: str) -> bool:
    return stream in opened.state


async def _says(opened: Device, stream: str, title: str) -> bool:
    return bool(opened.state[stream]["title"] == title)


async def test_somebody_types_for_those_who_may_know(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    talk = (await ada.to(ben))["conversation"]
    stream = f"conversation:{talk}"
    typing = json.dumps({"type": "signal", "stream": stream, "kind": "typing"})
    async with device(votewave, ada, stream) as hers, device(votewave, ben, stream) as his:
        await eventually(lambda: _has(hers, stream))
        await eventually(lambda: _has(his, stream))
        await his.socket.send(typing)  # he hasn't accepted yet: nobody is to know that he reads it
        await hers.socket.send(typing)

        async def seen() -> bool:
            return bool(his.signals)

        await eventually(seen)
        assert his.signals[0] == {"type": "typing", "account": ada.account}
        assert {each["account"] for each in hers.signals} <= {ada.account}
        await ben.done("PUT", f"/conversations/{talk}/request", json={"accept": True})
        await block(votewave, ben, ada)
        his.signals.clear()
        await hers.socket.send(typing)
        await ada.done("PUT", f"/conversations/{talk}/read", json={"seq": 1})
        await is_as_fresh(votewave, his)
        assert his.signals == []
        assert (hers.refused, his.refused) == ([], [])  # which would tell of the block, and end what they follow


async def test_who_types_on_the_heels_of_coming_goes_on_following(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    talk = (await ada.to(ben))["conversation"]
    stream = f"conversation:{talk}"
    async with device(votewave, ada, stream) as hers:
        await hers.socket.send(json.dumps({"type": "signal", "stream": stream, "kind": "typing"}))
        await eventually(lambda: _has(hers, stream))
        await is_as_fresh(votewave, hers)
        assert hers.refused == []


async def test_every_device_ends_with_one_order_and_the_same_counts_on_two_instances(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    groups = [await ada.group(ben, cleo) for _ in range(4)]
    streams = [f"conversation:{group}" for group in groups]
    people = (ada, ben, cleo)
    devices = [device(votewave, who, *streams, f"conversations:{who.account}") for who in people for _ in range(2)]
    async with messaging_of(votewave) as one, messaging_of(votewave) as two, AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(each) for each in devices]

        async def begun() -> bool:
            return all(len(each.state) == len(streams) + 1 for each in opened)

        await eventually(begun, 30)

        async def write(number: int) -> None:
            who, group = people[number % 3], UUID(groups[number % 4])
            sender = (one, two)[number % 2]
            new = MessageNew(client_id=str(number), text=f"number {number}")
            message, _ = await sender.sending.into(subject_of(who), group, new)
            if number % 5 == 0:
                await sender.marking.read(subject_of(people[(number + 1) % 3]), group, message.seq)

        for start in range(0, 96, 8):
            await asyncio.gather(*(write(number) for number in range(start, start + 8)))
        for each in opened:
            await is_as_fresh(votewave, each)
        for stream in streams:
            assert len({str(each.order[stream]) for each in opened}) == 1
    await recounted(votewave, *groups)
