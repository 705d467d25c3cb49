"""`votewave` as a person at a terminal or a service manager meets it."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import click
import httpx
import psutil
import pytest
from click.testing import CliRunner
from services.cli import main
from services.operator_cli import events
from services.registry import NAMES, load_services

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "services.cli"]
# As for a person: byte code is kept, so that only the very first start compiles.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
READY_SECONDS = 60.0


def votewave(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**ENVIRONMENT, **environment},
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One `votewave up`."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.began = time.monotonic()
        self.output = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
        with self.output.open("wb") as output:
            self.process = psutil.Popen(
                [*COMMAND, "up", "--port", str(self.port), "--data-dir", str(folder)],
                stdout=output,
                stderr=output,
                env={**ENVIRONMENT, **environment},
            )

    def ready(self) -> float:
        """Wait until it takes requests; return the seconds since it was started."""
        while time.monotonic() - self.began < READY_SECONDS:
            assert self.process.poll() is None, self.output.read_text()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200:
                    return time.monotonic() - self.began
            time.sleep(0.05)
        raise AssertionError(self.output.read_text())

    def said(self) -> str:
        """Return what it has printed."""
        return self.output.read_text()

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def end(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return int(self.process.wait(30))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in part for part in process.info["cmdline"] or ()):
            process.kill()


def sign_up(url: str) -> tuple[str, Any]:
    body = {"email": "ada@example.org", "password": "a long enough passphrase"}
    answer = httpx.post(f"{url}/v1/auth/accounts", json=body, timeout=20)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access_token"]
    return token, httpx.get(f"{url}/v1/profiles/me", headers=bearer(token), timeout=20).json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def gone(processes: list[psutil.Process], seconds: float = 10) -> bool:
    return not psutil.wait_procs(processes, timeout=seconds)[1]


def test_ctrl_c_stops_all_in_order_and_a_kill_loses_nothing(folder: Path, measured: Callable[[str], None]) -> None:
    first = Up(folder)
    took = [first.ready()]
    secrets = folder / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    kept = secrets.read_bytes()
    token, profile = sign_up(first.url)
    family = first.family()
    assert len(family) > 2
    assert first.end(signal.SIGINT) == 0
    assert gone(family)
    assert first.said().splitlines()[-1] == f"votewave: Stopped. Data stay in {folder}"

    second = Up(folder)
    took.append(second.ready())
    assert httpx.get(f"{second.url}/v1/profiles/me", headers=bearer(token), timeout=20).json() == profile
    second.process.kill()
    second.process.wait(10)

    third = Up(folder)
    took.append(third.ready())
    assert httpx.get(f"{third.url}/v1/profiles/me", headers=bearer(token), timeout=20).json() == profile
    assert secrets.read_bytes() == kept
    family = third.family()
    assert third.end(signal.SIGTERM) == 0
    assert gone(family)

    copy = folder.parent / "copy"  # what docs/operations.md says of keeping a laptop's data
    subprocess.run(["cp", "-a", str(folder), str(copy)], check=True)
    restored = Up(copy)
    restored.ready()
    assert httpx.get(f"{restored.url}/v1/profiles/me", headers=bearer(token), timeout=20).json() == profile
    assert restored.end(signal.SIGTERM) == 0
    measured(f"up: ready in {took[0]:.1f} s, again in {took[1]:.1f} s, after a kill in {took[2]:.1f} s")
    assert max(took[1:]) < 30  # 5 s on a machine with nothing else to do


def test_a_second_one_says_who_runs_where_and_leaves_it_alone(folder: Path) -> None:
    first = Up(folder)
    first.ready()
    for port in (first.port, free_port()):
        second = votewave("up", "--port", str(port), "--data-dir", str(folder))
        assert second.returncode == 1
        assert str(first.process.pid) in second.stderr
        assert first.url in second.stderr
        assert len(second.stderr.splitlines()) == 1
    other = votewave("run", "profiles", VOTEWAVE_PORT=str(first.port))
    assert other.returncode == 1, "two servers never share a port"
    assert "Address already in use" in other.stderr
    assert httpx.get(f"{first.url}/health/ready", timeout=5).status_code == 200

    family = first.family()
    first.process.send_signal(signal.SIGINT)  # impatient
    time.sleep(0.2)
    first.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    first.process.send_signal(signal.SIGHUP)
    assert first.process.wait(30) == 0
    assert gone(family)


def embedded_pids(folder: Path) -> dict[str, int]:
    said = json.loads((folder / "up.lock").read_bytes())
    valkey = Path(said["redis_url"].removeprefix("unix://")).with_name("valkey.pid")
    return {
        "PostgreSQL": int((folder / "postgres" / "postmaster.pid").read_text().split()[0]),
        "Valkey": int(valkey.read_text()),
    }


@pytest.mark.parametrize("name", ["PostgreSQL", "Valkey"])
def test_a_server_that_dies_is_started_again_and_one_that_keeps_dying_ends_it_with_a_sentence(
    folder: Path, name: str
) -> None:
    running = Up(folder)
    running.ready()
    token, profile = sign_up(running.url)
    for death in range(1, 4):
        family = running.family()
        dead = embedded_pids(folder)[name]
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda death=death: running.said().count(f"{name} ended by itself and is started again") == death)
        wait_until(lambda dead=dead: embedded_pids(folder)[name] != dead)
        running.ready()
        wait_until(lambda: answers(running.url, token, profile))
    os.kill(embedded_pids(folder)[name], signal.SIGKILL)
    assert running.process.wait(30) == 1
    assert f"votewave: {name} keeps ending" in running.said().splitlines()[-1]
    assert "Traceback" not in running.said()
    assert gone(family)


def answers(url: str, token: str, profile: Any) -> bool:
    answer = httpx.get(f"{url}/v1/profiles/me", headers=bearer(token), timeout=20)
    return answer.status_code == 200 and bool(answer.json() == profile)


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, IndexError, ValueError):  # a pid file that is being written
            if holds():
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_just_up_says_something_at_once_and_takes_folders_from_where_it_is_called(folder: Path) -> None:
    port, elsewhere = free_port(), folder.parent / "where I am"
    elsewhere.mkdir()
    began = time.monotonic()
    process = psutil.Popen(
        [ROOT / "just", "up", "--port", str(port), "--data-dir", "my data"],
        cwd=elsewhere,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,  # a terminal's Ctrl-C reaches all of them
    )
    try:
        lines = [process.stderr.readline()]
        assert time.monotonic() - began < 1, "nobody waits in silence"
        while not lines[-1].startswith("VoteWave is up"):
            assert lines[-1], lines
            lines.append(process.stderr.readline())
        told = re.search(r"\(([\d.]+) s\)", lines[-1])
        assert told is not None
        assert abs(float(told[1]) - (time.monotonic() - began)) < 0.5, "all of it is counted"
        assert (elsewhere / "my data" / "postgres").is_dir()
    finally:
        os.killpg(process.pid, signal.SIGINT)
    with process.stderr:
        rest = process.stderr.read()
    assert process.wait(30) == 0
    assert rest.splitlines()[-1].startswith("votewave: Stopped.")


def park(folder: Path, event: UUID, payload: bytes) -> None:
    """Put an event where Profiles keeps what it couldn't handle."""

    async def insert() -> None:
        url = json.loads((folder / "up.lock").read_bytes())["database_url"]
        connection = await asyncpg.connect(url)
        await connection.execute(
            "INSERT INTO profiles.parked (event_id, source, kind, payload, trace, error)"
            " VALUES ($1, 'votewave:events:auth', 'auth.account.opened', $2, '', 'KeyError')",
            event,
            payload,
        )
        await connection.close()

    asyncio.run(insert())


