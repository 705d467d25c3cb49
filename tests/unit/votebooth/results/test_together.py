"""Who asks at the same time shares a reading, and nobody gets what was read before they asked."""

import asyncio

import pytest
from services.votebooth.results.together import Together


class Clock:
    """A reading that takes a while and returns the time at which it began."""

    def __init__(self) -> None:
        self.now = 0
        self.begun = 0

    async def __call__(self) -> int:
        self.begun += 1
        seen = self.now
        await asyncio.sleep(0.01)
        return seen


async def test_hundreds_share_a_reading() -> None:
    together, clock = Together[int](), Clock()
    assert set(await asyncio.gather(*(together.read("a", clock) for _ in range(300)))) == {0}
    assert clock.begun == 1


async def test_nobody_gets_what_was_read_before_they_asked() -> None:
    together, clock = Together[int](), Clock()
    early = asyncio.create_task(together.read("a", clock))
    await asyncio.sleep(0.005)
    clock.now = 1
    late = [asyncio.create_task(together.read("a", clock)) for _ in range(10)]
    assert await early == 0
    assert set(await asyncio.gather(*late)) == {1}
    assert clock.begun == 2


async def test_who_always_asks_anew_is_always_answered() -> None:
    together, clock = Together[int](), Clock()

    async def ask() -> None:
        for _ in range(5):
            clock.now += 1
            asked = clock.now
            assert await together.read("a", clock) >= asked

    await asyncio.gather(*(ask() for _ in range(20)))
    assert clock.begun <= 12


async def test_a_failure_is_everybodys_and_the_next_reading_is_new() -> None:
    together, clock = Together[int](), Clock()

    async def fails() -> int:
        await asyncio.sleep(0)
        raise OSError("away")

    outcomes = await asyncio.gather(*(together.read("a", fails) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 3
    assert await together.read("a", clock) == 0


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    together, clock = Together[int](), Clock()
    impatient = asyncio.create_task(together.read("a", clock))
    patient = asyncio.create_task(together.read("a", clock))
    await asyncio.sleep(0.002)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient == 0


async def test_keys_have_nothing_to_do_with_each_other() -> None:
    together, clock = Together[int](), Clock()
    await asyncio.gather(together.read("a", clock), together.read("b", clock))
    assert clock.begun == 2
