"""Access control of Consul and Nomad, once for the cluster, by whichever server comes first.

Every step looks, then makes or mends, and looks again when another server was faster. So all servers may run it at
once, and again at each start.
"""

import sys
import time
from pathlib import Path
from typing import Any

from first_boot.api import Agent, RefusedError
from first_boot.secretstore import Secrets
from first_boot.values import BootError

AUTH_METHOD = "nomad-workloads"
AUDIENCE = "consul.io"

POLICIES: dict[str, tuple[str, str]] = {
    "votewave-agent": (
        "Consul's agents: their own node, and what DNS answers with.",
        'node_prefix "" { policy = "write" } service_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }',
    ),
    "votewave-nomad": (
        "Nomad's agents: register themselves and what their jobs' service blocks say.",
        'agent_prefix "" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "write" }',
    ),
    "nomad-tasks": (
        "Tasks: find others, and read the public keys that the gateway verifies with.",
        """node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }
key "votewave/gateway/keys" { policy = "read" }""",
    ),
    "gateway-keys": (
        "Auth: leaves its public keys for the gateway.",
        'key "votewave/gateway/keys" { policy = "write" }',
    ),
}
ROLES = {"nomad-tasks-default": "nomad-tasks", "gateway-keys": "gateway-keys"}
AUTH_JOB = "votewave-auth"
TOKENS = {"cluster/acl-consul-agent": "votewave-agent", "cluster/acl-consul-nomad": "votewave-nomad"}
_TRIES = 10
_PAUSE_SECONDS = 1.0


def say(text: str) -> None:
    """Tell the journal."""
    sys.stderr.write(f"first-boot: {text}\n")
    sys.stderr.flush()


def set_up(consul: Agent, nomad: Agent, secrets: Secrets, ca: Path, jwks_url: str, until: float) -> None:
    """Make what is missing.

    Args:
        consul: With the initial management token.
        nomad: With the bootstrap token.
        secrets: The cluster's.
        ca: The certificate authority of the cluster.
        jwks_url: Where Consul reads the keys of Nomad's identities.
        until: On the monotonic clock: wait no longer for leaders.

    Raises:
        BootError: It can't be done.
    """
    consul.await_leader(until)
    _wait_for_token(consul, until)
    for name, (description, rules) in POLICIES.items():
        _ensure_policy(consul, name, description, rules)
    for secret, policy in TOKENS.items():
        _ensure_token(consul, secrets.text(secret), policy)
    nomad.await_leader(until)
    _bootstrap_nomad(nomad, secrets.text("cluster/acl-nomad"))
    _ensure_identities(consul, ca.read_text(), jwks_url)


def _wait_for_token(consul: Agent, until: float) -> None:
    """The leader makes the management token shortly after it has become leader."""
    while True:
        try:
            consul.ask("GET", "/v1/acl/token/self")
        except (RefusedError, OSError) as exc:
            if time.monotonic() >= until:
                raise BootError(f"Consul doesn't know the initial management token: {exc}") from exc
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _until_there(what: str, consul: Agent, step: "Step") -> None:
    """Look and mend until nothing is to be done; another server may be at it too."""
    last: Exception | None = None
    for attempt in range(_TRIES):
        try:
            if step(consul):
                if attempt:
                    say(f"{what}: set up")
                return
        except (RefusedError, OSError) as exc:
            last = exc
            time.sleep(_PAUSE_SECONDS)
    raise BootError(f"{what} can't be set up: {last or 'it changes whenever it is looked at'}")


class Step:
    """One thing that is to be there: where it is read, what it should say, how it is written.

    Args:
        read: Path that shows it.
        wanted: What it should say; other fields are left.
        make: Path to which it is put when it isn't there.
        change: Path to which it is put when it says something else; `{ID}` stands for its own.
    """

    def __init__(self, read: str, wanted: dict[str, Any], make: str, change: str) -> None:
        self._read = read
        self._wanted = wanted
        self._make = make
        self._change = change

    def __call__(self, consul: Agent) -> bool:
        """Return whether it is there; else try to make it so."""
        found = consul.find(self._read)
        if found is not None and _says(found, self._wanted):
            return True
        path = self._make if found is None else self._change.format(ID=found.get("ID", ""))
        consul.ask("PUT", path, self._wanted)
        return False


