"""Votes at a steady rate, each by a guest of its own, whatever the answers take."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from loadtests.benchmark.place import OPTIONS

LATE_SECONDS = 20.0
"""After this a vote has failed."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One acknowledged vote.

    Attributes:
        due: When it was to be sent, by the monotonic clock.
        acknowledged: When its answer came.
    """

    due: float
    acknowledged: float

    @property
    def took_ms(self) -> float:
        """How long it took from the moment that it was due, so that a server that stands still is measured, too."""
        return (self.acknowledged - self.due) * 1_000


async def cast(url: str, tokens: Sequence[str], rate: int) -> tuple[list[Vote], int]:
    """Cast a vote with each token, so many a second; return those that were acknowledged, and how many weren't.

    Args:
        url: Of the ballot.
        tokens: Guests' access tokens.
        rate: Votes a second.
    """
    votes: list[Vote] = []
    failed = 0
    begun = time.monotonic()

    async def one(http: aiohttp.ClientSession, number: int, token: str) -> None:
        nonlocal failed
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        headers = {
            "authorization": f"Bearer {token}",
            "x-forwarded-for": f"198.18.{number // 250 % 250}.{number % 250}",
        }
        try:
            async with http.put(url, json={"picks": [number % OPTIONS + 1]}, headers=headers) as answer:
                await answer.read()
                if answer.status == 201:
                    votes.append(Vote(due, time.monotonic()))
                else:
                    failed += 1
        except (aiohttp.ClientError, TimeoutError):
            failed += 1

    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=LATE_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        await asyncio.gather(*(one(http, number, token) for number, token in enumerate(tokens)))
    return votes, failed
