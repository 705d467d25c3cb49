"""What tests share: VoteWave itself, running as a process of its own on embedded servers.

When the last test is over, its logs are searched for every password, address, token and secret that went
through `client`.

`votewave` is the same program that `./just up` starts, on a folder of its own and a free port. Tests speak
to it over HTTP as any client does, and look into its database where a promise is about what is stored.
"""

import asyncio
import contextlib
import email
import email.policy
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import httpx._transports.default as transports
import pytest

import measuring
import needs
from log_search import CONFIDENTIAL, leaks, note
from refusals import Documented

# Workers of pytest-xdist ignore SIGINT, and what they start would inherit that: tests send it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
os.environ["PATH"] += ":/usr/sbin:/sbin"  # where root's programs are, whoever runs the tests
os.environ["VOTEWAVE_BUILD"] = "never"  # no test spends minutes on a program, or is measured beside a compiler

READY_SECONDS = 90
# httpx reads 140 authorities' certificates for each client, 50 ms of processor, which was half of what tests cost. They
# speak plain HTTP or name the certificate that they trust, so that one reading is enough for all.
transports.create_ssl_context = cache(transports.create_ssl_context)

# Byte code is kept, as in use: without it every start compiles all modules, which takes seconds. And tests start
# hundreds of programs, which inherit this.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
ENVIRONMENT = dict(os.environ)


_MEASURED = "measured"


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a line about what was measured; printed when all tests are over, for nobody sees what workers print."""
    return lambda line: record_property(_MEASURED, line)


@pytest.fixture(scope="module")
def before_others() -> Iterator[None]:
    """Give what a module judges by the clock, and what it starts, the processors before other tests' programs.

    Only root may; anybody else's tests take their turn.
    """
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, usual - 15)
    yield
    os.setpriority(os.PRIO_PROCESS, 0, usual)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a machine that is meant to have everything insist on it."""
    parser.addoption("--nothing-left-out", action="store_true", help="fail if a test's needs aren't here")
    parser.addoption("--may-lack", action="append", default=[], metavar="NAME", help="but not if it is this")


