"""How a cluster ends: nothing of it is left behind, and what was stored stays. No test can share it afterwards."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from cluster_shared import SharedCluster, command, marked
from tools.cluster.cluster import Cluster


def test_nothing_is_left_behind_and_data_stay(cluster: SharedCluster) -> None:
    folder, base = cluster.cluster.place.folder, str(cluster.cluster.place.port_base)
    asyncio.run(cluster.sql("CREATE TABLE kept AS SELECT 1 AS one"))

    # Whoever is killed: `down` finds what is left, tasks included.
    assert [one for one in marked(folder) if "bin/votewave" in " ".join(one.cmdline())]
    for name in ("nomad-app-1", "nomad-server-1", "consul-edge-1", "aws"):
        cluster.cluster.processes.kill(name)
    assert command(folder, "status").returncode == 1
    done = command(folder, "down")
    assert done.returncode == 0, done.stderr
    assert [" ".join(one.cmdline()) for one in marked(folder)] == []
    assert cluster.cluster.place.taken() == {}
    assert not [line for line in Path("/proc/self/mounts").read_text().splitlines() if f" {folder}/" in line]
    assert command(folder, "down").returncode == 0, "once more does no harm"

    # With the process that it was started for, it ends by itself; and what was stored is still there.
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        again = ("up", "--no-gateway", "--port-base", base, "--while-pid", str(owner.pid), "--version", cluster.built)
        done = command(folder, *again)
        assert done.returncode == 0, done.stderr
        assert [row["one"] for row in asyncio.run(cluster.sql("SELECT one FROM kept"))] == [1]
    finally:
        owner.kill()
        owner.wait()
    deadline = time.monotonic() + 90
    while marked(folder):
        assert time.monotonic() < deadline, marked(folder)
        time.sleep(0.2)
    assert Cluster.at(folder).place.taken() == {}
