"""How a server goes away: nobody's request is lost, and nobody holds it up."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import websockets
from core_place import Place, Program, open_place, until

DRAIN = 1.0
MARGIN = 5.0

Start = Callable[[], Awaitable[Program]]


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        await place.prepare("trial")
        yield place


@pytest.fixture
async def start(place: Place, tmp_path: Path) -> AsyncIterator[Start]:
    started: list[Program] = []

    async def start() -> Program:
        started.append(Program(place, tmp_path, VOTEWAVE_DRAIN_SECONDS=str(DRAIN)))
        return await started[-1].ready()

    yield start
    for program in started:
        program.end()


async def begun(program: Program) -> None:
    async def noted() -> bool:
        return "begun" in program.notes()

    await until(noted)


async def test_requests_under_way_are_answered_and_new_ones_go_elsewhere(start: Start) -> None:
    program = await start()
    async with httpx.AsyncClient(base_url=program.url, timeout=20) as client:
        slow = asyncio.create_task(client.get("/v1/trial/wait", params={"seconds": DRAIN + 1}))
        await begun(program)
        began = time.monotonic()
        program.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        unready = await client.get("/health/ready")
        assert unready.status_code == 503
        assert unready.json()["status"] == "stopping"
        assert unready.headers["connection"] == "close"
        assert (await client.get("/health/live")).status_code == 200
        assert (await slow).json() == {"waited": DRAIN + 1}
    assert await program.exit_code(MARGIN) == 0
    assert DRAIN <= time.monotonic() - began < DRAIN + MARGIN
    assert program.notes() == ["started", "begun", "answered", "stopped"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", program.port), 1)


async def test_kept_connections_are_closed(start: Start) -> None:
    program = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read(12)) == b"HTTP/1.1 200"
    program.process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(reader.read(-1), DRAIN + MARGIN)
    writer.close()
    assert await program.exit_code(MARGIN) == 0


async def follow(program: Program, what: str) -> None:
    """Stay connected for as long as the server allows."""
    with contextlib.suppress(httpx.TransportError, websockets.ConnectionClosed):
        if what == "socket":
            async with websockets.connect(f"ws://127.0.0.1:{program.port}/v1/trial/socket") as connection:
                async for _ in connection:
                    pass
        elif what == "headers":
            reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
            writer.write(b"POST /v1/trial/body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            await reader.read(-1)
            writer.close()
        else:
            async with (
                httpx.AsyncClient(base_url=program.url, timeout=60) as client,
                client.stream("GET", f"/v1/trial/{what}") as answer,
            ):
                async for _ in answer.aiter_bytes():
                    pass


async def test_whatever_is_open_it_ends_in_time_and_in_order(start: Start) -> None:
    """Streams that tick, streams that are silent, sockets, half a request, and a handler that can't be cancelled."""
    program = await start()
    kinds = ["events", "silence", "socket", "headers", "stubborn"]
    open_ones = [asyncio.create_task(follow(program, what)) for what in kinds * 3]
    await begun(program)
    await asyncio.sleep(0.5)
    assert not any(task.done() for task in open_ones)
    began = time.monotonic()
    program.process.send_signal(signal.SIGTERM)
    assert await program.exit_code(DRAIN + MARGIN + 2) == 0
    took = time.monotonic() - began
    assert took < DRAIN + MARGIN + 1  # a second for a busy machine
    await asyncio.wait_for(asyncio.gather(*open_ones, return_exceptions=True), 5)
    assert "stopped" in program.notes()


async def test_a_second_signal_ends_the_waiting(start: Start) -> None:
    program = await start()
    tick = asyncio.create_task(follow(program, "events"))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    program.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.1)
    program.process.send_signal(signal.SIGTERM)
    assert await program.exit_code(5) == 0
    assert time.monotonic() - began < DRAIN + 2
    assert "stopped" in program.notes()
    await tick
