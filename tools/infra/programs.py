"""Finds or installs the programs that the checks run."""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".tools" / "infra"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "votewave" / "infra"
"""What is made once for all clones. Each name says of what it was made."""

FEW_COLLECTIONS = {"GOGC": "400"}
"""For programs in Go that live for seconds: a quarter of their work is to give memory back, which their end does."""


class ProgramError(Exception):
    """A program can't be found or installed; the message says what to do."""


def terraform() -> str:
    """Return the path of Terraform.

    Raises:
        ProgramError: It can't be had.
    """
    return built("terraform")


@cache
def provider() -> Path:
    """Return the stand-in for the AWS provider, built if need be (about ten seconds).

    Raises:
        ProgramError: There is no Go to build it with, or the build fails.
    """
    source = Path(__file__).parent / "provider"
    made_of = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        made_of.update((source / name).read_bytes())
    made_of.update(platform.machine().encode())
    output = KEPT / f"terraform-provider-aws-{made_of.hexdigest()[:12]}"
    with one_at_a_time("provider"):
        if not output.exists():
            _build(source, output)
        forget("terraform-provider-aws-*", but=output)
    return output


def _build(source: Path, output: Path) -> None:
    go = built("go")
    new = output.with_name(f".{output.name}.{os.getpid()}")
    done = subprocess.run(
        [go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(new), "."],
        cwd=source,
        env={**os.environ, "GOWORK": "off"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise ProgramError(f"The stand-in for the AWS provider couldn't be built:\n{done.stderr.strip()[-2000:]}")
    new.replace(output)


@cache
def built(name: str) -> str:
    """Return a program that `tools/build` finds or builds.

    Raises:
        ProgramError: It can't be had.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build"), "--json", name],
        stdout=subprocess.PIPE,
        text=True,
        timeout=1800,
        check=False,
    )
    found = json.loads(done.stdout) if done.stdout.strip() else {}
    if name not in found:
        raise ProgramError(f"{name} can't be had; `./just tools {name}` says why.")
    return str(found[name]["path"])


@contextlib.contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Hold a lock, so that two processes don't make the same thing at the same time."""
    KEPT.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (KEPT / f"{what}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def forget(pattern: str, but: Path, most: int = 3) -> None:
    """Remove what is kept and hasn't been used for longest, where there is more than so many of a kind."""
    with contextlib.suppress(OSError):  # all of it can be made again, and nothing fails for want of room
        os.utime(but)
        kept = sorted(KEPT.glob(pattern), key=lambda it: it.stat().st_mtime)
        for old in (it for it in kept[:-most] if it != but):
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()


@cache
def checkov() -> str:
    """Return checkov's path, in an environment of its own: it pins what the program needs in newer versions.

    Raises:
        ProgramError: It can't be installed.
    """
    pinned = Path(__file__).parent / "checkov.txt"
    made_of = hashlib.sha256(pinned.read_bytes() + f"{sys.base_prefix} {sys.version}".encode())
    place = KEPT / f"checkov-{made_of.hexdigest()[:12]}"
    whole = place / "whole"
    with one_at_a_time("checkov"):
        if not whole.exists():
            uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
            for command in (
                [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
                [uv, "pip", "install", "--quiet", "--python", str(place), "--require-hashes", "-r", str(pinned)],
            ):
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
                except OSError as error:
                    raise ProgramError(f"uv, which installs checkov, can't be run: {error.strerror}.") from None
                if done.returncode != 0:
                    shutil.rmtree(place, ignore_errors=True)
                    raise ProgramError(f"checkov couldn't be installed: {done.stderr.strip()[-1000:]}")
            whole.touch()
        forget("checkov-*", but=place)
    return str(place / "bin" / "checkov")


def tflint_plugins() -> Path:
    """Return a folder with tflint's rules for AWS, under the name by which tflint looks for them.

    Raises:
        ProgramError: They can't be built.
    """
    rules = Path(built("tflint-ruleset-aws"))
    folder = STATE / f"tflint-{rules.name}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "tflint-ruleset-aws"
    if not link.exists():
        with contextlib.suppress(FileExistsError):
            link.symlink_to(rules)
    return folder
