"""A plain Litestar application: one JSON POST, a struct in, a struct out, no database, no check of anything.

It is served exactly as VoteWave is (Granian embedded, uvloop, the same settings), so the distance between
the two is what a vote costs beyond HTTP. Run: `python -m loadtests.peers.plain PORT`.
"""

import asyncio
import signal
import sys

import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, get, post
from litestar.params import JSONBody


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
    server = Server(
        Litestar([vote, ready], openapi_config=None, logging_config=None),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, keep_alive=True),
        backlog=2048,
        websockets=True,
        log_level=LogLevels.error,
    )
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
