"""A cache of so many bytes: what is asked for stays, what isn't goes, and no value is larger than all of it."""

from hypothesis import given
from hypothesis import strategies as st
from services.core.sized_cache import ENTRY_BYTES, SizedCache


def test_what_was_asked_for_least_lately_goes_first() -> None:
    cache: SizedCache[str, bytes] = SizedCache(3 * (100 + ENTRY_BYTES), len)
    for name in "abc":
        cache.put(name, name.encode() * 100)
    assert cache.get("a") == b"a" * 100
    cache.put("d", b"d" * 100)
    assert [name for name in "abcd" if cache.get(name) is not None] == ["a", "c", "d"]


def test_a_value_that_is_too_large_is_not_kept_nor_what_it_would_replace() -> None:
    cache: SizedCache[str, bytes] = SizedCache(2_000, len)
    cache.put("a", b"a")
    cache.put("b", b"b")
    cache.put("a", b"a" * 2_000)
    assert (cache.get("a"), cache.get("b")) == (None, b"b")


def test_without_bytes_nothing_is_kept() -> None:
    cache: SizedCache[str, bytes] = SizedCache(0, len)
    cache.put("a", b"")
    assert cache.get("a") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000)), max_size=60))
def test_it_never_holds_more_than_it_may_and_always_what_came_last(puts: list[tuple[int, int]]) -> None:
    most = 5_000
    cache: SizedCache[int, bytes] = SizedCache(most, len)
    for key, size in puts:
        cache.put(key, bytes(size))
        kept = [value for key in range(10) if (value := cache._values.get(key)) is not None]
        assert sum(len(value) + ENTRY_BYTES for value in kept) == cache._bytes <= most
        assert cache.get(key) == bytes(size)
