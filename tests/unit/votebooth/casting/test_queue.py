"""Polls take turns in the queue, and each voter's ballots keep their order."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from services.votebooth.casting.queue import Queue


def ticket(poll: bytes, number: int = 0) -> Any:
    return SimpleNamespace(rules=SimpleNamespace(poll=poll), number=number)


def filled(most: int = 5_000, **polls: int) -> Queue:
    """Return a queue in which so many of each poll wait, put in one poll after the other."""
    queue = Queue(most)
    for poll, count in polls.items():
        assert all(queue.put(ticket(poll.encode(), number)) for number in range(count))
    return queue


def taken(queue: Queue, most: int) -> Counter[bytes]:
    return Counter(each.rules.poll for each in queue.take(most))


def test_all_that_wait_are_taken_if_they_are_few() -> None:
    queue = filled(a=3, b=2)
    assert taken(queue, 10) == {b"a": 3, b"b": 2}
    assert len(queue) == 0
    assert queue.take(10) == []


def test_a_small_poll_does_not_wait_for_all_of_a_large_one() -> None:
    queue = filled(large=4_000, small=10)
    assert taken(queue, 512) == {b"large": 502, b"small": 10}
    assert len(queue) == 3_498


def test_more_polls_than_a_transaction_takes_get_their_turns() -> None:
    queue = filled(**{f"p{number}": 2 for number in range(30)})
    served: Counter[bytes] = Counter()
    for _ in range(3):
        served += taken(queue, 10)
    assert served == {f"p{number}".encode(): 1 for number in range(30)}
    assert len(queue) == 30


def test_a_poll_keeps_its_order() -> None:
    queue = filled(a=100, b=100)
    order: dict[bytes, list[int]] = {b"a": [], b"b": []}
    while len(queue):
        for each in cast(list[Any], queue.take(7)):
            order[each.rules.poll].append(each.number)
    assert order == {b"a": list(range(100)), b"b": list(range(100))}


def test_polls_together_fill_it_and_no_more() -> None:
    queue = Queue(1_000)
    put = [queue.put(ticket(b"%d" % (number % 20))) for number in range(3_000)]
    assert sum(put) == len(queue)
    assert 950 < len(queue) <= 1_000
    assert queue.put(ticket(b"new")), "a poll that has none waiting finds a place"


def test_a_queue_of_one_place_takes_one() -> None:
    queue = Queue(1)
    assert [queue.put(ticket(b"a")), queue.put(ticket(b"a")), queue.put(ticket(b"b"))] == [True, False, False]
