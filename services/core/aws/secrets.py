"""Secrets by name: a file on a laptop, AWS Secrets Manager in the cluster.

Names look like `polls/database`, `auth/key-encryption`. A value is never part of a message, `repr` or log.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets as random
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from services.core.aws.client import Lazy, client_config, error_code
from services.core.tasks import SharedTasks

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

log = structlog.get_logger(__name__)

_PREVIOUS = "#previous"  # can't be part of a name
_MOMENT_SECONDS = 0.2
_FRESH_SECONDS = 1.0
_AGAIN_SECONDS = 10.0


class SecretError(Exception):
    """A secret can't be had; the message says which and why, never its value."""


class Secrets(Protocol):
    """Where secrets come from."""

    async def get(self, name: str) -> str:
        """Return the current value, possibly from a cache.

        Raises:
            SecretError: There is none, or it can't be read.
        """
        ...

    async def get_previous(self, name: str) -> str | None:
        """Return the value before the last rotation, never from a cache; None when there was no rotation.

        Raises:
            SecretError: It can't be read.
        """
        ...

    async def refresh(self, name: str) -> str:
        """Return the current value from its source, because the cached one was refused.

        Raises:
            SecretError: There is none, or it can't be read.
        """
        ...


class FileSecrets:
    """One JSON file with mode 0600, read again whenever it changes.

    Args:
        path: The file; `ensure` and `rotate` make it.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._seen: tuple[int, int, int] | None = None
        self._values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"FileSecrets({str(self.path)!r})"

    async def get(self, name: str) -> str:
        """Return the current value; see `Secrets.get`."""
        try:
            return self._read()[name]
        except KeyError:
            raise SecretError(f"The secret {name} isn't in {self.path}.") from None

    async def get_previous(self, name: str) -> str | None:
        """Return the value before the last rotation; see `Secrets.get_previous`."""
        return self._read().get(name + _PREVIOUS)

    async def refresh(self, name: str) -> str:
        """Return the current value; see `Secrets.refresh`."""
        self._seen = None
        return await self.get(name)

    def ensure(self, name: str, make: Callable[[], str]) -> None:
        """Make a secret that is missing; one that is there stays.

        Raises:
            SecretError: The file can't be read or written.
        """
        with self._changing() as values:
            if name not in values:
                values[name] = make()

    def rotate(self, name: str, make: Callable[[], str]) -> None:
        """Give a secret a new value and keep the old one as its previous value.

        Raises:
            SecretError: The file can't be read or written.
        """
        with self._changing() as values:
            if name in values:
                values[name + _PREVIOUS] = values[name]
            values[name] = make()

    def _read(self) -> dict[str, str]:
        try:
            with self.path.open("rb") as file:
                found = os.fstat(file.fileno())
                seen = (found.st_ino, found.st_mtime_ns, found.st_size)
                if seen == self._seen:
                    return self._values
                if loose := stat.S_IMODE(found.st_mode) & 0o077:
                    raise SecretError(
                        f"{self.path} holds secrets and others may read or write it (mode "
                        f"{stat.S_IMODE(found.st_mode):03o}, of which {loose:03o} is too much). "
                        f"Run: chmod 600 {self.path}"
                    )
                values = json.load(file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretError(f"{self.path} can't be read: {error.strerror}.") from None
        except ValueError:  # its text would show what the file holds
            raise SecretError(f"{self.path} isn't a JSON object of texts; restore it from a backup.") from None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise SecretError(f"{self.path} isn't a JSON object of texts; restore it from a backup.")
        self._seen, self._values = seen, values
        return values

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """Yield a copy of the values to change; they replace the file at once, and changes don't overlap."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.path.with_name(self.path.name + ".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                values = dict(self._read())
                before = dict(values)
                yield values
                if values != before:
                    self._replace(values)
        except OSError as error:
            raise SecretError(f"{self.path} can't be written: {error.strerror}.") from None

    def _replace(self, values: dict[str, str]) -> None:
        new = self.path.with_name(f".{self.path.name}.{random.token_hex(4)}")
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - of a descriptor
                json.dump(values, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        self._seen = None


class AwsSecrets:
    """AWS Secrets Manager, cached, and right across rotations.

    The current value is cached. When it expires, one caller reads it again and waits a moment for the answer, so that
    a process that asks once an hour doesn't use an outdated value. All other callers use the cached value meanwhile; so
    does the first if AWS is slow. While AWS can't be reached, a read is tried every ten seconds. `refresh` reads again,
    at most once a second per name; `get_previous` always reads. An ARN is used as the name as it is, since RDS chooses
    the names of the secrets that it makes.

    Args:
        prefix: What stands before the names, such as `votewave/staging`.
        ttl: Seconds that a value is used without asking again.
    """

    def __init__(self, prefix: str, ttl: float = 300.0) -> None:
        self._prefix = prefix.strip("/")
        self._ttl = ttl
        self._client = Lazy(self._make_client)
        self._cache: dict[str, tuple[str, float]] = {}  # value, when it was read (monotonic seconds)
        self._reading: SharedTasks[str, str] = SharedTasks()

    def __repr__(self) -> str:
        return f"AwsSecrets({self._prefix!r})"

    async def get(self, name: str) -> str:
        """Return the current value; see `Secrets.get`."""
        cached = self._cache.get(name)
        if cached is None:
            return await self._reading.result(name, lambda: self._read(name))
        if time.monotonic() - cached[1] >= self._ttl and name not in self._reading:
            await asyncio.wait({self._reading.start(name, lambda: self._read(name))}, timeout=_MOMENT_SECONDS)
        return self._cache[name][0]

    async def get_previous(self, name: str) -> str | None:
        """Return the value before the last rotation; see `Secrets.get_previous`."""
        return await asyncio.to_thread(self._fetch, name, "AWSPREVIOUS")

    async def refresh(self, name: str) -> str:
        """Return the current value from AWS; see `Secrets.refresh`."""
        cached = self._cache.get(name)
        if cached and time.monotonic() - cached[1] < _FRESH_SECONDS:  # somebody else has just read it
            return cached[0]
        return await self._reading.result(name, lambda: self._read(name))

    async def _read(self, name: str) -> str:
        try:
            value = await asyncio.to_thread(self._load, name)
        except Exception as error:
            if cached := self._cache.get(name):
                log.warning("secret_refresh_failed", secret=name, error=str(error))
                self._cache[name] = (cached[0], time.monotonic() - self._ttl + _AGAIN_SECONDS)
            raise
        self._cache[name] = (value, time.monotonic())
        return value

    def _load(self, name: str) -> str:
        value = self._fetch(name, "AWSCURRENT")
        if value is None:
            raise SecretError(f"The secret {self._prefix}/{name} isn't in AWS Secrets Manager.")
        return value

    def _fetch(self, name: str, stage: str) -> str | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

        secret = name if name.startswith("arn:") else f"{self._prefix}/{name}"
        try:
            found: Any = self._client.get().get_secret_value(SecretId=secret, VersionStage=stage)
        except ClientError as error:
            code = error_code(error)
            if code == "ResourceNotFoundException":
                return None
            raise SecretError(f"The secret {secret} can't be read from AWS ({code}).") from None
        except BotoCoreError as error:
            raise SecretError(f"The secret {secret} can't be read from AWS: {error}") from None
        if "SecretString" not in found:
            raise SecretError(f"The secret {secret} is binary; only texts are supported.")
        return str(found["SecretString"])

    @staticmethod
    def _make_client() -> "SecretsManagerClient":
        from boto3.session import Session  # noqa: PLC0415 - slow to import

        return Session().client("secretsmanager", config=client_config())


def open_secrets(url: str) -> Secrets:
    """Return the secrets that a setting names.

    Args:
        url: `file:///PATH` (taken as it stands, without %-escapes) or `aws://PREFIX`.

    Raises:
        ValueError: It is neither.
    """
    if url.startswith("file:///"):
        return FileSecrets(Path(url.removeprefix("file://")))
    if url.startswith("aws://") and url != "aws://":
        return AwsSecrets(url.removeprefix("aws://"))
    raise ValueError("secrets are at `file:///PATH` or `aws://PREFIX`")
