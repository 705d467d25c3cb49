"""A Terraform plan as tests read it: its resources with their values, and its policies."""

import fnmatch
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.infra.terraform import Workspace

_POLICIES = {
    "aws_iam_role": ("assume_role_policy",),
    "aws_iam_role_policy": ("policy",),
    "aws_iam_policy": ("policy",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_kms_key": ("policy",),
}
READS = (
    ("Get", "List", "Describe", "BatchGet", "BatchCheck", "Head"),
    {
        "kms:Decrypt",
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
        # AWS calls them "read" or gives them no resource to name; each speaks of the caller alone.
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    },
)
"""Actions that change nothing: prefixes of their names, then single actions."""


@dataclass(frozen=True)
class Resource:
    """A resource of a plan.

    Attributes:
        address: Such as `module.environment.module.data.aws_db_instance.this`.
        kind: Its type.
        values: Its arguments, and what the stand-in made up for the cloud.
    """

    address: str
    kind: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """A statement of a policy, its fields as lists.

    Attributes:
        where: The resource that has it.
        kind: That resource's type.
        effect: `Allow` or `Deny`.
        actions: What; with `all_but`, everything save these.
        resources: On what; empty in a role's trust.
        principals: Who, in a resource's policy.
        conditions: When.
        all_but: Whether it was written with `NotAction`.
    """

    where: str
    kind: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: dict[str, Any]
    all_but: bool = False

    @property
    def writes(self) -> tuple[str, ...]:
        """The actions that change something."""
        return tuple(action for action in self.actions if not reads(action))

    def covers(self, action: str, resource: str) -> bool:
        """Whether it speaks of an action on a resource, conditions aside."""
        named = any(fnmatch.fnmatchcase(action.lower(), it.lower()) for it in self.actions)
        return named is not self.all_but and any(fnmatch.fnmatchcase(resource, it) for it in self.resources)


def reads(action: str) -> bool:
    """Whether an action changes nothing."""
    starts, others = READS
    return action in others or action.partition(":")[2].startswith(starts)


class Plan:
    """What a folder of configurations would make.

    Args:
        shown: What `terraform show -json` prints of the plan.
    """

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown = shown
        self.resources = tuple(_resources(shown["planned_values"]["root_module"]))
        self.outputs: dict[str, Any] = {
            name: it.get("value") for name, it in shown["planned_values"].get("outputs", {}).items()
        }

    @classmethod
    def of(cls, workspace: Workspace, where: str, **variables: Any) -> "Plan":
        """Plan a folder with the values of its example."""
        folder = workspace.configurations / where
        workspace.init(where)
        shutil.copy(folder / "terraform.tfvars.example", folder / "terraform.tfvars")
        return cls(workspace.plan(where, variables))

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Return the resources of some types."""
        return [it for it in self.resources if it.kind in kinds]

    def here(self, *kinds: str) -> list[Resource]:
        """Return the resources outside the second region's standby copies."""
        return [it for it in self.of_kind(*kinds) if ".module.dr" not in it.address]

    def statements(self) -> list[Statement]:
        """Return every statement of every policy."""
        return [
            statement
            for it in self.resources
            for field in _POLICIES.get(it.kind, ())
            if it.values.get(field)
            for statement in _statements(it, json.loads(it.values[field]))
        ]


def _resources(module: dict[str, Any]) -> Iterator[Resource]:
    for it in module.get("resources", []):
        if it["mode"] == "managed":
            yield Resource(it["address"], it["type"], it["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _statements(it: Resource, document: dict[str, Any]) -> Iterator[Statement]:
    for statement in document["Statement"]:
        principal = statement.get("Principal", {})
        principals = [principal] if isinstance(principal, str) else [p for v in principal.values() for p in _several(v)]
        yield Statement(
            it.address,
            it.kind,
            statement["Effect"],
            tuple(_several(statement["NotAction"] if "NotAction" in statement else statement["Action"])),
            tuple(_several(statement.get("Resource", []))),
            tuple(principals),
            statement.get("Condition", {}),
            "NotAction" in statement,
        )


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
