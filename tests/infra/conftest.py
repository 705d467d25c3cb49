"""The plans, made once: the real Terraform on the real configurations, no account."""

import json
from pathlib import Path
from typing import Any

import pytest
from tools.infra.plan import Plan
from tools.infra.programs import ROOT
from tools.infra.terraform import Workspace

ENVIRONMENTS = ("staging", "production")


@pytest.fixture(scope="session")
def names() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "terraform/modules/naming/names.json").read_text())
    return found


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Path(tmp_path_factory.mktemp("infra")) / "w")


@pytest.fixture(scope="session")
def plans(workspace: Workspace) -> dict[str, Plan]:
    return {name: Plan.of(workspace, f"envs/{name}") for name in ENVIRONMENTS}


@pytest.fixture(scope="session")
def second(workspace: Workspace) -> Plan:
    """Production's second region when it takes over."""
    return Plan.of(workspace, "envs/second")


@pytest.fixture(scope="session", params=(*ENVIRONMENTS, "second"))
def each(request: pytest.FixtureRequest) -> Plan:
    """Whatever machines and users come to: both environments, and the second region when it takes over."""
    name = str(request.param)
    found: Plan = request.getfixturevalue("second") if name == "second" else request.getfixturevalue("plans")[name]
    return found


@pytest.fixture(scope="session")
def bootstrap(workspace: Workspace) -> Plan:
    return Plan.of(workspace, "bootstrap")


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def plan(plans: dict[str, Plan], environment: str) -> Plan:
    return plans[environment]
