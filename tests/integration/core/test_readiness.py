"""Whether an instance takes requests: what hangs is said in time, and what doesn't decide delays nothing."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from core_place import Place, Program, open_place, until

CHECK_SECONDS = 3.0
"""As long as Consul waits; HAProxy waits for 4 s."""


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        await place.prepare("trial")
        yield place


@asynccontextmanager
async def running(place: Place, folder: Path, **environment: str) -> AsyncIterator[httpx.AsyncClient]:
    program = Program(place, folder, **environment)
    try:
        await program.ready()
        async with httpx.AsyncClient(base_url=program.url, timeout=20) as client:
            yield client
    finally:
        program.end()


async def asked(client: httpx.AsyncClient) -> tuple[int, dict[str, str], float]:
    began = time.monotonic()
    answer = await client.get("/health/ready")
    return answer.status_code, answer.json()["parts"], time.monotonic() - began


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A server that takes connections and never answers."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_redis_that_hangs_delays_nobody(place: Place, tmp_path: Path) -> None:
    async with silent() as port, running(place, tmp_path, VOTEWAVE_REDIS_URL=f"redis://127.0.0.1:{port}/0") as client:
        for _ in range(3):
            status, parts, took = await asked(client)
            assert (status, parts) == (200, {"trial": "ok", "redis": "TimeoutError"})
            assert took < CHECK_SECONDS / 3


async def test_many_requests_make_an_instance_busy_and_not_unready(place: Place, tmp_path: Path) -> None:
    async with running(place, tmp_path, VOTEWAVE_DATABASE_POOL="2") as client:
        busy = [asyncio.create_task(client.get("/v1/trial/sleep", params={"seconds": 4})) for _ in range(2)]

        async def all_busy() -> bool:
            query = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = 'trial'"
            return len(await place.sql(query)) == len(busy)

        await until(all_busy)
        waiting = asyncio.create_task(client.get("/v1/trial/database"))
        for _ in range(3):
            status, parts, took = await asked(client)
            assert (status, parts["trial"]) == (200, "ok")
            assert took < CHECK_SECONDS
        assert not waiting.done(), "no connection is free"
        assert [answer.status_code for answer in await asyncio.gather(*busy, waiting)] == [200, 200, 200]


async def test_a_database_that_hangs_is_told_in_time_and_found_again(place: Place, tmp_path: Path) -> None:
    async with running(place, tmp_path) as client:
        hanging = await place.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'trial'")
        assert hanging
        try:
            for pid in hanging:
                os.kill(pid, signal.SIGSTOP)
            status, parts, took = await asked(client)
            assert (status, parts["trial"]) == (503, "TimeoutError")
            assert took < CHECK_SECONDS
            # As after the loss of a machine: the old connection is dead, and nobody has said so.
            assert (await asked(client))[0] == 200
        finally:
            for pid in hanging:
                os.kill(pid, signal.SIGCONT)
