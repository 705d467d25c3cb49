"""Whether an instance takes requests: what hangs is said in time, and what doesn't decide delays nothing."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from core_place import Place, Program, open_place, until
from services.core.http.health import _DATABASE_SECONDS

CHECK_SECONDS = 4.0
"""What a database is waited for (2 s), and as much again for a machine that is busy with other tests."""


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


def test_whoever_asks_waits_longer_than_a_database_is_waited_for() -> None:
    nomad = Path(__file__).parents[3] / "nomad"
    haproxy = re.search(r"^  timeout check (\d+)s$", (nomad / "gateway" / "haproxy.cfg").read_text(), re.MULTILINE)
    job = (nomad / "jobs" / "service.nomad.hcl").read_text()
    checked = re.search(r'path += "/health/ready".*?timeout += "(\d+)s"', job, re.DOTALL)
    assert haproxy
    assert checked
    assert haproxy[1] == checked[1] == f"{_DATABASE_SECONDS + 1:.0f}"


async def test_a_redis_that_hangs_delays_nobody(place: Place, tmp_path: Path) -> None:
    async with silent() as port, running(place, tmp_path, VOTEWAVE_REDIS_URL=f"redis://127.0.0.1:{port}/0") as client:
        for _ in range(3):
            status, parts, took = await asked(client)
            assert (status, parts) == (200, {"trial": "ok", "redis": "TimeoutError"})
            assert took < CHECK_SECONDS


async def test_many_requests_make_an_instance_busy_and_not_unready(place: Place, tmp_path: Path) -> None:
    async with running(place, tmp_path, VOTEWAVE_DATABASE_POOL="2") as client:
        busy = [asyncio.create_task(client.get("/v1/trial/sleep", params={"seconds": 30})) for _ in range(2)]

        sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = 'trial'"

        async def all_busy() -> bool:
            return len(await place.sql(f"SELECT 1 {sleeping}")) == len(busy)

        await until(all_busy)
        waiting = asyncio.create_task(client.get("/v1/trial/database"))
        for _ in range(3):
            status, parts, took = await asked(client)
            assert (status, parts["trial"]) == (200, "ok")
            assert took < CHECK_SECONDS
        assert not waiting.done(), "no connection is free"
        assert await place.sql(f"SELECT pg_cancel_backend(pid) {sleeping}") == [True] * len(busy)
        assert (await waiting).status_code == 200
        assert all(answer.status_code >= 500 for answer in await asyncio.gather(*busy))


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
