"""Processes beside this one that do part of its work: how they begin, and one that does a single piece and ends.

They take nothing from the environment: neither the folder nor a variable says what they import.
"""

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

Piece = Callable[[BinaryIO, BinaryIO], int]
"""A function at the top of a module: it reads what is given, writes its answer, and returns the exit code."""

_ROOT = str(Path(__file__).parents[2])
_PROGRAM = (
    "import sys; from importlib import import_module; sys.path.insert(0, sys.argv[1]); "
    "module, _, name = sys.argv[2].partition(':'); sys.exit(getattr(import_module(module), name)(*sys.argv[3:]))"
)
_LOWEST_PRIORITY = 19
_MAX_MEMORY_BYTES = 1 << 30


def command(main: Callable[..., Any], *arguments: str) -> list[str]:
    """Return the command that begins a process with a function at the top of a module, given the arguments."""
    return [sys.executable, "-I", "-c", _PROGRAM, _ROOT, name_of(main), *arguments]


def name_of(function: Callable[..., Any]) -> str:
    """Return what a process is told to call."""
    return f"{function.__module__}:{function.__qualname__}"


def named(name: str) -> Any:
    """Return the function that `name_of` names."""
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


async def begin(main: Callable[..., Any], *arguments: str) -> asyncio.subprocess.Process:
    """Begin a process that is written to and read from; Ctrl-C is left to this one."""
    return await asyncio.create_subprocess_exec(
        *command(main, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback may quote what somebody sent
        start_new_session=True,
    )


async def alone(piece: Piece, given: AsyncGenerator[bytes, None], seconds: float) -> tuple[int | None, bytes]:
    """Have something done by a process of its own, with 1 GB of memory and what nobody else wants of the processor.

    Args:
        piece: What to do.
        given: What it is given; it is asked for as fast as the process reads.
        seconds: What it may take.

    Returns:
        The exit code and the answer; None as the code if it took too long.

    Raises:
        Exception: Whatever `given` raises.
    """
    process = await begin(do_alone, name_of(piece), str(int(seconds)))
    if process.stdin is None or process.stdout is None:
        raise AssertionError("it was begun with pipes")
    try:
        async with asyncio.timeout(seconds):
            answer, _ = await asyncio.gather(process.stdout.read(), _feed(process.stdin, given))
            await process.wait()
    except TimeoutError:
        return None, b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, answer


async def _feed(stdin: asyncio.StreamWriter, given: AsyncGenerator[bytes, None]) -> None:
    async with aclosing(given):
        async for part in given:
            stdin.write(part)
            try:
                await stdin.drain()
            except ConnectionError:  # it has answered without reading all
                return
    stdin.close()


def do_alone(name: str, seconds: str) -> int:
    """Do what `alone` asks for; return the exit code."""
    os.nice(_LOWEST_PRIORITY)
    # A lower limit may be set already. Seconds of the processor, in case that nobody is left to stop it.
    for kind, most in ((resource.RLIMIT_AS, _MAX_MEMORY_BYTES), (resource.RLIMIT_CPU, int(seconds))):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    piece: Piece = named(name)
    return piece(sys.stdin.buffer, sys.stdout.buffer)
