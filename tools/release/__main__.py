"""`./just release`: releases a version, and rolls it back."""

import contextlib
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from services.core.commands import Group
from services.registry import PROGRAMS as SERVICES
from tools.release.back import RETURNED, bad_version, roll_back
from tools.release.beside import BESIDE
from tools.release.errors import RejectedError, ReleaseError
from tools.release.gate import Gate
from tools.release.interrupts import interruptible
from tools.release.load import WHATS, run_load
from tools.release.migrating import short
from tools.release.release import CANARIES_SECONDS
from tools.release.steps import Steps
from tools.release.target import LOCAL, NAMES, ROOT, Target, cloud, local
from tools.release.together import release_together
from tools.release.trials import Trials, busy, try_gate

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM."""
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)  # not SIGHUP, so that a release keeps running under `nohup`

_ENVIRONMENT = click.option(
    "--env", "environment", required=True, type=click.Choice(NAMES["environments"]), help="The environment."
)
_SERVICE = click.option("--service", type=click.Choice([*SERVICES, "all"]), help="The service, or all in order.")
_ANY = click.option(
    "--service",
    type=click.Choice([*SERVICES, *BESIDE, "all"]),
    help="The service; gateway, reports or autoscaler; or all in order.",
)
_FOLDER = click.option(
    "--folder",
    default=ROOT / ".cluster",
    type=click.Path(path_type=Path, file_okay=False),
    help="For local: the cluster's folder. Default: .cluster in the clone.",
)
_VALUES = click.option(
    "--values",
    default=Path("values.hcl"),
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="For staging and production: the file with Terraform's outputs, which are job variables.",
)
_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print the outcome and each step as JSON; progress goes to stderr."
)


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--env", "environment", type=click.Choice(NAMES["environments"]), help="The environment.")
@_ANY
@click.option("--version", help="The commit to release, 40 hexadecimal digits; for local, -SUFFIX may follow.")
@click.option(
    "--allow-contract",
    default="",
    metavar="REASON",
    help="Allow migrations that remove what running code may use; the reason is printed and logged.",
)
@click.option("--skip-gate", default="", metavar="REASON", help="Promote without a load test; the reason is printed.")
@click.option(
    "--gate-option",
    "gate_options",
    multiple=True,
    help="An option to pass to `./just load gate`, such as --gate-option=--seconds=60.",
)
@click.option(
    "--patience",
    default=CANARIES_SECONDS,
    show_default=True,
    type=click.FloatRange(10, 3600),
    help="Seconds that canaries may take to become healthy.",
)
@_FOLDER
@_VALUES
@_JSON
@click.pass_context
def main(
    context: click.Context,
    *,
    environment: str | None,
    service: str | None,
    version: str | None,
    allow_contract: str,
    skip_gate: str,
    gate_options: tuple[str, ...],
    patience: float,
    folder: Path,
    values: Path,
    as_json: bool,
) -> None:
    r"""Release a version: migrate, plan, start canaries, put load on them (the gate), promote; or roll back.

    If it is interrupted, run the same command again: it continues where it stopped.

    \b
    Exit codes:
      0  every instance runs this version
      1  it can't continue; what runs is unchanged, or its deployment continues by itself
      2  the command is wrong
      3  refused: no image, a migration that removes something, another active deployment, or no capacity;
         nothing of the service that it names was started
      4  rejected: the canaries weren't good enough; users still have the former version
    130  interrupted; the same command continues

    \b
    Examples:
      ./just release --env local --service votebooth --version $(./just cluster image)
      ./just release --env staging --service all --version $(git rev-parse HEAD) --values values.hcl --json
      ./just release --env local --service autoscaler --version $(./just cluster image)
      ./just release rollback --env staging --service votebooth
    """
    if context.invoked_subcommand is not None:
        return
    for name, value in (("--env", environment), ("--service", service), ("--version", version)):
        if not value:
            raise click.UsageError(f"{name} is missing.")
    assert environment and service and version  # noqa: PT018, S101  (just checked)
    gate = None if skip_gate else Gate(gate_options)

    def act(target: Target, steps: Steps, said: dict[str, Any]) -> None:
        if gate is None:
            click.echo(f"without a gate: {skip_gate}", err=True)
        said |= {"version": version, "services": {}}

        def done(name: str, outcome: str) -> None:
            said["services"][name] = outcome
            click.echo(f"{name}: {short(version)} {outcome}", err=as_json)

        release_together(
            target, service, version, steps, gate, patience=patience, allow_contract=allow_contract, done=done
        )

    _do(act, environment, folder, values, as_json=as_json)


@main.command()
@_ENVIRONMENT
@_SERVICE
@click.option("--to", default="", metavar="VERSION", help="The version to return to. Default: the last stable one.")
@click.option(
    "--from",
    "bad",
    default="",
    metavar="VERSION",
    help="Roll back only services that run this version or are deploying it. Default with `all`: the newest one.",
)
@_FOLDER
@_VALUES
@_JSON
def rollback(
    *, environment: str, service: str | None, to: str, bad: str, folder: Path, values: Path, as_json: bool
) -> None:
    r"""Return to a stable version; an active deployment is failed first.

    Services that were already rolled back are left alone, so the command can be repeated. Migrations aren't undone:
    they only expand. The number of instances doesn't change. Exit codes are those of a release.

    \b
    Examples:
      ./just release rollback --env production --service votebooth
      ./just release rollback --env production --service all --to 1f3c…e0
    """
    if service is None:
        raise click.UsageError("--service is missing.")

    def act(target: Target, steps: Steps, said: dict[str, Any]) -> None:
        said["services"] = {}
        names = list(reversed(_names(service)))
        leave = bad or (bad_version(target, names) if service == "all" and not to else "")
        for name in names:
            outcome, version = roll_back(target, name, steps, to, leave)
            said["services"][name] = {"outcome": outcome, "version": version}
            click.echo(f"{name}: {outcome} {'to' if outcome == RETURNED else 'at'} {short(version)}", err=as_json)

    _do(act, environment, folder, values, as_json=as_json)


@main.command("load")
@_ENVIRONMENT
@click.option("--what", required=True, type=click.Choice(WHATS), help="The search for capacity, the soak, the gate.")
@_FOLDER
@_VALUES
@_JSON
def load_command(*, environment: str, what: str, folder: Path, values: Path, as_json: bool) -> None:
    r"""Put the version that runs under load, in the cluster; it decides nothing. Exit codes are those of a release.

    \b
    Example: ./just release load --env local --what capacity
    """

    def act(target: Target, steps: Steps, said: dict[str, Any]) -> None:
        run_load(target, what, steps)

    _do(act, environment, folder, values, as_json=as_json)


@main.command()
@click.option("--service", default="votebooth", show_default=True, type=click.Choice(SERVICES), help="Whose canaries.")
@click.option("--times", default=10, show_default=True, type=click.IntRange(1, 100), help="How often each is judged.")
@click.option(
    "--busy", "processors", default=0, show_default=True, type=click.IntRange(0, 64), help="Processors to keep busy."
)
@click.option("--gate-option", "gate_options", multiple=True, help="An option to pass to `./just load gate`.")
@_FOLDER
@_JSON
def trials(
    *, service: str, times: int, processors: int, gate_options: tuple[str, ...], folder: Path, as_json: bool
) -> None:
    r"""Try the gate itself in the local cluster: with canaries that are well, slower by 50 ms, or failing 1 in 100.

    Each kind is judged several times, in a minute each, and then taken away; users have what they had. Exit code 4
    says that a verdict was wrong; the others are those of a release.

    \b
    Examples:
      ./just release trials
      ./just release trials --times 3 --busy 2 --json
    """

    def act(target: Target, steps: Steps, said: dict[str, Any]) -> None:
        place = json.loads((folder / "cluster.json").read_bytes())
        with busy(processors):
            found = try_gate(
                target, Path(place["releases"]), service, place["version"], steps, lambda: Trials(gate_options, times)
            )
        said |= {"busy": processors, "trials": [asdict(each) for each in found]}
        for each in found:
            click.echo(f"{each.kind}: right {each.right} of {each.times} times", err=as_json)
        if any(each.right < each.times for each in found):
            raise RejectedError("the gate was wrong")

    _do(act, LOCAL, folder, Path(), as_json=as_json)


def _do(
    act: Callable[[Target, Steps, dict[str, Any]], None],
    environment: str,
    folder: Path,
    values: Path,
    *,
    as_json: bool,
) -> None:
    """Run `act` on an environment, print the outcome and exit; `act` records its progress in its last argument."""
    steps = Steps(lambda line: click.echo(line, err=True))
    code, error = 0, ""
    said: dict[str, Any] = {}
    try:
        with interruptible(_INTERRUPTS):
            target = local(folder) if environment == LOCAL else cloud(environment, values)
            with contextlib.closing(target.nomad):
                act(target, steps, said)
    except ReleaseError as exc:
        code, error = exc.code, str(exc)
    except KeyboardInterrupt:
        code, error = INTERRUPTED, "Interrupted. What runs goes on by itself; the same command goes on from here."
    if error:
        done = said.get("services", {})
        error += f"\nDone before: {', '.join(done)}." if done else ""
        said["error"] = error
        click.echo(f"Error: {error}", err=True)
    if as_json:
        outcome = {"environment": environment, "code": code, **said, "steps": [asdict(step) for step in steps.taken]}
        click.echo(json.dumps(outcome))
    sys.exit(code)


def _names(service: str) -> list[str]:
    return list(SERVICES) if service == "all" else [service]


if __name__ == "__main__":
    main(prog_name="./just release")
