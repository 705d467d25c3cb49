"""`./just bench breaks`, small: whatever breaks, all come back, and each message and vote is there once."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from loadtests.benchmark import breaks
from loadtests.benchmark.breaks import BREAKS, Client, Talks, Votes

pytestmark = pytest.mark.slow

CLIENTS = 40


async def test_all_come_back_and_nothing_is_lost_or_the_bench_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: set[str] = set()
    check, counted = Talks.check, Votes.check

    async def checked(self: Talks, clients: Sequence[Client]) -> str:
        differs = await check(self, clients)
        told = clients[0].told
        if differs or len(told) < 2:  # after the last break there are more
            return differs
        last = told.pop()
        assert "other messages" in await check(self, clients), "lost"
        told += [last, last]
        assert "other messages" in await check(self, clients), "doubled"
        del told[-2:]
        told.insert(0, last)
        assert "other messages" in await check(self, clients), "out of order"
        told.append(told.pop(0))
        self.written.append("what nobody has stored")
        assert "are stored" in await check(self, clients)
        self.written.pop()
        held.add("messages")
        return await check(self, clients)

    async def recounted(self: Votes, clients: Sequence[Client]) -> str:
        differs = await counted(self, clients)
        if differs:
            return differs
        clients[0].ballots["ballots"] -= 1
        assert "another number" in await counted(self, clients)
        clients[0].ballots["ballots"] += 1
        held.add("votes")
        return await counted(self, clients)

    monkeypatch.setattr(Talks, "check", checked)
    monkeypatch.setattr(Votes, "check", recounted)
    found = await breaks.run(clients=CLIENTS, parent=tmp_path)
    assert held == {"messages", "votes"}
    assert [(each.scene, each.what) for each in found] == [
        (scene.title, what) for scene in (Talks, Votes) for what in BREAKS
    ]
    for each in found:
        assert each.written > 0
        assert 0 < each.p50_seconds <= each.longest_seconds
        if each.what == "an instance is killed":
            assert each.lost >= CLIENTS, "all of them were there"
