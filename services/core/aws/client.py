"""What the AWS adapters share. boto3 takes a third of a second to import, so only who uses it pays for it."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from botocore.config import Config

T = TypeVar("T")


class Lazy(Generic[T]):
    """Something made at its first use, once, also when threads race for it.

    Args:
        make: Makes it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: T | None = None

    def get(self) -> T:
        """Return it."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def client_config() -> "Config":
    """Time-outs and retries for calls that somebody waits for: 2 s to connect, 5 s to read, three tries."""
    from botocore.config import Config  # noqa: PLC0415 - see the module's docstring

    return Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 3},
    )


def error_code(error: Exception) -> str:
    """Return the code of a botocore `ClientError`, empty for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
