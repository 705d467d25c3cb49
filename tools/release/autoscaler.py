"""Runs the autoscaler's job: grants its rights, finds its programs, and waits until it is healthy."""

import json
import subprocess

from tools.release.errors import ReleaseError
from tools.release.steps import Steps, until
from tools.release.target import LOCAL, ROOT, Target, job_of

_POLICY = ROOT / "nomad" / "autoscaler" / "policy.hcl"
_SECONDS = 180.0


def run_autoscaler(target: Target, steps: Steps) -> bool:
    """Start or update the autoscaler's job; return whether anything changed.

    Args:
        target: The environment.
        steps: Records each step.

    Raises:
        ReleaseError: A program is missing, or the job doesn't become healthy.
    """
    name, nomad = job_of("autoscaler"), target.nomad
    if target.administrator is not None:
        # In AWS the servers have done it when they set up access control (packer/first_boot).
        with steps.step("autoscaler", "rights", "what its identity may do"):
            target.administrator.grant("autoscaler", _POLICY.read_text(), "Sees and sets counts.", name)
    before = nomad.job(name)
    with steps.step("autoscaler", "run", "with a Prometheus beside it") as say:
        programs = _programs() if target.environment == LOCAL else {}
        nomad.register(target.render("autoscaler", **programs))
        found = nomad.job(name)
        number = found.version if found else 0

        def healthy() -> bool | None:
            deployment = nomad.deployment_of(name)
            if deployment is None or deployment.job_version < number:
                return None
            if not deployment.active and deployment.status != "successful":
                raise ReleaseError(f"The autoscaler doesn't get healthy: {deployment.description}")
            return True if deployment.status == "successful" else None

        until(healthy, "A healthy autoscaler", _SECONDS)
        say("healthy")
    return before is None or before.version != number


def _programs() -> dict[str, str]:
    """Return the paths of the programs, as variables of the job."""
    names = ("nomad-autoscaler", "prometheus")
    found = subprocess.run([ROOT / "tools" / "build", "--json", *names], stdout=subprocess.PIPE, check=False)
    if found.returncode != 0:
        raise ReleaseError("A program is missing; see above.")
    paths = {name: str(it["path"]) for name, it in json.loads(found.stdout).items()}
    return {"autoscaler_program": paths["nomad-autoscaler"], "prometheus_program": paths["prometheus"]}
