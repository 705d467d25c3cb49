"""Passwords: which are accepted, and argon2id (RFC 9106) in threads of its own.

The default costs are those OWASP names for argon2id (19 MiB, two passes, one lane: about 30 ms here). RFC
9106's second choice (64 MiB, three passes, four lanes) is three times as slow and needs as much memory for
each hash at a time; set `VOTEWAVE_AUTH_HASH_…` where the servers have it. Hashes are renewed at sign-in.

A verification costs the same whether the account exists or not: an unknown one is checked against a hash
that fits nothing. Hashing is bounded in memory and in waiting, so that a flood of sign-ins is answered
with 503 and doesn't slow down the rest of the process.
"""

import asyncio
import base64
import os
import secrets
import sys
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from services.auth.settings import AuthSettings
from services.core.problems import too_many, unavailable
from services.core.text import is_stacked

T = TypeVar("T")

_NICE = 10

MIN_CHARS = 8
MAX_CHARS = 256
MAX_BYTES = 1024

_SALT_BYTES = 16
_HASH_BYTES = 32

# The head of every published list of leaked passwords, of those long enough to be accepted at all.
_WORST_TEXT = """
password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa55word passwort
12345678 123456789 1234567890 12345678910 123123123 1234512345 11111111 111111111 00000000 000000000
87654321 987654321 0987654321 99999999 88888888 66666666 12121212 123321123 11223344 1122334455
112233445566 12341234 147258369 123654789 987654321a 123456789a a123456789 a1234567 1234567a 12345678a
1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345
q1w2e3r4 q1w2e3r4t5 qazwsxedc asdfghjk asdfghjkl zxcvbnm1 asdf1234 abcd1234 abc12345 abcdefgh aa123456
aaaaaaaa iloveyou iloveyou1 iloveyou2 sunshine sunshine1 princess princess1 football football1 baseball
baseball1 basketball superman superman1 spiderman batman123 starwars pokemon1 trustno1 whatever
letmein1 letmein123 welcome1 welcome12 welcome123 monkey123 dragon123 master123 shadow123 michael1
jennifer computer internet samsung1 mustang1 corvette liverpool liverpool1 chelsea1 arsenal1 charlie1
changeme changeme1 changeme123 secret123 admin123 admin1234 administrator default1 testtest test1234
votewave votewave1 votewave123
"""
_WORST = frozenset(_WORST_TEXT.split())


def normalise(password: str) -> str:
    """Return a password as it is hashed: NFC, so that each keyboard's `é` is the same.

    Raises:
        ValueError: It has half a surrogate pair, which is no text, or more marks on a letter than anybody types.
    """
    if is_stacked(password):
        raise ValueError("it contains a letter with too many accents")
    normal = unicodedata.normalize("NFC", password)
    try:
        normal.encode()
    except UnicodeEncodeError as exc:
        raise ValueError("it contains an incomplete character") from exc
    return normal


def accept(password: str, email: str) -> str:
    """Return a new password as it is hashed.

    Args:
        password: As typed.
        email: The account's address, which is nobody's secret.

    Raises:
        ValueError: It is too short, too long, or among the first that anybody would try.
    """
    normal = normalise(password)
    if len(normal) < MIN_CHARS:
        raise ValueError(f"it needs {MIN_CHARS} characters or more")
    if len(normal) > MAX_CHARS or len(normal.encode()) > MAX_BYTES:
        raise ValueError(f"it may have {MAX_CHARS} characters at most")
    folded = normal.casefold()
    if folded in _WORST or len(set(folded)) < 3:
        raise ValueError("it is one of the most common passwords")
    if folded in {email.casefold(), email.casefold().partition("@")[0]}:
        raise ValueError("it is your e-mail address")
    return normal


class Hasher:
    """Argon2id with the set costs, in a few threads."""

    def __init__(self, settings: AuthSettings) -> None:
        self._argon2 = PasswordHasher(
            settings.hash_time,
            settings.hash_memory_kib,
            settings.hash_lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        # Written, not computed: it costs as much to check as a real one, and no password fits.
        self._nobody = (
            f"$argon2id$v=19$m={settings.hash_memory_kib},t={settings.hash_time},p={settings.hash_lanes}"
            f"${_random(_SALT_BYTES)}${_random(_HASH_BYTES)}"
        )
        self._threads = settings.hash_threads
        self._most = settings.hash_threads + settings.hash_queue
        self._pending = 0
        self._of_address: Counter[str | None] = Counter()
        self._executor: ThreadPoolExecutor | None = None

    async def hash(self, password: str, address: str | None = None) -> str:
        """Return the encoded hash of a password.

        Args:
            password: The password.
            address: The site that it comes from.

        Raises:
            Problem: 429 if half of those who may wait are from this address, 503 if too many wait.
        """
        return await self._run(lambda: self._argon2.hash(password), address)

    async def verify(self, encoded: str | None, password: str, address: str | None = None) -> bool:
        """Say whether a password fits; without a hash, take as long to say no.

        Args:
            encoded: The hash.
            password: The password.
            address: The site that it comes from.

        Raises:
            Problem: 429 if half of those who may wait are from this address, 503 if too many wait.
        """
        return await self._run(lambda: self._fits(encoded or self._nobody, password), address)

    def outdated(self, encoded: str) -> bool:
        """Say whether a hash was made with other costs than those set now."""
        return self._argon2.check_needs_rehash(encoded)

    def close(self) -> None:
        """End the threads."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _fits(self, encoded: str, password: str) -> bool:
        try:
            return self._argon2.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T], address: str | None) -> T:
        if self._pending >= self._most:
            raise unavailable("Too many people are signing in right now. Try again in a moment.", 2)
        if address is not None and self._of_address[address] >= self._most // 2:
            raise too_many("Too many people are signing in from your address right now. Try again in a moment.", 2)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._threads, "argon2", _step_back)
        self._pending += 1
        self._of_address[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._pending -= 1
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]


def _step_back() -> None:
    """Leave the processor to others: a hash holds no lock of Python's, so who counts votes needn't wait for it."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        own = os.getpriority(os.PRIO_PROCESS, os.getpid())  # nobody but root may go below it
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(own + _NICE, 19))


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
