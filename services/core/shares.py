"""What there is little of: how many places one account and one address may hold, and whose turn is next."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

from services.core.problems import too_many, unavailable

_RETRY_SECONDS = 5.0


class Place:
    """One of the places; given back once, by `release` or at the end of a `with`.

    Args:
        shares: Where it is from.
        holders: Who is counted as holding it.
    """

    __slots__ = ("_holders", "_shares")

    def __init__(self, shares: "Shares", holders: tuple[str, ...]) -> None:
        self._shares: Shares | None = shares
        self._holders = holders

    def release(self) -> None:
        """Give it back; again, it does nothing."""
        if self._shares is not None:
            shares, self._shares = self._shares, None
            shares.give_back(self._holders)

    def __enter__(self) -> "Place":
        """Hold it for as long as the `with` lasts."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, where: TracebackType | None
    ) -> None:
        """Give it back."""
        self.release()


class Shares:
    """The places that a process has for something, of which one account and one address hold some at most.

    Args:
        what: What they are, for people: `live connections`.
        places: How many there are.
        account: How many an account or guest may hold.
        address: How many an address may hold, with or without accounts.
    """

    def __init__(self, what: str, *, places: int, account: int, address: int) -> None:
        self._what = what
        self._places = places
        self._account = account
        self._address = address
        self._taken = 0
        self._held: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are held."""
        return self._taken

    def take(self, account: object, address: str) -> Place:
        """Take a place.

        Args:
            account: The id of whom it is for; None without one.
            address: The site that they are at (`site_of`).

        Raises:
            Problem: 429 if the account or the address holds as many as it may, 503 if all are held.
        """
        holders = (f"at:{address}",) if account is None else (f"at:{address}", str(account))
        if account is not None and self._held[str(account)] >= self._account:
            raise too_many(f"One account may have {self._account} {self._what} at a time.", _RETRY_SECONDS)
        if self._held[holders[0]] >= self._address:
            raise too_many(f"One address may have {self._address} {self._what} at a time.", _RETRY_SECONDS)
        if self._taken >= self._places:
            raise unavailable(f"There are too many {self._what} right now. Try again.", _RETRY_SECONDS)
        self._taken += 1
        self._held.update(holders)
        return Place(self, holders)

    def give_back(self, holders: tuple[str, ...]) -> None:
        """Count a place as free again; what holds a `Place` calls its `release` instead."""
        self._taken -= 1
        for holder in holders:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]


class Turns:
    """Lets one in at a time; an address that has just had its turn waits for those of all others."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._busy = False

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn; it lasts as long as the `async with`."""
        if self._busy:
            await self._wait(address)
        self._busy = True
        try:
            yield
        finally:
            self._pass_on(address)

    async def _wait(self, address: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # its turn had come already
                self._pass_on(address)
            raise

    def _pass_on(self, served: str) -> None:
        if served in self._waiting:
            self._waiting[served] = self._waiting.pop(served)  # behind all others
        while self._waiting:
            address, queue = next(iter(self._waiting.items()))
            future = queue.popleft()
            del self._waiting[address]
            if queue:
                self._waiting[address] = queue
            if not future.done():  # else whoever waited has gone
                future.set_result(None)
                return
        self._busy = False
