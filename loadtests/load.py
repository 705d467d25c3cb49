"""`./just load`: load tests, and the gate that every release has to pass."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec
from services.core.storage.files import StorageError
from services.core.storage.opening import open_storage
from services.demo.polls import ELECTIONS
from services.registry import PROGRAMS as SERVICES

from loadtests.gate import history
from loadtests.gate.capacity import Tried, at_rate, search, summary, tried
from loadtests.gate.capacity import capacity as capacity_of
from loadtests.gate.config import GATES, Canary, Generator, Place, Shape, Suite, read
from loadtests.gate.errors import GateError, TargetError
from loadtests.gate.limit import Step
from loadtests.gate.limit import limit as find_limit
from loadtests.gate.report import Report, conclusion, page, table
from loadtests.gate.run import run as run_suite
from loadtests.gate.verdict import Judgement

Command = TypeVar("Command", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
RESULTS = Path(__file__).parent / "results"
CLUSTER = Path(__file__).parents[1] / ".cluster"
_MOST_OF = 0.9
PASSED, FAILED, NO_VERDICT, UNREACHABLE, INTERRUPTED = 0, 1, 3, 4, 130

_USERS = {
    "voter": "casts a ballot with a voting token, changes it later, or signs in as a guest and votes",
    "viewer": "watches live results over a WebSocket opened with a ticket; checks for gaps and staleness",
    "reader": "reads lists page by page, polls and results, again with the ETag it was given",
    "host": "publishes a poll, votes, closes it, reads the final result and deletes it",
}
_SHAPES = {
    Shape.STEADY: "votes at an even rate",
    Shape.RUSH: "half of the votes in the last minute (in the last quarter of a run of less than four minutes)",
    Shape.SOAK: "like steady, but long; p95 mustn't grow",
}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Options of both commands for the target and the reports."""

    url: str | None
    folder: Path
    canary: str
    seed: int | None
    ballots: Path
    as_json: bool
    report: Path | None
    store: str
    data_dir: Path | None


@click.group(context_settings=CONTEXT)
def main() -> None:
    """Load tests with Locust, and the gate that a release has to pass; docs/load.md explains them.

    \b
    Examples:
      ./just load gate --env local --url http://127.0.0.1:8000
      ./just load run --shape rush --rate 200 --seconds 60 --url http://127.0.0.1:8000
      ./just load users
      ./just load limit
    """


def _target(command: Command) -> Command:
    """Add the options shared by both commands."""
    for option in (
        click.option(
            "--url",
            envvar=["VOTEWAVE_LOAD_URL", "VOTEWAVE_LOAD_GATEWAY"],
            help="The target. Default: the environment's URL in gates.toml; for local, the running cluster's.",
        ),
        click.option(
            "--folder",
            default=CLUSTER,
            type=click.Path(path_type=Path, file_okay=False),
            help="local: the cluster's folder; .cluster in the clone by default.",
        ),
        click.option(
            "--canary",
            default="",
            metavar="SERVICE",
            envvar="VOTEWAVE_LOAD_CANARY",
            help="Test only the canaries of this service.",
        ),
        click.option(
            "--seed", type=int, envvar="VOTEWAVE_LOAD_SEED", help="Repeat an earlier run, with the seed in its report."
        ),
        click.option(
            "--ballots",
            default=ELECTIONS,
            type=click.Path(path_type=Path, file_okay=False),
            envvar="VOTEWAVE_LOAD_BALLOTS",
            help="Folder of real ballots; if it is missing, ballots are made up.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON instead of the table."),
        click.option(
            "--report",
            envvar="VOTEWAVE_LOAD_REPORT",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder for the reports. Default: a new one in loadtests/results.",
        ),
        click.option(
            "--store",
            default="",
            metavar="URL",
            envvar="VOTEWAVE_LOAD_STORE",
            help="Also store the reports here: s3://BUCKET/PREFIX or file:///DIRECTORY.",
        ),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="The data folder of a target that is a `votewave up`, to recount in its database, too.",
        ),
    ):
        command = option(command)
    return command


