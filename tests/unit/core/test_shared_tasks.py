"""Who wants the same at the same time shares one task, and none that has ended."""

import asyncio
import gc

import pytest
from services.core.tasks import SharedTasks


class Question:
    """Counts how often it is asked; answers with that number once it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        return number


async def test_all_who_wait_share_one_and_the_next_begins_anew() -> None:
    tasks, question = SharedTasks[str, int](), Question()
    waiting = [asyncio.create_task(tasks.result("a", question)) for _ in range(100)]
    other = asyncio.create_task(tasks.result("b", question))
    await asyncio.sleep(0)
    assert "a" in tasks
    question.may_answer.set()
    assert set(await asyncio.gather(*waiting)) == {1}
    assert await other == 2
    assert "a" not in tasks
    assert await tasks.result("a", question) == 3


async def test_who_stops_waiting_stops_it_for_nobody() -> None:
    tasks, question = SharedTasks[str, int](), Question()
    gone, waiting = (asyncio.create_task(tasks.result("a", question)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait({gone})
    question.may_answer.set()
    assert await waiting == 1


async def test_an_answer_of_before_is_nobodys_who_asks_after_it() -> None:
    """Between the end of a task and what asyncio calls then, others run."""
    tasks, question = SharedTasks[str, int](), Question()
    late: list[asyncio.Task[int]] = []

    async def first() -> int:
        asyncio.get_running_loop().call_soon(lambda: late.append(tasks.start("a", question)))
        return 0

    assert await tasks.result("a", first) == 0
    assert "a" in tasks, "the end of the first takes the second away"
    question.may_answer.set()
    assert await late[0] == 1


async def test_what_fails_while_nobody_waits_is_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> int:
        raise LookupError

    tasks = SharedTasks[str, int]()
    with pytest.raises(LookupError):
        await tasks.result("a", fail)
    await asyncio.wait({tasks.start("a", fail)})
    await asyncio.sleep(0)
    gc.collect()
    assert caplog.records == []
