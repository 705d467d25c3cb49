import asyncio
import contextlib
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis
from services import embedded
from services.embedded import AlreadyRunning, Embedded, EmbeddedError, postgres, valkey
from services.embedded.account import Account
from services.embedded.process import command_line

root_only = pytest.mark.needs("root")


async def query(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def sockets(folder: Path) -> Path:
    """Return where the servers' sockets are: beside the data unless their user can't go there."""
    beside = folder / "run"
    return beside if beside.exists() else Embedded(folder)._short_dir()


def pids(folder: Path) -> list[int]:
    postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    return [postmaster, int((sockets(folder) / "valkey.pid").read_text())]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, closed to everybody else, as a home folder would be."""
    with tempfile.TemporaryDirectory(prefix="vw-") as name:
        yield Path(name) / "data"


async def test_both_servers_answer_and_only_on_unix_sockets(folder: Path) -> None:
    async with Embedded(folder) as servers:
        assert servers.database_url == f"postgresql://postgres@/votewave?host={sockets(folder)}"
        assert servers.redis_url == f"unix://{sockets(folder)}/valkey.sock"
        settings = {
            "server_version_num": "18",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "TimeZone": "UTC",
            "listen_addresses": "",
            "track_commit_timestamp": "off",
            "max_connections": "200",
            "server_encoding": "UTF8",
        }
        for name, value in settings.items():
            found = await query(servers.database_url, f"SELECT current_setting('{name}')")
            assert str(found).startswith(value), name
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("save") == {"save": ""}
        assert stat.S_IMODE(sockets(folder).stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700


async def test_who_reaches_the_socket_still_has_to_be_the_administrator_or_know_a_password(folder: Path) -> None:
    async with Embedded(folder) as servers:
        await query(servers.database_url, "CREATE ROLE ada LOGIN PASSWORD 'a boat'")
    (folder / "postgres" / "pg_hba.conf").write_text("local all all trust\n")  # as earlier versions left it
    async with Embedded(folder) as servers:
        url = servers.database_url.replace("postgres@", "ada@")
        for password in ("", "a lamp"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await query_as(url, password)
        assert await query_as(url, "a boat") == "ada"


async def query_as(url: str, password: str) -> object:
    connection = await asyncpg.connect(url, password=password, passfile="/dev/null")
    try:
        return await connection.fetchval("SELECT current_user::text")
    finally:
        await connection.close()


@root_only
def test_another_account_is_not_the_administrator_even_if_it_reaches_the_socket(folder: Path) -> None:
    with Embedded(folder):
        run = sockets(folder)
        server = run / ".s.PGSQL.5432"
        for path, mode in ((folder.parent, 0o711), (folder, 0o711), (run, 0o711), (server, 0o777)):
            path.chmod(mode)
        assert first_answer(server) == b"R"
        os.seteuid(12345)
        try:
            assert first_answer(server) == b"E"
        finally:
            os.seteuid(0)


def first_answer(path: Path) -> bytes:
    """Say hello to PostgreSQL as the administrator; `R` is a welcome here, `E` an error."""
    hello = b"\0\x03\0\0user\0postgres\0database\0votewave\0\0"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(10)
        server.connect(str(path))
        server.sendall((len(hello) + 4).to_bytes(4) + hello)
        return server.recv(1)


async def test_data_outlive_a_stop_and_a_warm_start_is_quick(folder: Path) -> None:
    async with Embedded(folder) as servers:
        await query(servers.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
    began = time.monotonic()
    async with Embedded(folder) as servers:
        assert time.monotonic() - began < 1.5
        assert await query(servers.database_url, "SELECT n FROM kept") == 7


async def test_a_second_start_says_who_runs_where(folder: Path) -> None:
    async with Embedded(folder) as servers:
        servers.describe(url="http://127.0.0.1:8000")
        with pytest.raises(AlreadyRunning, match=r"http://127\.0\.0\.1:8000") as caught:
            Embedded(folder).start()
        assert caught.value.pid == os.getpid()
        assert caught.value.url == "http://127.0.0.1:8000"
        assert servers.postgres.running
    async with Embedded(folder):
        assert "url" not in json.loads((folder / "up.lock").read_text())


PARENT = """
import sys, time
from pathlib import Path
from services.embedded import Embedded
servers = Embedded(Path(sys.argv[1]))
servers.start()
print("ready", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def parent(folder: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", PARENT, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


async def test_data_outlive_a_sigkill_of_the_parent_and_its_servers_are_replaced(folder: Path) -> None:
    with parent(folder) as process:
        url = f"postgresql://postgres@/votewave?host={sockets(folder)}"
        await query(url, "CREATE TABLE kept AS SELECT 7 AS n")
        process.kill()
        process.wait()
    left = pids(folder)
    assert all(command_line(pid) for pid in left), "the servers outlive their parent"
    async with Embedded(folder) as servers:
        assert not any(str(folder) in command_line(pid) for pid in left)
        assert await query(servers.database_url, "SELECT n FROM kept") == 7


async def test_data_outlive_a_sigkill_of_everything(folder: Path) -> None:
    with parent(folder) as process:
        url = f"postgresql://postgres@/votewave?host={sockets(folder)}"
        await query(url, "CREATE TABLE kept AS SELECT 7 AS n")
        for pid in [process.pid, *pids(folder)]:
            os.kill(pid, signal.SIGKILL)
    async with Embedded(folder) as servers:
        assert await query(servers.database_url, "SELECT n FROM kept") == 7


def test_the_terminal_s_ctrl_c_does_not_reach_the_servers(folder: Path) -> None:
    with parent(folder) as process:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
        assert all(command_line(pid) for pid in pids(folder))
    with Embedded(folder):
        pass


def test_a_process_id_that_a_stranger_has_by_now_is_no_obstacle(folder: Path) -> None:
    with Embedded(folder):
        lines = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
        run = sockets(folder)
    # A lone process of the servers' own user: PostgreSQL by itself would take it for a live server.
    uid = (folder / "postgres").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=uid if os.geteuid() == 0 else None)
    try:
        stale = "\n".join([str(stranger.pid), *lines[1:]]) + "\n"
        (folder / "postgres" / "postmaster.pid").write_text(stale)
        run.mkdir(mode=0o700, exist_ok=True)
        (run / ".s.PGSQL.5432.lock").write_text(stale)
        (run / "valkey.pid").write_text(f"{stranger.pid}\n")
        with Embedded(folder) as servers:
            assert servers.postgres.running
        assert stranger.poll() is None, "a stranger is left alone"
    finally:
        stranger.kill()
        stranger.wait()


async def test_half_a_first_start_leaves_nothing_in_the_way(folder: Path) -> None:
    half = folder / "postgres.new-1234"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (folder / "postgres").mkdir()
    async with Embedded(folder) as servers:
        assert await query(servers.database_url, "SELECT 1") == 1
    assert not half.exists()


@pytest.mark.parametrize("name", ["deep-" + "x" * 120, "with, a comma", "größer"])
async def test_any_folder_s_path_will_do(folder: Path, name: str) -> None:
    async with Embedded(folder / name) as servers:
        assert await query(servers.database_url, "SELECT 1") == 1
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
        sockets = servers.valkey.socket.parent
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert not sockets.is_relative_to(folder)
    assert not sockets.exists()


@root_only
def test_a_stranger_s_folder_in_the_shared_place_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = Embedded(folder / ("x" * 120))
    short = servers._short_dir()
    short.mkdir(mode=0o777)
    os.chown(short, 12345, 12345)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    try:
        with pytest.raises(EmbeddedError, match="Unix socket"):
            servers.start()
    finally:
        short.rmdir()


def test_files_that_are_not_ours_are_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "thesis.txt").write_text("precious")
    with pytest.raises(EmbeddedError, match="isn't a PostgreSQL cluster"):
        Embedded(folder).start()
    assert (folder / "postgres" / "thesis.txt").read_text() == "precious"


def test_a_newer_major_version_is_named(folder: Path) -> None:
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("19\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 19, and this VoteWave brings 18\. Use"):
        Embedded(folder).start()


def test_a_file_in_the_folder_s_place_is_named(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(EmbeddedError, match="is a file where a folder is needed"):
        Embedded(folder).start()


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    script = (
        "import asyncio, os, sys; from pathlib import Path; from services import embedded\n"
        "from services.embedded import Embedded, EmbeddedError\n"
        "found = embedded.programs(); embedded.programs = lambda: found\n"  # nobody may be unable to look for them
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: Embedded(Path(sys.argv[1])).start()\n"
        "except EmbeddedError as error: print(error)\n"
    )
    folder.mkdir(mode=0o555)
    folder.parent.chmod(0o755)
    argv = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "can't be written by this user" in done.stdout, done.stderr


def test_a_damaged_cluster_ends_in_a_sentence_and_stops_valkey_too(folder: Path) -> None:
    with Embedded(folder) as servers:
        sock = servers.valkey.socket
    (folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match=r"PostgreSQL ended while starting.*log/postgres\.log"):
        Embedded(folder).start()
    assert not sock.exists()


@pytest.mark.needs("mounts")
def test_a_full_disk_ends_in_a_sentence(folder: Path) -> None:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True)
    try:
        with pytest.raises(EmbeddedError, match=r"The disk is full: free some space"):
            Embedded(folder).start()
        assert not list(folder.glob("postgres*"))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_one_server_failing_does_not_keep_the_other_from_being_stopped(folder: Path) -> None:
    with Embedded(folder) as servers:
        postmaster, valkey = pids(folder)
        os.kill(valkey, signal.SIGKILL)
    assert not servers.postgres.running
    assert not command_line(postmaster)


async def test_a_test_may_take_one_server_away_and_bring_it_back(folder: Path) -> None:
    async with Embedded(folder) as servers:
        await asyncio.to_thread(servers.valkey.stop)
        with redis.Redis.from_url(servers.redis_url) as client, pytest.raises(redis.ConnectionError):
            client.ping()
        servers.valkey.start()
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
        servers.postgres.stop()
        servers.postgres.start()
        assert await query(servers.database_url, "SELECT 1") == 1


def effective_capabilities(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16)


@root_only
def test_root_s_servers_run_as_another_user_who_reaches_all_and_parent_folders_keep_their_modes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = _copy_of_programs()  # this clone may be below a closed folder itself
    monkeypatch.setattr(postgres, "programs", lambda: reached[0].parent)
    monkeypatch.setattr(embedded, "programs", lambda: reached[0].parent)
    monkeypatch.setattr(valkey, "program", lambda: reached[1])
    monkeypatch.setattr(embedded, "program", lambda: reached[1])
    folder.parent.chmod(0o711)
    before = folder.parent.stat().st_mode
    with Embedded(folder) as servers:
        owner = (folder / "postgres").stat().st_uid
        assert owner != 0
        assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}
        for pid in pids(folder):
            assert Path(f"/proc/{pid}").stat().st_uid == owner
            assert effective_capabilities(pid) == 0
        assert servers.note == ""
    assert folder.parent.stat().st_mode == before


