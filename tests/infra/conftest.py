"""The plans, made once for all workers: the real Terraform on the real configurations, no account."""

import fcntl
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from tools.infra.plan import Plan
from tools.infra.programs import ROOT
from tools.infra.terraform import Workspace

ENVIRONMENTS = ("staging", "production")

# Each of botocore's sessions reads AWS's own descriptions anew, half a second for the larger ones, and most of what
# these tests call has a session of its own. Whoever reads them once changes nothing of them.
_descriptions = lru_cache(200)(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda _, file_path: _descriptions(file_path)


@pytest.fixture(scope="session")
def names() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "terraform/modules/naming/names.json").read_text())
    return found


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Path(tmp_path_factory.mktemp("infra")) / "w")


class Planner:
    """Plans folders, each once for all workers: whoever asks first makes it, the others wait for that.

    Args:
        workspace: Where Terraform runs.
        shared: A folder that all workers of this run have.
    """

    def __init__(self, workspace: Workspace, shared: Path) -> None:
        self._workspace = workspace
        self._shared = shared

    def plan(self, where: str) -> Plan:
        """Return what a folder would make, with the values of its example."""
        kept = self._shared / f"plan-{where.replace('/', '-')}.json"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                new = kept.with_suffix(".new")
                new.write_text(json.dumps(Plan.of(self._workspace, where).shown))
                new.replace(kept)
        return Plan(json.loads(kept.read_text()))


@pytest.fixture(scope="session")
def planner(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Planner:
    own = tmp_path_factory.getbasetemp()
    return Planner(workspace, own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def plans(planner: Planner) -> dict[str, Plan]:
    return {name: planner.plan(f"envs/{name}") for name in ENVIRONMENTS}


@pytest.fixture(scope="session")
def second(planner: Planner) -> Plan:
    """Production's second region when it takes over."""
    return planner.plan("envs/second")


@pytest.fixture(scope="session", params=(*ENVIRONMENTS, "second"))
def each(request: pytest.FixtureRequest) -> Plan:
    """Whatever machines and users come to: both environments, and the second region when it takes over."""
    name = str(request.param)
    found: Plan = request.getfixturevalue("second") if name == "second" else request.getfixturevalue("plans")[name]
    return found


@pytest.fixture(scope="session")
def bootstrap(planner: Planner) -> Plan:
    return planner.plan("bootstrap")


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def plan(plans: dict[str, Plan], environment: str) -> Plan:
    return plans[environment]
