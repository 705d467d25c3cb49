"""The database by itself: PostgreSQL's own pgbench, one durable insert of one row a transaction."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import quantiles

import msgspec
from services.embedded.postgres import programs

from loadtests.benchmark.errors import BenchError

TABLE = """
CREATE TABLE votes (
    poll_id uuid NOT NULL, voter_id uuid NOT NULL, choice bytea NOT NULL, PRIMARY KEY (poll_id, voter_id)
);
"""
INSERT = """INSERT INTO votes (poll_id, voter_id, choice)
VALUES ('01900000-0000-7000-8000-000000000001', uuidv7(), '{"picks":[2]}');
"""


class Inserts(msgspec.Struct, frozen=True):
    """What pgbench saw.

    Attributes:
        inside: Commits in the measured time, which begins after the ramp.
        p50_us, p95_us, p99_us, max_us: Their latency, microseconds.
    """

    inside: int
    p50_us: int
    p95_us: int
    p99_us: int
    max_us: int


def find() -> Path:
    """Return pgbench's path: the embedded PostgreSQL's own, else the system's.

    Raises:
        BenchError: There is none.
    """
    own = programs() / "pgbench"
    if own.exists():
        return own
    found = shutil.which("pgbench")
    if found is None:
        raise BenchError("pgbench is missing: apt-get install postgresql-contrib.")
    return Path(found)


def run(dsn: str, *, ramp: int, seconds: int, clients: int) -> Inserts:
    """Insert for `ramp + seconds` seconds with prepared statements, and look at what follows the ramp.

    Args:
        dsn: The database that has `TABLE`.
        ramp: Seconds left out at the beginning.
        seconds: Seconds that count.
        clients: Connections.

    Raises:
        BenchError: pgbench failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, prefix = Path(folder) / "insert.sql", Path(folder) / "log"
        script.write_text(INSERT)
        arguments = ["--no-vacuum", "--protocol", "prepared", "--file", script, "--client", clients, "--jobs", 1]
        arguments += ["--time", ramp + seconds, "--log", "--log-prefix", prefix, dsn]
        done = subprocess.run([find(), *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"pgbench failed: {done.stderr[-2000:]}")
        # A line a transaction: client, number, microseconds it took, script, end (seconds, microseconds).
        lines = [line.split() for log in Path(folder).glob("log.*") for line in log.read_text().splitlines()]
    ends = [(int(line[4]) + int(line[5]) / 1e6, int(line[2])) for line in lines]
    begin = min(end - took / 1e6 for end, took in ends) + ramp
    took = sorted(took for end, took in ends if begin <= end < begin + seconds)
    if len(took) < 2:
        raise BenchError("pgbench committed nothing in the measured time.")
    cuts = quantiles(took, n=100)
    return Inserts(len(took), int(cuts[49]), int(cuts[94]), int(cuts[98]), took[-1])