def _copy_of_programs() -> tuple[Path, Path]:
    copies = Account(is_shut_out=True)
    return copies.program(postgres.programs() / "postgres"), copies.program(valkey.program())


@pytest.mark.needs("root", "namespaces")
def test_in_a_folder_closed_to_others_root_s_servers_see_themselves_as_somebody_else(folder: Path) -> None:
    before = folder.parent.stat().st_mode
    with Embedded(folder) as servers:
        assert (folder / "postgres").stat().st_uid == 0
        for pid in pids(folder):
            assert Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
            assert effective_capabilities(pid) == 0
        assert servers.note == ""
    assert folder.parent.stat().st_mode == before


STARTS = """
import asyncio, asyncpg, sys
from pathlib import Path
from services.embedded import Embedded

async def count(url):
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS starts AS SELECT 1 WHERE false")
    await connection.execute("INSERT INTO starts VALUES (1)")
    return await connection.fetchval("SELECT count(*) FROM starts")

with Embedded(Path(sys.argv[1])) as servers:
    print(asyncio.run(count(servers.database_url)), Path(sys.argv[1], "postgres").stat().st_uid, servers.note)
"""


@root_only
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the filter is Linux's")
def test_without_namespaces_root_s_servers_reach_a_closed_folder_too(folder: Path) -> None:
    """And data go from one way to the other: a backup of a server is started in a container, and back."""
    here = [sys.executable, "-c", STARTS, str(folder)]
    container = [sys.executable, str(Path(__file__).parents[2] / "without_namespaces.py"), *here]
    before = folder.parent.stat().st_mode
    for turn, argv in enumerate((container, container, here, container), 1):
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        starts, owner, note = done.stdout.strip("\n").split(" ", 2)
        assert int(starts) == turn
        if argv is container:
            assert int(owner) != 0
            assert "no user namespace" in note
            assert "copy of its programs" in note
            assert "\n" not in note
    assert folder.parent.stat().st_mode == before


def test_a_socket_left_behind_is_no_obstacle(folder: Path) -> None:
    (folder / "run").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "run" / ".s.PGSQL.5432"))
    with Embedded(folder):
        pass
