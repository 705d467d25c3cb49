"""Auth starts without its database, says that it isn't ready, and serves when the database is there."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from tests.conftest import ENVIRONMENT, VoteWave, eventually, free_port


@pytest.fixture
def away(votewave: VoteWave, tmp_path: Path) -> Iterator[tuple[str, Path, Path, "subprocess.Popen[bytes]"]]:
    """All services in one process, whose way to the database isn't there yet: a link that is still to be made."""
    [sockets] = parse_qs(urlsplit(votewave.admin_dsn).query)["host"]
    port, link, log = free_port(), tmp_path / "way", tmp_path / "log"
    url = f"http://127.0.0.1:{port}"
    places = {
        "VOTEWAVE_PORT": str(port),
        "VOTEWAVE_PUBLIC_URL": url,
        "VOTEWAVE_PEERS": f"static:{url}",
        "VOTEWAVE_DATABASE_URL": f"postgresql:///votewave?host={link}",
        "VOTEWAVE_REDIS_URL": votewave.redis_url,
        "VOTEWAVE_SECRETS": f"file://{votewave.data_dir}/secrets.json",
        "VOTEWAVE_STORAGE": f"file://{votewave.data_dir}/files",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "run", "all"], stdout=out, stderr=out, env={**ENVIRONMENT, **places}
        )
    yield url, link, Path(sockets), process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


async def test_all_services_start_without_their_database_and_serve_when_it_is_there(
    away: tuple[str, Path, Path, "subprocess.Popen[bytes]"],
) -> None:
    url, link, sockets, process = away
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:

        async def status(path: str) -> int:
            assert process.poll() is None, "it has ended"
            try:
                return (await client.get(path)).status_code
            except httpx.TransportError:
                return 0

        async def lives() -> bool:
            return await status("/health/live") == 200

        async def is_ready() -> bool:
            return await status("/health/ready") == 200

        await eventually(lives, 30)
        assert await status("/health/ready") == 503
        person = {"email": f"{uuid4().hex}@example.org", "password": "a boat, a lamp and 3 keys"}
        for answer in (
            await client.get("/.well-known/jwks.json"),
            await client.post("/v1/auth/accounts", json=person),
            await client.get("/v1/auth/me", headers={"authorization": "Bearer e30.e30.AAAA"}),
        ):
            assert answer.status_code in {401, 503}, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/.well-known/jwks.json")).status_code == 503
        link.symlink_to(sockets)
        await eventually(is_ready, 15)
        made = await client.post("/v1/auth/accounts", json=person)
        assert made.status_code == 201, made.text
        me = await client.get("/v1/auth/me", headers={"authorization": f"Bearer {made.json()['access_token']}"})
        assert me.status_code == 200, me.text
