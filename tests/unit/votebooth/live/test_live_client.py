"""What one live connection is sent, given what it was offered and how fast it reads."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.votebooth.live import client as client_module
from services.votebooth.live import messages
from services.votebooth.live.client import Client, Message, View
from services.votebooth.live.messages import Frame
from services.votebooth.poll.definition import PollChanged, PollOption
from services.votebooth.results.counting import Published
from services.votebooth.results.state import State, Viewer
from services.votebooth.results.visibility import Reason

FAR = 4e9


def state(status: str = "live", version: int = 1, labels: str = "AB") -> State:
    poll = PollChanged(
        poll=UUID(int=7),
        version=version,
        owner=UUID(int=1),
        title="",
        method="single",
        options=tuple(PollOption(number, label) for number, label in enumerate(labels, 1)),
        opens_at=datetime(2026, 1, 1, tzinfo=UTC),
        quorum=2,
    )
    return State(poll, status, None, 0, None, (0, version), None)  # type: ignore[arg-type]  (one of the three)


def frames(*sums: tuple[int, int], status: str = "live", version: int = 1, before: Frame | None = None) -> list[Frame]:
    made = []
    for a, b in sums:
        before = messages.frame(state(status, version), Published(a + b, a + b, 0, (a, b)), before)
        made.append(before)
    return made


def view(content: Frame | bytes, status: str = "live") -> View:
    return View(status, messages.standing(state(status)), content)


def joined(since: str | None = None) -> Client:
    return Client(Viewer(), None, FAR, messages.key_of(since))


async def read(stream: AsyncIterator[Message], number: int) -> list[dict[str, Any]]:
    return [json.loads((await asyncio.wait_for(anext(stream), 1)).data) for _ in range(number)]


async def test_a_snapshot_comes_first_then_deltas_with_new_values() -> None:
    client, stream = (made := joined()), made.messages()
    first, second = frames((1, 0), (1, 2))
    client.offer(view(first))
    snapshot = (await read(stream, 1))[0]
    assert (snapshot["type"], snapshot["seq"], snapshot["ballots"]) == ("snapshot", 1, 1)
    assert [option["sum"] for option in snapshot["options"]] == [1, 0]
    client.offer(view(second))
    assert await read(stream, 1) == [
        {"type": "delta", "seq": 3, "prev": 1, "changes": {"ballots": 3, "quorum_reached": True, "sums": {"2": 2}}}
    ]


async def test_who_reads_slowly_skips_to_a_snapshot_of_the_latest() -> None:
    client, stream = (made := joined()), made.messages()
    first, *others = frames(*((number, 0) for number in range(50)))
    client.offer(view(first))
    await read(stream, 1)
    for each in others:
        client.offer(view(each))
    latest = (await read(stream, 1))[0]
    assert (latest["type"], latest["seq"]) == ("snapshot", 49)


async def test_nothing_new_sends_nothing() -> None:
    client, stream = (made := joined()), made.messages()
    (only,) = frames((1, 0))
    client.offer(view(only))
    await read(stream, 1)
    client.offer(view(only))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(stream), 0.05)


async def test_who_comes_back_and_missed_nothing_gets_no_snapshot() -> None:
    first, second = frames((1, 0), (2, 0))
    client, stream = (made := joined("1.1.live")), made.messages()
    client.offer(view(first))
    assert [each["type"] for each in await read(stream, 1)] == ["state"]
    client.offer(view(second))
    assert [each["type"] for each in await read(stream, 1)] == ["delta"]


@pytest.mark.parametrize("since", ["1.0.live", "0.1.live", "1.1.final", "1", "x.1.live", "1.١.live", "", "1.1.live.2"])
async def test_who_missed_something_gets_a_snapshot(since: str) -> None:
    client, stream = (made := joined(since)), made.messages()
    client.offer(view(frames((1, 0))[0]))
    assert [each["type"] for each in await read(stream, 1)] == ["snapshot"]


async def test_hidden_results_are_a_word_without_numbers() -> None:
    client, stream = (made := joined("1.1.live")), made.messages()
    client.offer(view(messages.hidden(state().poll, Reason.AFTER_VOTE)))
    (hidden,) = await read(stream, 1)
    assert hidden["type"] == "hidden"
    assert hidden["reason"] == "after_vote"
    assert not any(isinstance(value, int) for value in hidden.values())


async def test_what_becomes_visible_begins_with_a_snapshot_and_what_is_hidden_again_ends() -> None:
    client, stream = (made := joined()), made.messages()
    first, second = frames((1, 0), (2, 0))
    hidden = view(messages.hidden(state().poll, Reason.MINIMUM))
    seen = []
    for each in (view(first), hidden, view(second), hidden):
        client.offer(each)
        seen += [message["type"] for message in await read(stream, 1)]
    assert seen == ["snapshot", "hidden", "snapshot", "hidden"]


async def test_closing_says_so_and_sends_all_of_the_final_counts() -> None:
    client, stream = (made := joined()), made.messages()
    (live,) = frames((1, 0))
    client.offer(view(live))
    await read(stream, 1)
    (final,) = frames((1, 0), status="final", before=live)
    client.offer(view(final, "final"))
    closed, snapshot = await read(stream, 2)
    assert (closed["type"], closed["status"]) == ("state", "final")
    assert (snapshot["type"], snapshot["status"]) == ("snapshot", "final")


async def test_a_new_version_of_the_poll_is_a_snapshot() -> None:
    client, stream = (made := joined()), made.messages()
    (old,) = frames((1, 0))
    client.offer(view(old))
    await read(stream, 1)
    (new,) = frames((1, 0), version=2, before=old)
    client.offer(view(new))
    assert [(each["type"], each["version"]) for each in await read(stream, 1)] == [("snapshot", 2)]


async def test_the_end_comes_instead_of_what_was_offered() -> None:
    client, stream = (made := joined()), made.messages()
    client.offer(view(frames((1, 0))[0]))
    client.end("stopping")
    assert await read(stream, 1) == [{"type": "end", "reason": "stopping"}]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_silence_is_broken_by_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HEARTBEAT_SECONDS", 0.01)
    assert await read(joined().messages(), 2) == [{"type": "ping"}] * 2


async def test_a_connection_that_nobody_reads_is_known_after_a_while() -> None:
    client, stream = (made := joined()), made.messages()
    now = time.time()
    assert not client.is_left(now + 1000)
    client.offer(view(frames((1, 0))[0]))
    assert not client.is_left(now + 1)
    assert client.is_left(now + 1000)
    await read(stream, 1)
    assert not client.is_left(now + 1000)
