"""Releases one service or all, with what runs beside them, in an order in which each finds what it needs."""

from collections.abc import Callable

from services.registry import PROGRAMS as SERVICES
from tools.release.beside import BESIDE, GATEWAY, Beside
from tools.release.errors import RefusedError
from tools.release.gate import Gate
from tools.release.migrating import migrate
from tools.release.release import Release
from tools.release.steps import Steps
from tools.release.target import LOCAL, Target

ALL = "all"


def release_together(
    target: Target,
    what: str,
    version: str,
    steps: Steps,
    gate: Gate | None,
    *,
    patience: float,
    allow_contract: str,
    done: Callable[[str, str], None],
) -> None:
    """Release a service, the gateway, the reports, the autoscaler, or all of them.

    Args:
        target: The environment.
        what: Which, or `all`.
        version: The version.
        steps: Records each step.
        gate: Tests the services' canaries; None to promote without a test.
        patience: How many seconds canaries may take to become healthy.
        allow_contract: The reason why migrations may remove what running code may use; empty if they may not.
        done: Is told each name and its outcome.

    Raises:
        RefusedError: One can't be released.
        RejectedError: A service isn't good enough and was rolled back.
        ReleaseError: It can't continue.
    """
    everything = what == ALL
    services = list(SERVICES) if everything else [what] if what in SERVICES else []
    target.check(version, gated=gate is not None and bool(services))
    if gate is not None:
        gate.check(target)
    beside = Beside(target, version, steps)
    others = beside.wanted() if everything else [what] if what in BESIDE else []
    gateway_runs = beside.runs(GATEWAY)
    if gate is not None and services and target.environment != LOCAL and not gateway_runs:
        raise RefusedError(
            f"No gateway runs in {target.environment}, so there is none to test canaries through. For the first "
            f'version: --skip-gate "the first version".'
        )
    releases = {name: Release(target, name, version, steps, gate, patience) for name in services}
    # Before anything is touched.
    for release in releases.values():
        release.look()
    beside.look(others)
    if everything:
        migrate(target, [ALL], version, steps, allow_contract=allow_contract)
    # The gateway first: a new service's canary is reached by its routes. But the very first one waits for Auth's keys.
    if GATEWAY in others and gateway_runs:
        others.remove(GATEWAY)
        done(GATEWAY, beside.run(GATEWAY))
    for name, release in releases.items():
        done(name, release.run(migrated=everything, allow_contract=allow_contract))
    for name in others:
        done(name, beside.run(name))
