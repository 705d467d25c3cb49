"""Places are shared: nobody holds all of them, and nobody's turns come before everybody else's."""

import asyncio

import pytest
from services.core.problems import Problem
from services.core.shares import Place, Shares, Turns


def refused(shares: Shares, account: object, address: str) -> int:
    with pytest.raises(Problem) as caught:
        shares.take(account, address)
    assert int(caught.value.headers["Retry-After"]) >= 1
    return caught.value.status


def places() -> Shares:
    return Shares("places", places=5, account=2, address=3)


def test_an_account_holds_so_many_wherever_it_is() -> None:
    shares = places()
    shares.take("ada", "here")
    shares.take("ada", "there")
    assert refused(shares, "ada", "elsewhere") == 429
    shares.take("bo", "here")


def test_an_address_holds_so_many_with_whatever_accounts() -> None:
    shares = places()
    for who in ("ada", None, "bo"):
        shares.take(who, "here")
    assert refused(shares, "cy", "here") == 429
    assert refused(shares, None, "here") == 429
    shares.take("cy", "there")


def test_when_all_are_held_it_is_the_servers_turn_to_say_so() -> None:
    shares = places()
    held = [shares.take(None, f"at {number}") for number in range(5)]
    assert refused(shares, None, "at 5") == 503
    held[0].release()
    shares.take(None, "at 5")


def test_a_place_is_given_back_once() -> None:
    shares = places()
    with shares.take("ada", "here") as held:
        held.release()
    assert isinstance(held, Place)
    assert shares.taken == 0
    taken = [shares.take(who, "here") for who in ("ada", "bo", "cy")]
    held.release()
    assert shares.taken == 3
    assert refused(shares, "dee", "here") == 429
    for place in taken:
        place.release()


class Queue:
    """Jobs that wait for their turns, and the order in which they have them."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.served: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    async def ask(self, name: str) -> "asyncio.Task[None]":
        """Let a job ask for a turn; its address is its name's first letter."""
        self._ends[name] = asyncio.Event()
        task = asyncio.create_task(self._job(name))
        await asyncio.sleep(0)
        return task

    async def _job(self, name: str) -> None:
        async with self.turns.turn(name[0]):
            self.served.append(name)
            await self._ends[name].wait()

    async def finish(self) -> None:
        """End each job as soon as it is served."""
        ended = 0
        while ended < len(self.served):
            self._ends[self.served[ended]].set()
            ended += 1
            for _ in range(5):
                await asyncio.sleep(0)


async def test_addresses_take_turns_however_much_one_of_them_wants() -> None:
    queue = Queue()
    tasks = [await queue.ask(name) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    await queue.finish()
    assert queue.served == ["a1", "b1", "c1", "a2", "b2", "a3"]
    await asyncio.gather(*tasks)


async def test_who_stops_waiting_keeps_nobody_waiting() -> None:
    queue = Queue()
    tasks = {name: await queue.ask(name) for name in ("a1", "b1", "c1", "d1")}
    tasks["b1"].cancel()
    await asyncio.sleep(0)
    queue._ends["a1"].set()
    while "c1" not in queue.served:
        await asyncio.sleep(0)
    tasks["c1"].cancel()  # while it has its turn
    await queue.finish()
    assert queue.served == ["a1", "c1", "d1"]
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    again = await queue.ask("e1")
    assert queue.served[-1] == "e1"
    await queue.finish()
    await again
