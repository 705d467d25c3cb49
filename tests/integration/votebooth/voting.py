"""Owners, voters and polls for the tests of the vote path."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.core.kit import Kit, Shared
from services.polls.methods import PARAMETERS
from services.votebooth.recount.compare import recount as recount_poll
from services.votebooth.settings import VoteBoothSettings
from tests.conftest import free_port
from tests.integration.inside import settings_beside

ROOT = Path(__file__).parents[3]
PASSWORD = "a boat, a lamp and 3 keys"


async def user(client: httpx.AsyncClient) -> dict[str, str]:
    """Sign somebody up; return the header that says who it is."""
    body = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    answer = await client.post("/v1/auth/accounts", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def guest(client: httpx.AsyncClient) -> dict[str, str]:
    """Let a guest in; return the header that says who it is."""
    answer = await client.post("/v1/auth/guests")
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def guests(client: httpx.AsyncClient, count: int) -> list[dict[str, str]]:
    """Let guests in, eight at a time."""
    found: list[dict[str, str]] = []
    while len(found) < count:
        found += await asyncio.gather(*(guest(client) for _ in range(min(8, count - len(found)))))
    return found


def subject_id(headers: dict[str, str]) -> bytes:
    """Return the id inside a bearer token."""
    payload = headers["Authorization"].split(".")[1]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return UUID(json.loads(claims)["sub"]).bytes


class Poll:
    """A published poll."""

    def __init__(self, client: httpx.AsyncClient, owner: dict[str, str], said: dict[str, Any]) -> None:
        self.client = client
        self.owner = owner
        self.id: str = said["id"]
        self.code: str = said.get("code", "")
        self.anonymous = bool(said.get("rules", {}).get("anonymous"))
        self.path = f"/v1/votebooth/polls/{self.id}"

    async def put(self, voter: dict[str, str], body: Any, **headers: str) -> httpx.Response:
        """Cast or change a ballot; `secret=` and `token=` become headers."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        named = {"content-type": "application/json"} if isinstance(body, bytes) else {}
        return await self.client.put(f"{self.path}/ballot", headers={**voter, **named, **_named(headers)}, **content)

    async def mine(self, voter: dict[str, str], **headers: str) -> httpx.Response:
        return await self.client.get(f"{self.path}/ballot", headers={**voter, **_named(headers)})

    async def withdraw(self, voter: dict[str, str], **headers: str) -> httpx.Response:
        return await self.client.delete(f"{self.path}/ballot", headers={**voter, **_named(headers)})

    async def receipts(self) -> list[str]:
        """Return the whole public list."""
        found: list[str] = []
        cursor = ""
        while True:
            query = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
            answer = await self.client.get(f"{self.path}/receipts", params=query)
            assert answer.status_code == 200, answer.text
            found += [item["receipt"] for item in answer.json()["items"]]
            cursor = answer.json()["next"]
            if not cursor:
                return found

    async def close(self) -> None:
        """Close it by hand, and wait until the booth knows."""
        answer = await self.client.post(f"/v1/polls/{self.id}/close", headers=self.owner)
        assert answer.status_code in {200, 202, 204}, answer.text


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {f"Ballot-{name.capitalize()}": value for name, value in headers.items()}


async def poll(client: httpx.AsyncClient, method: str = "single", options: int = 3, **values: Any) -> Poll:
    """Publish a poll of a new owner; anyone may vote in it unless `rules` say otherwise."""
    owner = values.pop("owner", None) or await user(client)
    parameters = {name: values.pop(name) for name in PARAMETERS if name in values}
    body = {
        "title": "Lunch?",
        "method": {"type": method, **parameters},
        "options": [{"label": f"Option {number}"} for number in range(1, options + 1)],
        "rules": {"eligibility": "anyone", **values.pop("rules", {})},
        "publish": True,
        **values,
    }
    answer = await client.post("/v1/polls", headers=owner, json=body)
    assert answer.status_code == 201, answer.text
    return Poll(client, owner, answer.json())


def secret() -> str:
    """Return a voter's own secret."""
    return secrets.token_urlsafe(16)


async def recount(votewave: Any, poll_id: str) -> tuple[int, list[str]]:
    """Count a poll's stored ballots; return how many there are, and where the counters say otherwise."""
    kit = booth_kit(votewave)
    try:
        found = await recount_poll(kit, UUID(poll_id))
    finally:
        await kit.db.close()
        await kit.shared.close()
    return found.ballots, found.differences


def booth_kit(votewave: Any, peers: str = "") -> Kit[VoteBoothSettings]:
    """Return what a VoteBooth of a running VoteWave is given; its peers are there, unless it is said where."""
    return Kit("votebooth", VoteBoothSettings(), Shared(settings_beside(votewave, peers)))


class Instance:
    """One more VoteBooth, or another service, beside the one in `votewave`: processes of its own on the same servers.

    Attributes:
        url: Where it serves; stays the same when it is started again.
    """

    def __init__(self, votewave: Any, service: str = "votebooth", **environment: str) -> None:
        port = free_port()
        self._service = service
        self.url = f"http://127.0.0.1:{port}"
        self.log_path = votewave.data_dir.parent / f"booth-{port}.log"
        self._environment = {
            "VOTEWAVE_PORT": str(port),
            "VOTEWAVE_PUBLIC_URL": votewave.url,
            "VOTEWAVE_DATABASE_URL": votewave.admin_dsn.replace("postgres@", ""),
            "VOTEWAVE_REDIS_URL": votewave.redis_url,
            "VOTEWAVE_SECRETS": f"file://{votewave.data_dir}/secrets.json",
            "VOTEWAVE_STORAGE": f"file://{votewave.data_dir}/files",
            "VOTEWAVE_MAIL": f"console://{votewave.data_dir}/mail",
            "VOTEWAVE_PEERS": f"static:{votewave.url}",
            "VOTEWAVE_LOG_LEVEL": "warning",
            **environment,
        }
        self._forks: subprocess.Popen[str] | None = None
        self._pid = 0

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self._pid = int(await asyncio.to_thread(self._tell, "start"))
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{self.url}/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.02)
        raise AssertionError(self.log_path.read_text())

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self._pid, signal.SIGKILL)
        self._tell(f"wait {self._pid}")

    def stop(self) -> int:
        """SIGTERM; returns the exit code. It can't be started again."""
        os.kill(self._pid, signal.SIGTERM)
        code = int(self._tell(f"wait {self._pid}"))
        assert self._forks is not None
        with self._forks as forks:
            forks.communicate(timeout=10)
        return code

    def _tell(self, command: str) -> str:
        if self._forks is None:
            with self.log_path.open("ab") as log:
                self._forks = subprocess.Popen(
                    [sys.executable, "-m", "tests.integration.votebooth.forks", self._service],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env={**os.environ, **self._environment},
                    cwd=ROOT,
                    text=True,
                    bufsize=1,
                )
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        self._forks.stdin.write(f"{command}\n")
        return self._forks.stdout.readline().strip()
