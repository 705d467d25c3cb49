"""Questions that come together are answered together, and none of them costs the others their answers."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import pytest
from services.core.live.gathering import MOST_AT_ONCE, Gathering
from services.core.live.log import Asked, Change, LogLook, LogsSource, Span, Standing
from services.core.live.messages import Position
from services.core.live.source import MOST_EVENTS, Viewer
from services.core.problems import Problem, not_found


class Oracle:
    """Answers numbers with their doubles, when it is let; of negative ones there is none."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.breaks: dict[int, Exception] = {}
        self.gathering: Gathering[int, int] = Gathering(self.answer, lambda exc: isinstance(exc, ConnectionError))

    async def answer(self, numbers: Sequence[int]) -> list[int | Problem]:
        self.asked.append(list(numbers))
        await self.open.wait()
        for number in numbers:
            if number in self.breaks:
                raise self.breaks[number]
        return [number * 2 if number >= 0 else not_found("number") for number in numbers]

    async def ask(self, *numbers: int) -> list[int | BaseException]:
        return await asyncio.gather(*(self.gathering.ask(number) for number in numbers), return_exceptions=True)


async def test_those_who_come_together_are_answered_together_in_their_order() -> None:
    oracle = Oracle()
    assert await oracle.ask(1, 2, 3) == [2, 4, 6]
    assert oracle.asked == [[1, 2, 3]]


async def test_those_who_come_meanwhile_are_the_next_turn_however_many() -> None:
    oracle = Oracle()
    oracle.open.clear()
    first = asyncio.create_task(oracle.ask(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = asyncio.create_task(oracle.ask(*range(1, MOST_AT_ONCE + 2)))
    await asyncio.sleep(0.01)
    oracle.open.set()
    assert await first == [0]
    assert await others == [number * 2 for number in range(1, MOST_AT_ONCE + 2)]
    assert [len(batch) for batch in oracle.asked] == [1, MOST_AT_ONCE, 1]


async def test_one_without_an_answer_is_told_so_alone() -> None:
    oracle = Oracle()
    one, two, three = await oracle.ask(1, -2, 3)
    assert (one, three) == (2, 6)
    assert isinstance(two, Problem)
    assert two.status == 404


async def test_one_that_breaks_a_batch_costs_the_others_nothing() -> None:
    oracle = Oracle()
    oracle.breaks[2] = ValueError("this one alone")
    one, two, three = await oracle.ask(1, 2, 3)
    assert (one, three) == (2, 6)
    assert isinstance(two, ValueError)
    assert oracle.asked == [[1, 2, 3], [1], [2], [3]]


async def test_what_is_away_for_all_is_asked_once() -> None:
    oracle = Oracle()
    oracle.breaks[2] = ConnectionError("away")
    assert {type(each) for each in await oracle.ask(1, 2, 3)} == {ConnectionError}
    assert oracle.asked == [[1, 2, 3]]
    oracle.breaks.clear()
    assert await oracle.ask(4) == [8], "and then it goes on"


async def test_who_waits_no_longer_is_left_out() -> None:
    oracle = Oracle()
    oracle.open.clear()
    first = asyncio.create_task(oracle.ask(1))
    await asyncio.sleep(0.01)
    gone, stays = asyncio.create_task(oracle.ask(2)), asyncio.create_task(oracle.ask(3))
    await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.sleep(0)
    oracle.open.set()
    assert await first == [2]
    assert await stays == [6]
    assert oracle.asked == [[1], [3]]


class Shelf:
    """Books by their names, each a log of words; counts what it is asked."""

    def __init__(self, books: Mapping[str, list[str]]) -> None:
        self.books = books
        self.stood: list[list[str]] = []
        self.read: list[list[Span]] = []

    async def stands(self, asked: Sequence[Asked]) -> list[Standing | Problem]:
        self.stood.append([each.key for each in asked])
        return [
            Standing(Position("a", len(self.books[each.key])), dict.fromkeys(each.viewers, "all"))
            if each.key in self.books
            else not_found("book")
            for each in asked
        ]

    async def changes(self, spans: Sequence[Span]) -> list[list[Change]]:
        self.read.append(list(spans))
        return [
            [Change(number + 1, self.books[span.key][number]) for number in range(span.after, span.upto)]
            for span in spans
        ]

    async def snapshot(self, key: str, view: Any) -> tuple[Position, list[str]]:
        return Position("a", len(self.books[key])), self.books[key]

    def shown(self, view: Any, event: Any) -> Any:
        return event

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        return {key: Position("a", len(self.books[key])) for key in keys}


class Books(LogsSource):
    kind: ClassVar[str] = "book"
    state: ClassVar[Any] = list[str]
    events: ClassVar[tuple[Any, ...]] = (str,)


async def looked(shelf: Shelf, *asked: tuple[str, int | None]) -> list[LogLook | BaseException]:
    books = Books(shelf, lambda exc: False)
    viewer = Viewer(None, "somebody")
    looks = (books.look(key, [viewer], oldest) for key, oldest in asked)
    return await asyncio.gather(*looks, return_exceptions=True)


async def words_after(look: LogLook | BaseException, seq: int) -> tuple[str, ...]:
    assert isinstance(look, LogLook)
    reading = await look.read("all", Position("a", seq))
    assert reading.state is None
    return reading.events


async def test_logs_that_change_together_are_looked_at_together() -> None:
    shelf = Shelf({"one": ["a", "b"], "two": ["c", "d", "e"], "three": ["f"]})
    one, two, three, none = await looked(shelf, ("one", 1), ("two", 0), ("three", 1), ("four", None))
    assert await words_after(one, 1) == ("b",)
    assert await words_after(two, 0) == ("c", "d", "e")
    assert await words_after(three, 1) == (), "nothing is read where nothing is new"
    assert isinstance(none, Problem)
    assert shelf.stood == [["one", "two", "three", "four"]]
    assert shelf.read == [[Span("one", 1, 2), Span("two", 0, 3)]]


async def test_a_log_that_is_asked_for_twice_tells_each_change_once() -> None:
    shelf = Shelf({"one": ["a", "b", "c"]})
    early, late = await looked(shelf, ("one", 0), ("one", 2))
    assert await words_after(early, 0) == ("a", "b", "c")
    assert await words_after(late, 2) == ("c",)
    assert shelf.read == [[Span("one", 0, 3)]]


@pytest.mark.parametrize("missed", [10, MOST_EVENTS, MOST_EVENTS * 2])
async def test_after_a_long_break_what_all_missed_is_read_in_portions(missed: int) -> None:
    shelf = Shelf({str(number): ["word"] * missed for number in range(50)})
    looks = await looked(shelf, *((key, 0) for key in shelf.books))
    each = min(missed, MOST_EVENTS)
    sizes = [sum(span.upto - span.after for span in spans) for spans in shelf.read]
    assert max(sizes) <= 1_000
    assert sum(sizes) == each * 50
    assert all([len(await words_after(look, missed - each)) == each for look in looks])