def _says(found: Any, wanted: Any) -> bool:
    """Whether what was found holds all that is wanted."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_says(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_says, found, wanted))
    return bool(found == wanted)


def _ensure_policy(consul: Agent, name: str, description: str, rules: str) -> None:
    wanted = {"Name": name, "Description": description, "Rules": rules}
    step = Step(f"/v1/acl/policy/name/{name}", wanted, "/v1/acl/policy", "/v1/acl/policy/{ID}")
    _until_there(f"Consul's policy {name}", consul, step)


def _ensure_token(consul: Agent, secret_id: str, policy: str) -> None:
    """A token whose secret is known beforehand: its holders needn't be told."""
    for attempt in range(_TRIES):
        try:
            # Check by using the token: its accessor id isn't known, and its secret must not be part of a URL.
            found = consul.ask("GET", "/v1/acl/token/self", token=secret_id)
        except RefusedError as exc:
            if exc.status not in {403, 404}:
                raise BootError(f"Consul's token of {policy} can't be read: {exc}") from exc
            wanted = {"SecretID": secret_id, "Description": policy, "Policies": [{"Name": policy}]}
            try:
                consul.ask("PUT", "/v1/acl/token", wanted)
                say(f"Consul's token of {policy}: made")
            except RefusedError as exc2:
                # "already in use": another server created it first. Consul also caches an unknown token for a moment.
                say(f"Consul's token of {policy}: {exc2.text}; looking again")
            time.sleep(_PAUSE_SECONDS if attempt else 0.1)
        else:
            if [it["Name"] for it in found.get("Policies") or []] != [policy]:
                found["Policies"] = [{"Name": policy}]
                consul.ask("PUT", f"/v1/acl/token/{found['AccessorID']}", found)
                say(f"Consul's token of {policy}: mended")
            return
    raise BootError(f"Consul's token of {policy} can't be set up.")


def _bootstrap_nomad(nomad: Agent, token: str) -> None:
    """Nomad takes the first token that it is given, and no other."""
    for _ in range(_TRIES):
        try:
            nomad.ask("POST", "/v1/acl/bootstrap", {"BootstrapSecret": token}, token="")
            say("Nomad's access control: set up")
        except RefusedError as exc:
            if "already done" not in exc.text:
                say(f"Nomad's access control: {exc.text}; trying again")
                time.sleep(_PAUSE_SECONDS)
                continue
        try:
            found = nomad.ask("GET", "/v1/acl/token/self")
        except RefusedError:
            # Another server may have done the bootstrap, and this one may not know it yet.
            time.sleep(_PAUSE_SECONDS)
            continue
        if found.get("Type") != "management":
            raise BootError("The token in cluster/acl-nomad is no management token of this Nomad.")
        return
    raise BootError(
        "Nomad was set up with another token than that in cluster/acl-nomad. docs/operations has how to reset it."
    )


def _ensure_identities(consul: Agent, ca: str, jwks_url: str) -> None:
    """Consul trusts what Nomad says of its tasks and services (JWTs that Nomad signs)."""
    config = {
        "JWKSURL": jwks_url,
        "JWKSCACert": ca,
        "JWTSupportedAlgs": ["RS256"],
        "BoundAudiences": [AUDIENCE],
        "ClaimMappings": {
            "nomad_job_id": "nomad_job_id",
            "nomad_namespace": "nomad_namespace",
            "nomad_service": "nomad_service",
            "nomad_task": "nomad_task",
        },
    }
    method = {"Name": AUTH_METHOD, "Type": "jwt", "Description": "Nomad's workload identities", "Config": config}
    path = f"/v1/acl/auth-method/{AUTH_METHOD}"
    _until_there(f"Consul's auth method {AUTH_METHOD}", consul, Step(path, method, "/v1/acl/auth-method", path))
    for name, policy in ROLES.items():
        role = {"Name": name, "Description": POLICIES[policy][0], "Policies": [{"Name": policy}]}
        step = Step(f"/v1/acl/role/name/{name}", role, "/v1/acl/role", "/v1/acl/role/{ID}")
        _until_there(f"Consul's role {name}", consul, step)
    _ensure_rule(consul, "service", "${value.nomad_service}", '"nomad_service" in value')
    _ensure_rule(consul, "role", "nomad-tasks-${value.nomad_namespace}", '"nomad_service" not in value')
    # A job of the same name in another namespace must not pass for Auth.
    own = '"nomad_service" not in value and value.nomad_namespace == "default" '
    own += f'and value.nomad_job_id == "{AUTH_JOB}"'
    _ensure_rule(consul, "role", "gateway-keys", own)


def _ensure_rule(consul: Agent, kind: str, name: str, selector: str) -> None:
    """A binding rule has no name of its own: what two servers made at once is made one again."""
    wanted = {"AuthMethod": AUTH_METHOD, "BindType": kind, "BindName": name, "Selector": selector}
    for _ in range(_TRIES):
        rules = consul.ask("GET", f"/v1/acl/binding-rules?authmethod={AUTH_METHOD}") or []
        same = [rule for rule in rules if (rule["BindType"], rule["BindName"]) == (kind, name)]
        same.sort(key=lambda rule: str(rule["ID"]))
        if not same:
            consul.ask("PUT", "/v1/acl/binding-rule", wanted)
            continue
        if not _says(same[0], wanted):
            consul.ask("PUT", f"/v1/acl/binding-rule/{same[0]['ID']}", wanted)
            continue
        for rule in same[1:]:  # all servers keep the one with the least id
            try:
                consul.ask("DELETE", f"/v1/acl/binding-rule/{rule['ID']}")
            except RefusedError as exc:
                say(f"Consul's second binding rule for {name}: {exc.text}")
        return
    raise BootError(f"Consul's binding rule for {name} can't be set up.")