@main.command()
@click.option(
    "--env", "environment", default="local", show_default=True, envvar="VOTEWAVE_LOAD_ENV", help="Whose thresholds."
)
@click.option(
    "--suite",
    "names",
    multiple=True,
    envvar="VOTEWAVE_LOAD_SUITE",
    help="Suite to run; may be repeated. Default: the environment's `suites`.",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 86_400),
    envvar="VOTEWAVE_LOAD_SECONDS",
    help="Duration of each suite; overrides gates.toml.",
)
@click.option(
    "--gates",
    default=GATES,
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="VOTEWAVE_LOAD_GATES",
    help="Another gates.toml.",
)
@_target
def gate(
    *,
    environment: str,
    names: tuple[str, ...],
    seconds: int | None,
    gates: Path,
    **target: Any,
) -> None:
    """Put VoteWave under load and compare what is seen with the thresholds in loadtests/gates.toml.

    Prints threshold, seen and verdict; writes gate.json, gate.html and Locust's own report. Deletes what it creates.
    Every option can also be set in the environment: VOTEWAVE_LOAD_URL, VOTEWAVE_LOAD_SUITE and so on.

    \b
    Exit codes:
      0  every threshold holds
      1  a threshold doesn't hold; the last line names it
      2  the command or gates.toml is wrong
      3  no verdict: the load generator was too slow, or canaries gave too few answers
      4  VoteWave can't be reached, or refused what the gate needs to start
    130  interrupted by Ctrl-C or SIGTERM, after it has cleaned up

    \b
    Examples:
      ./just load gate --env local
      ./just load gate --env staging --canary votebooth --suite steady --suite rush --json
      ./just load gate --env local --url http://127.0.0.1:8000 --seconds 10
    """
    place = _place(environment, gates)
    unknown = [name for name in names if name not in place.suite]
    if unknown:
        raise click.UsageError(f"{environment} has no suite {', '.join(unknown)}; it has {', '.join(place.suite)}")
    suites = {name: place.suite[name] for name in names or place.suites}
    if seconds is not None:
        suites = {name: msgspec.structs.replace(suite, seconds=seconds) for name, suite in suites.items()}
    _run(environment, suites, place, Target(**target))


@main.command()
@click.option("--env", "environment", default="local", show_default=True, help="Environment of the suite.")
@click.option("--suite", "name", default="steady", show_default=True, help="The suite to start from.")
@click.option("--shape", type=click.Choice([str(shape) for shape in Shape]), help="How votes are distributed.")
@click.option("--seconds", type=click.IntRange(1, 86_400), help="Duration.")
@click.option("--rate", type=click.FloatRange(0.1, 100_000), help="Votes a second, on average.")
@click.option("--viewers", type=click.IntRange(0, 10_000), help="Viewers of live results.")
@click.option("--reads", type=click.FloatRange(0, 100_000), help="Reads a second.")
@click.option("--processes", type=click.IntRange(1, 16), help="Load generators.")
@_target
def run(
    *,
    environment: str,
    name: str,
    shape: str | None,
    seconds: int | None,
    rate: float | None,
    viewers: int | None,
    reads: float | None,
    processes: int | None,
    **target: Any,
) -> None:
    """Run a custom load, based on a suite and judged by its thresholds.

    \b
    Examples:
      ./just load run --shape rush --rate 200 --seconds 120 --url http://127.0.0.1:8000
      ./just load run --rate 1500 --processes 2 --viewers 200
    """
    place = _place(environment, GATES)
    if name not in place.suite:
        raise click.UsageError(f"{environment} has no suite {name}; it has {', '.join(place.suite)}")
    suite = place.suite[name]
    generator = msgspec.structs.replace(suite.generator, processes=processes or suite.generator.processes)
    thresholds = suite.thresholds
    if rate is not None:  # the suite's threshold is for the suite's rate
        thresholds = msgspec.structs.replace(thresholds, accepted_votes_per_second=_MOST_OF * rate)
    changed = {
        "shape": Shape(shape) if shape else None,
        "seconds": seconds,
        "votes_per_second": rate,
        "viewers": viewers,
        "reads_per_second": reads,
    }
    changes = {key: value for key, value in changed.items() if value is not None}
    suite = msgspec.structs.replace(suite, generator=generator, thresholds=thresholds, **changes)
    if suite.unseen:
        thresholds = msgspec.structs.replace(thresholds, **dict.fromkeys(suite.unseen))
        suite = msgspec.structs.replace(suite, thresholds=thresholds)
    _run(environment, {name: suite}, place, Target(**target))


