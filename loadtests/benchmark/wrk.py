"""The load generator: wrk (https://github.com/wg/wrk) with `vote.lua`."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import msgspec

from loadtests.benchmark.errors import BenchError

SCRIPT = Path(__file__).with_name("vote.lua")
_DRAIN_SECONDS = 1


class Load(msgspec.Struct, frozen=True):
    """What wrk saw.

    Attributes:
        sent: Requests sent.
        answered: Of these, those answered.
        inside: Answers 200 and 201 before the time was over; what comes after isn't part of the rate.
        created: Answers 201.
        changed: Answers 200.
        refused: Other answers.
        other_status: The status of the last of those.
        p50_us, p95_us, p99_us, max_us: Latency, microseconds; wrk corrects it for coordinated omission.
        socket_errors: Connections that failed.
        cpu_seconds: Processor time wrk itself took.
    """

    sent: int
    answered: int
    inside: int
    created: int
    changed: int
    refused: int
    other_status: int
    p50_us: int
    p95_us: int
    p99_us: int
    max_us: int
    socket_errors: int
    cpu_seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        """Votes that the server said it has."""
        return self.created + self.changed


def find() -> str:
    """Return wrk's path.

    Raises:
        BenchError: It isn't installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise BenchError("The load generator wrk is missing: apt-get install wrk (macOS: brew install wrk).")
    return found


def run(url: str, tokens: Path, *, first: int, seconds: int, connections: int, options: int, method: str) -> Load:
    """Send votes for some seconds, then wait for the last answers.

    Args:
        url: Where votes go.
        tokens: A file with an access token a line.
        first: How many of them to skip.
        seconds: How long.
        connections: How many requests are under way at a time.
        options: How many options a vote can pick from, 9 at most.
        method: `PUT` or `POST`.

    Raises:
        BenchError: wrk failed.
    """
    arguments = [str(tokens), str(first), str(seconds), str(options), method]
    head = [find(), "--threads", "1", "--connections", str(connections), "--timeout", "30s"]
    head += ["--duration", f"{seconds + _DRAIN_SECONDS}s", "--script", str(SCRIPT), url, "--"]
    with subprocess.Popen([*head, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    result = next((line for line in said.splitlines() if line.startswith("RESULT ")), None)
    if process.returncode or result is None:
        raise BenchError(f"wrk failed:\n{said[-2000:]}")
    values = json.loads(result.removeprefix("RESULT "))
    load = msgspec.convert({**values, "cpu_seconds": usage.ru_utime + usage.ru_stime}, Load)
    if load.refused or not load.answered:
        why = next((line for line in said.splitlines() if line.startswith("REFUSED ")), said[-500:])
        raise BenchError(f"{url} answered {load.refused} of {load.sent} votes with {load.other_status}: {why}")
    return load