def _lacking(reporter: pytest.TerminalReporter) -> list[str]:
    """Return a line for each thing that is missing and has to be here."""
    if not reporter.config.getoption("--nothing-left-out"):
        return []
    may_lack = {*needs.SYSTEM, *reporter.config.getoption("--may-lack")}
    return needs.summary(reporter.stats.get("skipped", []), may_lack)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what collecting makes, neither then nor while tests run: all of it stays to the end.

    And among what is made later as seldom as the server does.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what can't run here; have files with slow tests first, or the last one would run alone for minutes."""
    needs.leave_out(items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if something was left out and nothing may be."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None and session.exitstatus == pytest.ExitCode.OK and _lacking(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, and what was left out."""
    if left_out := needs.summary(terminalreporter.stats.get("skipped", [])):
        terminalreporter.section("left out")
        for line in left_out:
            terminalreporter.write_line(line)
        if _lacking(terminalreporter):
            terminalreporter.write_line("That is a failure: nothing that can be had may be left out.", red=True)
    calls = [it for reports in terminalreporter.stats.values() for it in reports if getattr(it, "when", "") == "call"]
    lines = [line for it in calls for name, line in it.user_properties if name == _MEASURED]
    if lines:
        terminalreporter.section("measured")
        for line in sorted(lines):
            terminalreporter.write_line(line)
        measuring.tell_workflow(lines)


class VoteWave:
    """A running VoteWave.

    Attributes:
        url: Where it serves.
        data_dir: Its folder.
    """

    def __init__(self, data_dir: Path, project: Path = ROOT, **environment: str) -> None:
        self.data_dir = data_dir
        self._project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = data_dir.parent / f"{data_dir.name}.log"
        self._environment = {
            "VOTEWAVE_LOG_FORMAT": "json",
            "VOTEWAVE_LOG_LEVEL": "info",
            "VOTEWAVE_AUTH_GUESTS_PER_ADDRESS": "1000000",
            "VOTEWAVE_AUTH_ACCOUNTS_PER_ADDRESS": "1000000",
            "VOTEWAVE_AUTH_SESSIONS_PER_ADDRESS": "1000000",
            "VOTEWAVE_AUTH_HASH_MEMORY_KIB": "8192",  # nobody breaks into these accounts, and there are thousands
            "VOTEWAVE_AUTH_HASH_TIME": "1",
            "VOTEWAVE_POLLS_CONFIRM_SECONDS": "10",  # on a busy machine too
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def admin_dsn(self) -> str:
        """Its Postgres, as the administrator."""
        return self._said("database_url")

    @property
    def redis_url(self) -> str:
        """Its Valkey."""
        return self._said("redis_url")

    def _said(self, name: str) -> str:
        """Return what `up` has left in the folder's lock file about itself."""
        return str(json.loads((self.data_dir / "up.lock").read_bytes())[name])

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "services.cli",
                    "up",
                    "--port",
                    str(self.port),
                    "--data-dir",
                    str(self.data_dir),
                ],
                cwd=self._project,
                stdout=log,
                stderr=log,
                env={**ENVIRONMENT, **self._environment},
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        self.kill()  # one that stayed would take the processor from the next
        raise AssertionError(f"VoteWave didn't become ready:\n{self.log()[-4000:]}")

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does; return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def kill(self) -> None:
        """SIGKILL: no warning, no cleaning up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def restart(self) -> None:
        """Stop if it still runs, then start."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.start()

    def log(self) -> str:
        """Return all that it has logged so far."""
        return self.log_path.read_text(errors="replace")

    def mails(self, address: str) -> list[EmailMessage]:
        """Return the mails to an address, the oldest first."""
        found = []
        for path in sorted((self.data_dir / "mail").glob("*.eml")):
            raw = path.read_bytes()
            if address.encode() in raw:  # parsing one takes a millisecond, and there are thousands
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                assert isinstance(mail, EmailMessage)
                if mail["To"] == address:
                    found.append(mail)
        return found

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a query as the administrator."""
        connection = await asyncpg.connect(self.admin_dsn)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def votewave(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoteWave]:
    """The VoteWave that most integration tests share; it logs all there is to log."""
    running = VoteWave(tmp_path_factory.mktemp("votewave") / "data", VOTEWAVE_LOG_LEVEL="debug")
    running.start()
    secrets = json.loads((running.data_dir / "secrets.json").read_bytes())
    yield running
    running.stop()
    logs = [running.log_path, *(running.data_dir / "log").iterdir()]
    assert leaks(logs, CONFIDENTIAL | set(secrets.values())) == []


@pytest.fixture
def own_votewave(tmp_path: Path) -> Iterator[VoteWave]:
    """A VoteWave of a test's own, for those that kill or starve it. Not started yet."""
    own = VoteWave(tmp_path / "data")
    yield own
    if own._process is not None and own._process.poll() is None:
        own.stop()


@pytest.fixture(scope="session")
def documented(votewave: VoteWave) -> Documented:
    """What the document of the shared VoteWave says of refusals."""
    return Documented(httpx.get(f"{votewave.url}/openapi.json", timeout=20).json())


@pytest.fixture
async def client(votewave: VoteWave, documented: Documented) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the shared VoteWave. No refusal that it meets may lack in the API's document."""
    hooks = {"response": [note, documented.hold]}
    documented.missing.clear()
    async with httpx.AsyncClient(base_url=votewave.url, timeout=20, event_hooks=hooks) as session:
        yield session
    assert documented.missing == set()


async def eventually(check: Any, seconds: float = 10.0) -> Any:
    """Wait until `await check()` gives something true, and return it. What has taken long is asked for less often."""
    began = time.monotonic()
    while True:
        found = await check()
        if found:
            return found
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"still {found!r} after {seconds} s")
        await asyncio.sleep(min(max(waited / 20, 0.05), 0.5))