@main.command()
@click.option("--env", "environment", default="local", show_default=True, envvar="VOTEWAVE_LOAD_ENV", help="Where.")
@click.option("--suite", "name", default="steady", show_default=True, help="The suite whose users and limits are used.")
@click.option(
    "--from", "first", default=100.0, show_default=True, type=click.FloatRange(1, 100_000), help="First rate."
)
@click.option("--most", default=6000.0, show_default=True, type=click.FloatRange(1, 100_000), help="Highest rate.")
@click.option("--seconds", default=30, show_default=True, type=click.IntRange(1, 3600), help="Of each run.")
@click.option("--steps", default=4, show_default=True, type=click.IntRange(0, 10), help="Times the interval is halved.")
@click.option(
    "--p95-ms", default=500.0, show_default=True, type=click.FloatRange(1), help="Limit where the suite has none."
)
@_target
def capacity(
    *,
    environment: str,
    name: str,
    first: float,
    most: float,
    seconds: int,
    steps: int,
    p95_ms: float,
    **given: Any,
) -> None:
    """Find the highest rate of votes that holds a suite's limits: double it until they fail, then halve the interval.

    \b
    Exit codes are a gate's: 0 if a rate was found, 1 if not even the first holds.

    \b
    Examples:
      ./just load capacity --env local --most 1000 --seconds 10
      ./just load capacity --env local --url http://127.0.0.1:8000 --from 50
    """
    place, target = _place(environment, GATES), Target(**given)
    if name not in place.suite:
        raise click.UsageError(f"{environment} has no suite {name}; it has {', '.join(place.suite)}")
    url, folder = _where(environment, place, target), _folder(environment, target)

    async def run_at(rate: float) -> Tried:
        suite = at_rate(place.suite[name], rate, seconds, p95_ms)
        found = tried(rate, await _suite(environment, name, suite, place.canary, url, folder, target))
        held = "holds" if found.holds else "; ".join(found.why)
        _say(f"{rate:,.0f} votes a second: p95 {found.p95_ms:,.0f} ms, {held}")
        return found

    try:
        done = asyncio.run(search(run_at, first, most, steps))
    except (TargetError, GateError) as exc:
        click.echo(f"Error: {exc}", err=True)
        sys.exit(UNREACHABLE if isinstance(exc, TargetError) else NO_VERDICT)
    (folder / "capacity.json").write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2))
    click.echo(msgspec.json.encode(done) if target.as_json else summary(environment, done))
    if target.store:
        _keep(folder, target.store)
        # Of another suite it would be a fall or a rise of nothing.
        if name == "steady" and not target.as_json:
            _remember(environment, capacity_of(done), target.store)
    sys.exit(PASSED if capacity_of(done) else FAILED)


@main.command()
@click.option("--env", "environment", default="local", show_default=True, help="Whose suites.")
@click.option("--gates", default=GATES, type=click.Path(path_type=Path, dir_okay=False), help="Another gates.toml.")
def users(environment: str, gates: Path) -> None:
    """List the users, the shapes and the suites.

    \b
    Example: ./just load users --env staging
    """
    place = _place(environment, gates)
    suites = {name: f"{suite.what} ({_load(suite)})" for name, suite in place.suite.items()}
    for title, items in (("Users", _USERS), ("Shapes", _SHAPES), (f"Suites of {environment}", suites)):
        click.echo(title)
        for name, what in items.items():
            click.echo(f"  {name:<8} {what}")


