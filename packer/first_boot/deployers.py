"""Who may deploy: workflows of one repository, by the identity that GitHub gives to a job. No token lies anywhere.

And what the autoscaler may do, which they start.
"""

import time

from first_boot.api import Agent, RefusedError
from first_boot.cluster import say
from first_boot.values import BootError, Values

AUTH_METHOD = "github"
POLICY = "deploy"
GITHUB = "https://token.actions.githubusercontent.com"
# Enough to deploy, scale, inspect and read logs; not enough to change ACLs or to read a task's files. But whoever may
# submit a job decides what runs (docs/cluster.md, "Who may do what").
RULES = """
namespace "default" {
  policy = "read"
  capabilities = [
    "submit-job", "dispatch-job", "scale-job", "read-job", "list-jobs", "parse-job", "read-logs",
    "read-job-scaling", "list-scaling-policies", "read-scaling-policy"
  ]
}
node { policy = "read" }
agent { policy = "read" }
host_volume "database-ca" { policy = "read" }
host_volume "gateway-certificate" { policy = "read" }
"""
# What the autoscaler's identity may do, as in nomad/autoscaler/policy.hcl: who deploys its job may write no policy.
AUTOSCALER = "autoscaler"
AUTOSCALER_JOB = "votewave-autoscaler"
AUTOSCALER_RULES = """
namespace "default" {
  capabilities = ["list-scaling-policies", "read-scaling-policy", "read-job-scaling", "scale-job"]
}
"""
TOKEN_HOURS = 3
_TRIES = 10
_PAUSE_SECONDS = 1.0


def audience(environment: str) -> str:
    """Return what GitHub's identity must be meant for."""
    return f"votewave-{environment}"


def trust(nomad: Agent, values: Values, issuer: str = GITHUB) -> None:
    """Let the environment's deployment jobs of the repository log in to Nomad, for TOKEN_HOURS each.

    Raises:
        BootError: It can't be set up.
    """
    # By ids, as AWS's trust: a name can become another's.
    owner_id, repository_id = (part.rpartition("@")[2] for part in values.github_repository.split("/"))
    policy = {"Name": POLICY, "Description": "Deployments", "Rules": RULES}
    method = {
        "Name": AUTH_METHOD,
        "Type": "JWT",
        "TokenLocality": "global",
        # Long enough to deploy all services, each behind a gate of its own.
        "MaxTokenTTL": f"{TOKEN_HOURS}h0m0s",
        "TokenNameFormat": "${auth_method_name}-${value.run_id}",
        "Config": {
            "OIDCDiscoveryURL": issuer,
            "BoundIssuer": [issuer],
            "BoundAudiences": [audience(values.environment)],
            "ClaimMappings": {name: name for name in ("repository_id", "repository_owner_id", "environment", "run_id")},
        },
    }
    rule = {
        "Description": "Deployment jobs",
        "AuthMethod": AUTH_METHOD,
        "Selector": (
            f'value.repository_owner_id == "{owner_id}" and value.repository_id == "{repository_id}" '
            f'and value.environment == "{values.environment}"'
        ),
        "BindType": "policy",
        "BindName": POLICY,
    }
    scales = {
        "Name": AUTOSCALER,
        "Description": "Sees and sets counts.",
        "Rules": AUTOSCALER_RULES,
        "JobACL": {"Namespace": "default", "JobID": AUTOSCALER_JOB},
    }
    last: Exception | None = None
    for _ in range(_TRIES):
        try:
            nomad.ask("PUT", f"/v1/acl/policy/{POLICY}", policy)
            nomad.ask("PUT", f"/v1/acl/policy/{AUTOSCALER}", scales)
            if nomad.find(f"/v1/acl/auth-method/{AUTH_METHOD}") is None:
                nomad.ask("PUT", "/v1/acl/auth-method", method)
            else:
                nomad.ask("PUT", f"/v1/acl/auth-method/{AUTH_METHOD}", method)
            _ensure_rule(nomad, rule)
        except (RefusedError, OSError) as exc:  # another server may be at it too
            last = exc
            time.sleep(_PAUSE_SECONDS)
        else:
            say(f"workflows of {values.github_repository} may deploy")
            return
    raise BootError(f"Nomad can't be told who may deploy: {last}")


def _ensure_rule(nomad: Agent, rule: dict[str, str]) -> None:
    """Keep one rule of the method: that with the least id, so that all servers keep the same."""
    ids = _rules(nomad)
    if not ids:
        nomad.ask("PUT", "/v1/acl/binding-rule", rule)
        ids = _rules(nomad)  # with those that other servers have made at the same time
    nomad.ask("PUT", f"/v1/acl/binding-rule/{ids[0]}", {**rule, "ID": ids[0]})
    for other in ids[1:]:
        nomad.ask("DELETE", f"/v1/acl/binding-rule/{other}")


def _rules(nomad: Agent) -> list[str]:
    found = nomad.ask("GET", "/v1/acl/binding-rules") or []
    return sorted(str(it["ID"]) for it in found if it["AuthMethod"] == AUTH_METHOD)
