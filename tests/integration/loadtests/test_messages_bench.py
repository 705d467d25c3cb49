"""`./just bench messages`, small: it measures, and it fails where a device has something else than is stored."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from loadtests.benchmark import messages
from loadtests.benchmark.chats import LiveDevice, VoteWave
from loadtests.benchmark.errors import BenchError

pytestmark = pytest.mark.slow

CONVERSATIONS, MESSAGES = 3, 40


async def test_every_device_ends_with_what_is_stored_or_the_bench_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    check = VoteWave.check

    async def checked(self: VoteWave, devices: Sequence[LiveDevice], number: int) -> None:
        await check(self, devices, number)
        with pytest.raises(BenchError, match="were sent"):
            await check(self, devices, number + 1)
        some = devices[-1]
        order = next(iter(some.order.values()))
        order.reverse()
        with pytest.raises(BenchError, match="another order"):
            await check(self, devices, number)
        order.reverse()
        some.unread[next(iter(some.unread))] += 1
        with pytest.raises(BenchError, match="unread"):
            await check(self, devices, number)
        held.append("order and counts")

    monkeypatch.setattr(VoteWave, "check", checked)
    found = await messages.run(messages=MESSAGES, conversations=CONVERSATIONS, at_once=8, parent=tmp_path)
    assert held == ["order and counts"]
    ours, theirs = found
    assert (ours.messages, ours.devices, ours.repeated) == (MESSAGES, CONVERSATIONS * 4, MESSAGES * 2 // 5)
    assert theirs.repeated == 0
    for each in found:
        assert each.rate > 0
        assert 0 < each.p50_ms <= each.p95_ms
        assert 0 < each.delivered_p50_ms <= each.delivered_p95_ms
    assert messages.comparison(found).startswith("VoteWave / plain")
