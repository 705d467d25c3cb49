"""The crowd: ranges of keys that are written anew hold who changed, and enough others."""

import secrets
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from services.votebooth.casting.anonymous import CROWD, portions, ranges

keys = st.binary(min_size=16, max_size=32)


def inside(key: bytes, low: list[bytes], high: list[bytes]) -> int:
    return sum(start <= key < end for start, end in zip(low, high, strict=True))


@given(st.lists(keys, min_size=1, max_size=50), st.integers(0, 10**7))
def test_each_key_is_in_exactly_one_range(found: list[bytes], rows: int) -> None:
    low, high = ranges(found, rows)
    assert low == sorted(set(low))
    assert all(end <= start for end, start in zip(high, low[1:], strict=False))
    assert all(inside(key, low, high) == 1 for key in found)


@given(st.integers(0, CROWD), keys)
def test_a_small_poll_is_written_whole(rows: int, key: bytes) -> None:
    low, high = ranges([key], rows)
    assert inside(b"\x00" * 16, low, high) == inside(b"\xff" * 32, low, high) == 1


def test_a_large_poll_writes_a_crowd_and_not_much_more() -> None:
    for changed in (1, 5, 40):
        for rows in (200, 5_000, 40_000):
            poll = [secrets.token_bytes(16) for _ in range(rows)]
            low, high = ranges(poll[:changed], rows)
            written = sum(inside(key, low, high) for key in poll)
            assert CROWD // 2 < written < CROWD * 4 + changed, (changed, rows, written)


@given(st.integers(0, 10**7), st.lists(keys, max_size=20))
def test_portions_hold_every_key_once(rows: int, found: list[bytes]) -> None:
    cut = portions(rows, 100_000)
    assert all(sum(low <= key < high for low, high in cut) == 1 for key in found)
    assert all(first[1] == second[0] for first, second in pairwise(cut))
    assert rows / len(cut) <= 100_000
