"""Who owns a data folder: an advisory lock that the kernel drops when its holder dies."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from services.embedded.errors import AlreadyRunning, EmbeddedError


class FolderLock:
    """An exclusive `flock` on `<folder>/up.lock`, which also tells others who holds it.

    The lock belongs to the open file, so it ends with its process, however that ends; the file itself
    stays, and what is written in a file that nobody has locked means nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "up.lock"
        self._fd: int | None = None
        self._info: dict[str, Any] = {}

    def acquire(self) -> None:
        """Take the lock without waiting.

        Raises:
            AlreadyRunning: another live process, or another object of this one, holds it.
            EmbeddedError: the file system has no locks.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            owner = self.read()
            raise AlreadyRunning(self.path.parent, owner.get("pid"), owner.get("url")) from None
        except OSError as error:
            os.close(fd)
            raise EmbeddedError(
                f"{self.path} can't be locked ({error.strerror}). Choose a data folder on a local disk."
            ) from error
        self._fd = fd
        self._info = {}
        self.describe(pid=os.getpid())

    def describe(self, **info: object) -> None:
        """Add to what a second start can read; `url` and `pid` are shown to the user.

        Args:
            **info: values that JSON can hold.
        """
        if self._fd is None:
            return
        self._info |= info
        data = json.dumps(self._info).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, data, 0)

    def read(self) -> dict[str, Any]:
        """What the holder has said about itself; empty when that can't be read."""
        try:
            found = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def release(self) -> None:
        """Let go of the folder; harmless when it isn't held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
