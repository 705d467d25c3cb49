"""What a role may do, as IAM would decide it from the statements of a plan."""

import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tools.infra.plan import Plan, Statement

SIMILAR: Callable[[str, str], bool] = fnmatch.fnmatchcase
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "ArnEquals": SIMILAR,
    "ArnLike": SIMILAR,
    "Bool": lambda given, wanted: given == wanted,
    "StringEquals": lambda given, wanted: given == wanted,
    "StringLike": SIMILAR,
}
"""Whether a value that a request has fits one that a statement has, by the condition's operator."""


@dataclass(frozen=True)
class Call:
    """A request to AWS.

    Attributes:
        action: Such as `ec2:RunInstances`.
        resource: The ARN of what it is about.
        context: Condition keys that the request has, and their values.
    """

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def met(conditions: dict[str, dict[str, str | list[str]]], context: dict[str, str]) -> bool:
    """Whether all conditions of a statement hold.

    Raises:
        KeyError: There is an operator that this doesn't know.
    """
    for name, wanted in conditions.items():
        operator, if_exists = name.removesuffix("IfExists"), name.endswith("IfExists")
        fits = OPERATORS[operator]
        for key, values in wanted.items():
            if key not in context:
                if not if_exists:
                    return False
                continue
            several = [values] if isinstance(values, str) else values
            if not any(fits(context[key], value) for value in several):
                return False
    return True


def allowed(statements: Iterable[Statement], call: Call) -> bool:
    """Whether these statements allow a request: one does, and none denies it."""
    fitting = [
        it
        for it in statements
        if _with_values(it, call.context).covers(call.action, call.resource) and met(it.conditions, call.context)
    ]
    return any(it.effect == "Allow" for it in fitting) and not any(it.effect == "Deny" for it in fitting)


def _with_values(statement: Statement, context: dict[str, str]) -> Statement:
    """Fill in what AWS puts in the place of ${aws:userid} and the like."""
    filled = list(statement.resources)
    for key, value in context.items():
        filled = [it.replace(f"${{{key}}}", value) for it in filled]
    return replace(statement, resources=tuple(filled))


def of_role(plan: Plan, kind: str, name: str) -> list[Statement]:
    """Return the statements of a role's own policies, such as those of `github`, `deploy`."""
    place = f'{kind}["{name}"]'
    own = [it for it in plan.statements() if it.kind == "aws_iam_role_policy" and it.where.endswith(place)]
    if (kind, name) == ("github", "terraform-apply"):
        own += [it for it in plan.statements() if it.kind == "aws_iam_policy" and ".apply[" in it.where]
    return own
