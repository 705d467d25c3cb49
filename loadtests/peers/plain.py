"""A plain Litestar application: one JSON POST, a struct in, a struct out, no database, no check of anything.

It is served exactly as VoteWave is (the same listener, uvloop), so the distance between
the two is what a vote costs beyond HTTP. Run: `python -m loadtests.peers.plain PORT`.
"""

import asyncio
import signal
import sys

import msgspec
import uvloop
from litestar import Litestar, get, post
from litestar.params import JSONBody
from services.core.serve.listener import Listener


class VoteIn(msgspec.Struct):
    """A vote."""

    picks: list[int]


class VoteOut(msgspec.Struct):
    """What was read."""

    picks: list[int]
    counted: bool


@post("/votes")
async def vote(data: JSONBody[VoteIn]) -> VoteOut:
    """Answer with what came."""
    return VoteOut(picks=data.picks, counted=False)


@get("/ready")
async def ready() -> None:
    """Say that it serves."""


async def _serve(port: int) -> None:
    listener = Listener(Litestar([vote, ready], openapi_config=None, logging_config=None), "127.0.0.1", port)
    await listener.start()
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await stop.wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
