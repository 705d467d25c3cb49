"""Work in a process beside this one: whatever becomes of it, the next piece gets its own answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from services.core import apart as module
from services.core.apart import Apart, Work
from services.core.problems import Problem


@pytest.fixture
async def apart() -> AsyncIterator[Apart]:
    made = Apart()
    yield made
    await made.close()


def work(name: str) -> Work:
    found: Work = getattr(import_module("tests.unit.core.apart_work"), name)
    return found


async def done(apart: Apart, name: str, given: bytes = b"", who: str = "ada", address: str = "here") -> bytes:
    return await apart.do(work(name), given, account=who, address=address)


async def test_work_is_done_by_one_process_which_leaves_others_the_processor(apart: Apart) -> None:
    given = os.urandom(1_000_000)
    answers = [await done(apart, "which", given) for _ in range(3)]
    assert len(set(answers)) == 1
    pid, nice, rest = answers[0].split(b":", 2)
    assert int(pid) != os.getpid()
    assert int(nice) == min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
    assert rest == given


@pytest.mark.parametrize("end", ["die", "fail"])
async def test_a_process_that_is_gone_is_a_503_and_has_a_successor(apart: Apart, end: str) -> None:
    with pytest.raises(Problem) as caught:
        await done(apart, end)
    assert caught.value.status == 503
    assert (await done(apart, "which", b"x")).endswith(b":x")


async def test_what_takes_too_long_is_given_up(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(apart, "which")
    monkeypatch.setattr(module, "_SECONDS", 0.2)
    with pytest.raises(Problem) as caught:
        await done(apart, "last", b"60")
    assert caught.value.status == 503
    monkeypatch.setattr(module, "_SECONDS", 30)
    assert (await done(apart, "which", b"x")).endswith(b":x")


async def test_who_goes_away_leaves_no_answer_to_another(apart: Apart) -> None:
    await done(apart, "which")
    gone = asyncio.create_task(done(apart, "last", b"0.3"))
    await asyncio.sleep(0.1)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await done(apart, "which", b"x")).endswith(b":x")


async def test_an_account_has_two_pieces_under_way_and_an_address_eight(apart: Apart) -> None:
    started = [asyncio.create_task(done(apart, "last", b"0.01", f"who {number // 2}", "here")) for number in range(8)]
    await asyncio.sleep(0)
    for who, address in (("who 0", "there"), ("who 9", "here")):
        with pytest.raises(Problem) as caught:
            await done(apart, "which", b"", who, address)
        assert caught.value.status == 429
    assert (await done(apart, "which", b"x", "who 9", "there")).endswith(b":x")
    assert await asyncio.gather(*started) == [b"0.01"] * 8