def test_parked_events_are_listed_and_replayed_from_the_command_line(folder: Path) -> None:
    running = Up(folder)
    running.ready()
    good, bad = uuid4(), uuid4()
    account = uuid4()
    park(folder, good, json.dumps({"account": str(account), "kind": "user"}).encode())
    park(folder, bad, b'{"account": "nobody"}')
    here = ["--data-dir", str(folder), "events"]
    listed = votewave(*here, "parked", "profiles", "--json")
    assert [row["event_id"] for row in json.loads(listed.stdout)] == [str(good), str(bad)]
    assert "2 parked" in votewave(*here, "parked", "profiles").stdout
    lag = votewave(*here, "lag", "profiles", "--json")
    assert lag.returncode == 1
    assert [(row["publisher"], row["parked"], row["behind"]) for row in json.loads(lag.stdout)] == [("auth", 2, 0)]

    failed = votewave(*here, "replay", "profiles", str(bad))
    assert failed.returncode == 1
    assert "stays parked" in failed.stderr
    assert "Traceback" not in failed.stderr
    handled = votewave(*here, "replay", "profiles", str(good))
    assert (handled.returncode, handled.stdout) == (0, "handled\n"), handled.stderr
    missing = votewave(*here, "replay", "profiles", str(good))
    assert missing.returncode == 1
    assert str(good) in missing.stderr
    left = json.loads(votewave(*here, "parked", "profiles", "--json").stdout)
    assert [row["event_id"] for row in left] == [str(bad)]
    handle = f"voter-{account.hex[-10:]}"
    assert httpx.get(f"{running.url}/v1/profiles/{handle}", timeout=20).status_code == 200
    assert running.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_leaves_nothing_behind(folder: Path, sign: signal.Signals) -> None:
    starting = Up(folder)
    while not (folder / "log" / "valkey.log").exists():
        assert starting.process.poll() is None, starting.output.read_text()
        time.sleep(0.01)
    time.sleep(0.3)
    family = starting.family()
    assert starting.end(sign) == 0, starting.output.read_text()
    assert gone(family)
    assert "Traceback" not in starting.output.read_text()


