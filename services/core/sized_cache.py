"""A cache in this process's memory that holds so many bytes and no more; what was asked for least lately goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

ENTRY_BYTES = 500
"""What an entry costs beside its value: many small ones are to be bounded as well."""


class SizedCache(Generic[K, V]):
    """Values by key.

    Args:
        most_bytes: Of all values together, with what keeping them costs; 0 keeps none.
        size: Returns a value's bytes.
    """

    def __init__(self, most_bytes: int, size: Callable[[V], int]) -> None:
        self._most = most_bytes
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0

    def get(self, key: K) -> V | None:
        """Return a value, if it is kept."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value in place of the one before, unless it alone is too large."""
        self.drop(key)
        if self._cost(value) > self._most:
            return
        self._values[key] = value
        self._bytes += self._cost(value)
        while self._bytes > self._most:
            _, oldest = self._values.popitem(last=False)
            self._bytes -= self._cost(oldest)

    def drop(self, key: K) -> None:
        """Keep a value no longer."""
        value = self._values.pop(key, None)
        if value is not None:
            self._bytes -= self._cost(value)

    def _cost(self, value: V) -> int:
        return self._size(value) + ENTRY_BYTES
