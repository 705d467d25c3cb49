"""What the cluster's tests share."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_place import LEAST, ROOT, Consul, Instance, Nomad, program
from services.core.aws.secrets import FileSecrets
from services.core.peers.calls import Calls
from services.core.settings import CoreSettings
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(ROOT))  # `tools` isn't installed

from cluster_shared import SharedCluster, place
from tools.cluster.cluster import Cluster

# Chains of files, each of which one worker takes in this order. They take longest and need little of the processors,
# which other workers use meanwhile. Were the second's files any worker's, some would come together by chance and leave
# processors idle.
_CHAINS = (
    # What shares a cluster; the last file takes it down.
    (
        "cluster/test_release.py",
        "cluster/test_gateway_rollout.py",
        "cluster/test_autoscaler.py",
        "cluster/test_chaos.py",
        "cluster/test_jobs.py",
        "cluster/test_cluster_up.py",
        "cluster/test_cluster_down.py",
    ),
    # What mostly waits: for timers, and for programs to start, to notice and to end.
    (
        "cluster/test_gateway.py",
        "cluster/test_consul.py",
        "infra/test_packer_boot.py",
        "cluster/test_nomad.py",
        "integration/loadtests/test_load_gate.py",
        "integration/votebooth/roll/test_reminders.py",
        "integration/test_leaving_killed.py",
        "integration/votebooth/rooms/test_hidden_results.py",
        "integration/notifications/test_closing_soon.py",
        "cluster/test_loadtest_job.py",
    ),
)
_TURNS = {f"tests/{path}": (number, turn) for number, chain in enumerate(_CHAINS) for turn, path in enumerate(chain)}
_LAST = (len(_CHAINS), 0)
assert all((ROOT / path).is_file() for path in _TURNS), "a file of a chain has another name now"


class _Chains(LoadScopeScheduling):
    """One worker takes a chain, and others a file at a time.

    (`--dist loadgroup` would be the way to say this; with pytest 9.2 it groups nothing.)
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return f"chain {_TURNS[path][0]}" if path in _TURNS else path


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the chains, for they take longest, whatever else is tested."""
    items.sort(key=lambda item: _TURNS.get(item.nodeid.split("::", 1)[0], _LAST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Divide the tests among workers as `_Chains` says."""
    return _Chains(config, log)


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Have the programs at hand, so that no test counts the time that building them takes."""
    for name in ("consul", "nomad"):
        program(name)


@pytest.fixture(scope="session")
def cluster(programs: None) -> Iterator[SharedCluster]:
    """The cluster that tests share: `./just cluster up --servers 3 --clients 2`, with folder and ports of its own.

    It is started by the first test that asks for it and runs what the work tree holds, through the gateway. What a test
    changes (another version, a drained node, a stopped server), it puts back, and waits until the cluster is whole:

        async def test_something(cluster: SharedCluster) -> None:
            async with cluster.voting(rate=100) as votes:      # steady ballots, each remembered; at the end
                ...                                            # none is lost, and the counters are right
                await cluster.run("alloc", "stop", ...)        # any nomad command
                await eventually(cluster.is_whole, 90)
                await votes.settled()                          # fifty in a row are acknowledged again
            assert votes.not_served() == []                    # 2xx, or 503 (with Retry-After)

    `await cluster.consul(path)` and `await cluster.nomad(path)` ask the HTTP APIs, `cluster.said` is cluster.json,
    `cluster.cluster` is `tools.cluster.Cluster`, whose `processes`, `agents`, `jobs`, `stores` and `aws` start, stop
    and pause single parts.
    """
    with place() as where:
        cluster = Cluster(where, print)
        try:
            yield SharedCluster(cluster, cluster.up(while_pid=os.getpid()))
        finally:
            cluster.reset()


@pytest.fixture
async def consul(tmp_path: Path) -> AsyncIterator[Consul]:
    """A Consul of the test's own."""
    consul = Consul(tmp_path)
    await consul.start()
    yield consul
    consul.stop()


@pytest.fixture
async def nomad(tmp_path: Path, consul: Consul) -> AsyncIterator[Nomad]:
    """A Nomad of the test's own, beside its Consul."""
    nomad = Nomad(tmp_path, consul)
    await nomad.start()
    yield nomad
    nomad.stop()


Start = Callable[..., Instance]


@pytest.fixture
def instance(votewave: Any, consul: Consul, tmp_path: Path) -> Iterator[Start]:
    """Make services that register in Consul and find each other there."""
    made: list[Instance] = []
    base = {name: value for name, value in os.environ.items() if not name.startswith(("VOTEWAVE_", "CONSUL_"))}

    def make(service: str, **environment: str) -> Instance:
        settings = {
            "VOTEWAVE_DATABASE_URL": votewave.admin_dsn.replace("postgres@", ""),
            "VOTEWAVE_REDIS_URL": votewave.redis_url,
            "VOTEWAVE_SECRETS": f"file://{votewave.data_dir}/secrets.json",
            "VOTEWAVE_STORAGE": f"file://{votewave.data_dir}/files",
            "VOTEWAVE_DATABASE_POOL": "2",
            "VOTEWAVE_PEERS": "consul",
            "VOTEWAVE_CONSUL_REGISTRATION": "self",
            "VOTEWAVE_CONSUL_URL": consul.url,
        }
        made.append(Instance(service, tmp_path, {**base, **settings, **environment}))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
async def token_of(consul: Consul, tmp_path: Path) -> Callable[[str], Any]:
    """Return the setting that gives a service its own token, with least privilege, in a file."""

    async def make(service: str) -> dict[str, str]:
        token = await consul.token(service, LEAST % service)
        path = tmp_path / f"{service}.token"
        path.write_text(token + "\n")
        path.chmod(0o600)
        return {"VOTEWAVE_CONSUL_TOKEN_FROM": f"file://{path}"}

    return make


@pytest.fixture
async def calls(votewave: Any, consul: Consul, tmp_path: Path) -> AsyncIterator[Calls]:
    """A process's calls, which find peers through Consul."""
    path = tmp_path / "reader.token"
    path.write_text(await consul.token("reader", LEAST % "reader"))
    settings = CoreSettings(peers="consul", consul_url=consul.url, consul_token_from=f"file://{path}")
    calls = Calls(settings, FileSecrets(votewave.data_dir / "secrets.json"))
    yield calls
    await calls.close()