def test_a_taken_port_is_named_and_nothing_is_started(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = votewave("up", "--port", port, "--data-dir", str(folder))
        assert done.returncode == 1
        assert f"port {port}" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not folder.exists()
        done = votewave("run", "profiles", VOTEWAVE_PORT=port)
        assert done.returncode == 1
        assert f"port {port}" in done.stderr
        assert "Traceback" not in done.stderr


WRONG = {
    "VOTEWAVE_DATABASE_POOL": "1",
    "VOTEWAVE_LOG_LEVEL": "loud",
    "VOTEWAVE_DRAIN_SECONDS": "nan",
}


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (["run", "all"], WRONG | {"VOTEWAVE_PORT": "abc", "VOTEWAVE_PEERS": "pigeons"}),
        (["up"], WRONG),
        (["up"], {"VOTEWAVE_PORT": "abc"}),
        (["up"], {"VOTEWAVE_MAIL": "pigeon"}),
        (["run", "auth"], {"VOTEWAVE_AUTH_ACCESS_TOKEN_SECONDS": "1e9"}),
        (["migrate", "--admin-url", "postgresql:///x"], {"VOTEWAVE_SECRETS": "nonsense"}),
    ],
)
def test_each_wrong_setting_is_named_with_its_variable(
    folder: Path, command: list[str], environment: dict[str, str]
) -> None:
    if command == ["up"]:
        command = ["up", "--data-dir", str(folder)]
    done = votewave(*command, **{"VOTEWAVE_PORT": str(free_port()), **environment})
    assert done.returncode != 0
    for variable in environment:
        assert variable in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_servers_that_are_away_are_a_sentence(tmp_path: Path) -> None:
    nowhere = f"postgresql:///votewave?host={tmp_path}"
    secrets = tmp_path / "secrets.json"
    needed = [f"{service.name}/{secret}" for service in load_services(["all"]) for secret in service.secrets]
    secrets.write_text(json.dumps(dict.fromkeys([*needed, *(f"{name}/database" for name in NAMES)], "x" * 64)))
    secrets.chmod(0o600)
    places = {
        "VOTEWAVE_DATABASE_URL": nowhere,
        "VOTEWAVE_REDIS_URL": f"unix://{tmp_path}/none",
        "VOTEWAVE_SECRETS": f"file://{secrets}",
        "VOTEWAVE_PORT": str(free_port()),
    }
    for arguments in (["migrate", "--admin-url", nowhere], ["events", "parked", "polls"], ["recount", str(uuid4())]):
        done = votewave(*arguments, **places)
        assert done.returncode == 1, arguments
        assert "can't be reached" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_who_has_no_secrets_is_told_how_to_reach_a_running_up(tmp_path: Path) -> None:
    nowhere = {
        "VOTEWAVE_SECRETS": f"file://{tmp_path}/none.json",
        "VOTEWAVE_DATABASE_URL": f"postgresql:///v?host={tmp_path}",
    }
    done = votewave("role", "ada@example.org", "admin", **nowhere)
    assert done.returncode == 1
    assert "can't be reached" not in done.stderr
    assert "The secret auth/database isn't in" in done.stderr
    assert "./just votewave --data-dir .votewave" in done.stderr


def test_a_service_that_doesn_t_exist_is_named() -> None:
    done = CliRunner().invoke(main, ["migrate", "pols", "--admin-url", "x"])
    assert done.exit_code == 1
    assert "pols" in done.output
    assert "polls" in done.output


COMMANDS = [
    [],
    ["up"],
    ["run"],
    ["migrate"],
    ["revision"],
    ["settings"],
    ["events"],
    ["events", "lag"],
    ["events", "parked"],
    ["events", "replay"],
    ["role"],
    ["rotate-key"],
    ["recount"],
    ["seed"],
    ["tally"],
]


def test_the_list_of_commands_is_whole() -> None:
    named = [[name] for name in main.list_commands(click.Context(main))] + [
        ["events", name] for name in events.commands
    ]
    assert sorted([*named, []]) == sorted(COMMANDS)


def test_help_has_examples_and_waits_for_no_framework() -> None:
    script = (
        "import sys, time; began = time.process_time()\n"
        "from click.testing import CliRunner; from services.cli import main\n"
        f"for command in {COMMANDS!r}:\n"
        "    done = CliRunner().invoke(main, [*command, '--help'])\n"
        "    assert done.exit_code == 0, command\n"
        "    assert 'Example' in done.output, command\n"
        "    typed = './just up' if command == ['up'] else 'votewave ' + ' '.join(command)\n"
        "    assert typed in done.output, command\n"
        "heavy = {'litestar', 'sqlalchemy', 'uvicorn', 'aiohttp', 'redis', 'alembic', 'boto3'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "print(time.process_time() - began)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 2  # all of them; measured: 0.3 s
