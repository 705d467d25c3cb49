"""`./just cluster`: start, look at and stop the local cluster."""

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click
import psutil
from services.core.commands import Group
from tools.cluster.cluster import ERRORS, Cluster, ClusterError, Part, Progress
from tools.cluster.place import ROOT, Place
from tools.release.interrupts import interruptible

FOLDER = ROOT / ".cluster"
INTERRUPTED = 130


class Commands(Group):
    """Prints an expected error in one line."""

    def reason(self, exc: Exception) -> str | None:
        """Run the command; turn an expected error into a one-line message."""
        return str(exc) or type(exc).__name__ if isinstance(exc, (ClusterError, *ERRORS)) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    help="Where the cluster keeps everything; .cluster in the clone by default.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    r"""Run VoteWave on this machine as in AWS: Consul, Nomad and HAProxy, with stand-ins for AWS's managed services.

    \b
    Examples:
      ./just cluster up
      ./just cluster status
      ./just cluster logs votebooth
      ./just cluster down
    """
    context.obj = folder.resolve()


@main.command()
@click.option(
    "--servers", type=click.Choice(["1", "3"]), default="1", show_default=True, help="Consul and Nomad servers."
)
@click.option("--clients", type=click.IntRange(1, 4), default=1, show_default=True, help="Nomad clients of class app.")
@click.option(
    "--port-base", type=click.IntRange(1024, 31_000), help="Use the 1,000 ports from here, not the usual ones."
)
@click.option("--version", help="Deploy this commit; the work tree as it is by default.")
@click.option("--gateway/--no-gateway", default=True, show_default=True, help="Run the gateway, too.")
@click.option("--while-pid", type=int, help="Stop it all when this process has ended, however that was.")
@click.option("--json", "as_json", is_flag=True, help="Print what scripts need to know.")
@click.pass_obj
def up(
    folder: Path,
    servers: str,
    clients: int,
    port_base: int | None,
    version: str | None,
    gateway: bool,
    while_pid: int | None,
    as_json: bool,
) -> None:
    r"""Start everything and wait until it is healthy.

    Data survives `down`; `reset` deletes it.

    \b
    Examples:
      ./just cluster up
      ./just cluster up --servers 3 --clients 2      to try out the loss of machines
      ./just cluster --folder /tmp/second up --port-base 12000
    """
    tell = Progress(lambda line: click.echo(line, err=True))
    with interruptible():  # `up` cleans up after itself then
        try:
            place = Place(folder, port_base, int(servers), clients)
            said = Cluster(place, tell).up(version, while_pid, gateway=gateway)
        except KeyboardInterrupt:
            click.echo("Interrupted; what was started is stopped.", err=True)
            sys.exit(INTERRUPTED)
    if as_json:
        click.echo(json.dumps(said, indent=1))
        return
    click.echo(f"VoteWave's cluster is up ({tell.seconds:.0f} s): {said['gateway_url']}")
    click.echo(f"Consul {said['consul_url']}  Nomad {said['nomad_url']}  how they are: ./just cluster status")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    r"""Show the state of every part; exit with 1 if one isn't as it should be.

    \b
    Example: ./just cluster status
    """
    cluster = Cluster.at(folder)
    said = json.loads(cluster.place.state.read_bytes())
    parts = cluster.status()
    good = bool(parts) and all(part.good for part in parts)
    if as_json:
        click.echo(json.dumps({"good": good, **said, "parts": [asdict(part) for part in parts]}, indent=1))
    elif not parts:
        click.echo("The cluster is down.")
    else:
        _show(parts)
        click.echo(f"\nVoteWave  {said['gateway_url']}")
        for name in ("consul", "nomad"):
            click.echo(f"{name.capitalize():8}  {said[f'{name}_url']}/ui  token: {said[f'{name}_token_file']}")
        click.echo(f"Only to deploy: {said['nomad_deploy_token_file']}")
        click.echo("Shell:    eval $(./just cluster env)")
    sys.exit(0 if good else 1)


def _show(parts: list[Part]) -> None:
    width = max(len(part.name) for part in parts)
    for part in parts:
        click.echo(f"{'ok ' if part.good else 'BAD'} {part.name:{width}}  {part.state}  {part.detail}".rstrip())


@main.command()
@click.pass_obj
def env(folder: Path) -> None:
    r"""Print the variables with which nomad, consul and aws reach the cluster, and a PATH with nomad and consul.

    \b
    Example: eval $(./just cluster env); nomad job status
    """
    cluster = Cluster.at(folder)
    cluster.must_run()
    keys = json.loads((cluster.place.tokens / "aws.json").read_bytes())
    variables = cluster.agents.environment() | {
        "AWS_ENDPOINT_URL": cluster.aws.url,
        "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    for name, value in variables.items():
        click.echo(f"export {name}='{value}'")
    click.echo(f"export PATH='{cluster.place.programs}':\"$PATH\"")


@main.command()
@click.argument("name", required=False)
@click.option("--lines", "-n", default=50, show_default=True, help="How many.")
@click.pass_obj
def logs(folder: Path, name: str | None, lines: int) -> None:
    r"""Show the last log lines of a process, a job or an allocation; without NAME, list the logs that exist.

    \b
    Examples:
      ./just cluster logs nomad-server-1
      ./just cluster logs votebooth
      ./just cluster logs 3f2a         the allocation whose id begins so
    """
    cluster = Cluster.at(folder)
    if name is None:
        for path in sorted(cluster.place.logs.glob("*.log")):
            click.echo(path.stem)
        for job in _jobs(cluster):
            click.echo(job)
        return
    for line in cluster.log(name, lines):
        click.echo(line)


def _jobs(cluster: Cluster) -> list[str]:
    try:
        return sorted(str(job["ID"]) for job in cluster.agents.nomad().get("/v1/jobs"))
    except ERRORS:
        return []


@main.command()
@click.pass_obj
def down(folder: Path) -> None:
    r"""Stop everything, including what a crash left behind. Data is kept.

    \b
    Example: ./just cluster down
    """
    tell = Progress(lambda line: click.echo(line, err=True))
    if not (folder / "cluster.json").exists():
        click.echo("Nothing to stop: no cluster was started here.")
        return
    found = Cluster.at(folder, tell).down()
    click.echo(f"The cluster is down ({tell.seconds:.0f} s; {len(found)} processes were running).")


@main.command()
@click.argument("service")
@click.pass_obj
def rotate(folder: Path, service: str) -> None:
    r"""Give a service's database role a new password while the service runs; no request fails.

    \b
    Example: ./just cluster rotate votebooth
    """
    Cluster.at(folder, Progress(lambda line: click.echo(line, err=True))).rotate(service)


@main.command(hidden=True)
@click.argument("pid", type=int)
@click.pass_obj
def watch(folder: Path, pid: int) -> None:
    """Wait until a process has ended, then stop the cluster; retry until it is down, because nobody else stops it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        owner = psutil.Process(pid)
        while owner.is_running() and owner.status() != psutil.STATUS_ZOMBIE:  # which nobody may ever collect
            time.sleep(0.5)
    while (folder / "cluster.json").exists():
        try:
            Cluster.at(folder).down(but=os.getpid())
        except Exception as exc:  # noqa: BLE001  (whatever it is, such as another command under way, may pass)
            click.echo(f"It can't be stopped yet: {exc!r}", err=True)
            time.sleep(1)
        else:
            return


@main.command()
@click.pass_obj
def reset(folder: Path) -> None:
    r"""Stop everything and delete the cluster's data, votes and versions included.

    \b
    Example: ./just cluster reset
    """
    tell = Progress(lambda line: click.echo(line, err=True))
    if not (folder / "cluster.json").exists():
        click.echo("Nothing to delete: no cluster was started here.")
        return
    Cluster.at(folder, tell).reset()
    click.echo("The cluster is gone.")


@main.command()
@click.argument("version", required=False)
@click.pass_obj
def image(folder: Path, version: str | None) -> None:
    r"""Build a version for raw_exec, a folder with a virtual environment; print the version.

    VERSION is a commit (40 hexadecimal digits), or a commit and -SUFFIX: then the work tree as it is.

    \b
    Examples:
      ./just cluster image
      ./just cluster image $(git rev-parse HEAD~1)
    """
    cluster = Cluster(Place(folder), Progress(lambda line: click.echo(line, err=True)))
    cluster.place.make()
    click.echo(cluster.image(version))


if __name__ == "__main__":
    main(prog_name="./just cluster")