@main.command()
@click.option("--env", "environment", default="local", show_default=True, help="Environment of the suite.")
@click.option("--suite", "name", default="steady", show_default=True, help="Whose limits of late and busy apply.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
def limit(environment: str, name: str, as_json: bool) -> None:
    """Find how many votes a second one load generator can send here, against a server that answers at once.

    All latency is then the generator's own. Run it on an otherwise idle machine.

    \b
    Example: ./just load limit
    """
    place = _place(environment, GATES)
    if name not in place.suite:
        raise click.UsageError(f"{environment} has no suite {name}; it has {', '.join(place.suite)}")
    steps = asyncio.run(_limit(place.suite[name].generator))
    if as_json:
        click.echo(msgspec.json.encode(steps))
        return
    click.echo("votes/s due  answered  p99 ms  late p99 ms  busy  trusted")
    for step in steps:
        click.echo(
            f"{step.due:>11,}  {step.answered:>8,.0f}  {step.p99_ms:>6.1f}  {step.late_p99_ms:>11.1f}"
            f"  {step.busy:>4.0%}  {'yes' if step.holds else 'no'}"
        )


async def _limit(generator: Generator) -> list[Step]:
    steps = []
    async for step in find_limit(generator):
        _say(f"  {step.due:,} votes a second: {'fine' if step.holds else 'too much'}")
        steps.append(step)
    return steps


def _load(suite: Suite) -> str:
    return f"{suite.votes_per_second:g} votes a second for {suite.seconds} s"


def _place(environment: str, gates: Path) -> Place:
    try:
        places = read(gates)
    except GateError as exc:
        raise click.UsageError(str(exc)) from exc
    if environment not in places:
        raise click.UsageError(f"{gates} has no environment {environment}; it has {', '.join(places)}")
    return places[environment]


def _run(environment: str, suites: dict[str, Suite], place: Place, target: Target) -> None:
    """Run suites one after the other, report, and exit."""
    url, folder = _where(environment, place, target), _folder(environment, target)
    reports: list[Report] = []
    stopped = None
    try:
        for name, suite in suites.items():
            _say(f"{environment}/{name}: {suite.what}")
            done = asyncio.run(_suite(environment, name, suite, place.canary, url, folder, target))
            reports.append(done)
            if not target.as_json:
                click.echo("\n".join(table(done)))
    except TargetError as exc:
        click.echo(f"Error: {exc}", err=True)
        stopped = UNREACHABLE
    except GateError as exc:
        click.echo(f"Error: {exc}", err=True)
        stopped = NO_VERDICT
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        stopped = INTERRUPTED
    _write(folder, reports, target)
    sys.exit(exit_code([each.verdict.judgement for each in reports], stopped))


def _where(environment: str, place: Place, target: Target) -> str:
    if target.canary and target.canary not in SERVICES:
        raise click.UsageError(f"--canary: there is no service {target.canary}; there are {', '.join(SERVICES)}")
    cluster = running_cluster(target.folder) if environment == "local" else None
    url = (target.url or cluster or place.url).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url is needed: where {environment} is depends on its set-up")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # even if the shell ignores it, as for `… &`
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # clean up, as on Ctrl-C
    return url


def _folder(environment: str, target: Target) -> Path:
    folder = target.report or RESULTS / f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{environment}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def running_cluster(folder: Path) -> str | None:
    """Return the gateway's URL of the local cluster in a folder; None if none is running."""
    try:
        url = str(json.loads((folder / "cluster.json").read_bytes())["gateway_url"])
        where = urlsplit(url)
        socket.create_connection((where.hostname or "", where.port or 80), timeout=1).close()
    except (OSError, ValueError, KeyError):  # there is none, it is starting, or it is down
        return None
    return url


def exit_code(judgements: list[Judgement], stopped: int | None) -> int:
    """Return the exit code.

    Args:
        judgements: Of the suites that were completed.
        stopped: The code for what stopped the others; None if nothing did.
    """
    if stopped == INTERRUPTED:
        return INTERRUPTED
    if Judgement.FAIL in judgements:
        return FAILED
    if stopped is not None:
        return stopped
    passed = judgements and set(judgements) == {Judgement.PASS}  # without any completed suite it isn't a pass
    return PASSED if passed else NO_VERDICT


async def _suite(
    environment: str, name: str, suite: Suite, asked: Canary, url: str, folder: Path, target: Target
) -> Report:
    return await run_suite(
        environment,
        name,
        suite,
        url=url,
        canary=target.canary,
        asked=asked,
        seed=random.SystemRandom().randrange(10**9) if target.seed is None else target.seed,
        ballots=target.ballots,
        reports=folder,
        data_dir=target.data_dir,
        say=lambda line: _say(f"  {line}"),
    )


def _write(folder: Path, reports: list[Report], target: Target) -> None:
    """Write the reports; store a copy elsewhere if requested."""
    content = msgspec.json.format(msgspec.json.encode(reports), indent=2)
    (folder / "gate.json").write_bytes(content + b"\n")
    (folder / "gate.html").write_text(page(reports), "utf-8")
    if target.as_json:
        click.echo(content.decode())
        for each in reports:
            _say(f"{each.suite}: {conclusion(each.verdict)}")
    else:
        click.echo(f"Reports: {folder}")
    if target.store:
        _keep(folder, target.store)


def _keep(folder: Path, url: str) -> None:
    try:
        asyncio.run(_store(folder.name.lower(), sorted(folder.glob("*.*")), url))
    except (ValueError, StorageError) as exc:
        click.echo(f"Error: the reports aren't in {url}: {exc}", err=True)


def _remember(environment: str, rate: float, url: str) -> None:
    """Add the rate to the environment's history, and show the last nights."""
    version = os.environ.get("VOTEWAVE_LOAD_VERSION", "")
    try:
        nights = asyncio.run(history.add(open_storage(url), environment, version, rate, datetime.now(UTC)))
    except (ValueError, StorageError) as exc:  # the rate itself is found, and kept
        click.echo(f"Error: the history in {url} isn't continued: {exc}", err=True)
    else:
        click.echo(f"\n{history.table(nights)}\nThe chart: load/history/{environment}.svg in {url}")


async def _store(name: str, files: list[Path], url: str) -> None:
    storage = open_storage(url)
    for file in files:
        kind = "application/json" if file.suffix == ".json" else "text/html"
        await storage.put(f"load/{name}/{file.name}", file.read_bytes(), kind)
    _say(f"kept as load/{name}/ in {url}")


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main(prog_name="./just load")
