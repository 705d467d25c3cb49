"""`python -m loadtests.bench`: what VoteWave bears, measured beside peers on this machine."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import IO

import click
import msgspec
from services.core.observe.logs import configure
from services.embedded import EmbeddedError

from loadtests.benchmark import feed as feed_bench
from loadtests.benchmark import live as live_bench
from loadtests.benchmark import neighbours as neighbours_bench
from loadtests.benchmark import pages as pages_bench
from loadtests.benchmark import seeded as seeded_bench
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.processes import leave
from loadtests.benchmark.report import lines
from loadtests.benchmark.talk import breaks, messages, notices
from loadtests.benchmark.votes import KEYS, run

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
def main() -> None:
    """Benchmarks. Each measures VoteWave and its peers in one run, in turns, on this machine.

    \b
    Examples:
      ./just bench votes                      three rounds, about three minutes
      ./just bench votes --quick              one short round, to see that it works
      ./just bench votes --json out.json      every sample, for a comparison later
    """


@main.command()
@click.option("--seconds", default=6, show_default=True, type=click.IntRange(1, 120), help="Of each measurement.")
@click.option(
    "--connections",
    default=50,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Requests under way at a time; also pgbench's clients, which are 64 at most.",
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 50), help="Turns of each contestant.")
@click.option("--quick", is_flag=True, help="One round of two seconds: shows that it works, measures little.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write all samples; - is stdout.")
@click.option(
    "--only", multiple=True, type=click.Choice(KEYS), help="Leave the others out; may be repeated. Default: all."
)
@click.option("--log-level", default="info", show_default=True, type=click.Choice(["info", "warning"]))
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def votes(
    seconds: int,
    connections: int,
    rounds: int,
    quick: bool,
    json_file: IO[bytes] | None,
    only: tuple[str, ...],
    log_level: str,
    data_dir: Path | None,
) -> None:
    """Measure acknowledged durable votes a second through HTTP, with a real access token for each voter.

    Beside VoteWave run: a plain Litestar POST on the same server, the database's own single-row insert
    (pgbench), and a Flask + gunicorn + psycopg2 application, once as Flask's tutorial has it, with a database
    connection a request, and once with a pool. After each round what is stored must be what was
    acknowledged; else the command fails. docs/benchmarks.md explains the numbers.

    \b
    Examples:
      ./just bench votes --seconds 8 --rounds 5
      ./just bench votes --only votewave --only plain --log-level warning
    """
    if quick:
        seconds, rounds = 2, 1
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    chosen = set(only or KEYS)
    if "votewave-seen" in chosen:
        chosen.add("votewave")  # it votes again on the other's poll
    try:
        outcome = asyncio.run(
            run(
                seconds=seconds,
                connections=connections,
                rounds=rounds,
                only=[key for key in KEYS if key in chosen],
                parent=data_dir,
                log_level=log_level,
            )
        )
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n")
    out = sys.stderr if json_file is not None and json_file.name == "-" else sys.stdout
    for line in lines(outcome):
        click.echo(line, file=out)


@main.command()
@click.option("--seconds", default=10, show_default=True, type=click.IntRange(2, 60), help="Of each measurement.")
@click.option("--rate", default=100, show_default=True, type=click.IntRange(1, 1000), help="Others' votes a second.")
@click.option("--only", multiple=True, type=click.Choice(neighbours_bench.CHOICES), help="Leave the other acts out.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def neighbours(
    seconds: int, rate: int, only: tuple[str, ...], json_file: IO[bytes] | None, data_dir: Path | None
) -> None:
    """Measure others' votes while one account and address does the worst that its limits allow.

    The acts: edits of a poll of 1 MB, bodies that take long to check, files to count, live connections, sign-ups
    and guests and passwords, drafts and copies, large answers. The command fails if the median of others' votes is
    100 ms or more beside one of them, or if a vote fails. It takes about two minutes.

    \b
    Examples:
      ./just bench neighbours
      ./just bench neighbours --only edits --seconds 20
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    chosen = [act for act in neighbours_bench.CHOICES if not only or act in only]
    try:
        found = asyncio.run(neighbours_bench.run(seconds=seconds, rate=rate, acts=chosen, parent=data_dir))
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    if missed := [each.act for each in found if not each.holds]:
        raise click.ClickException(f"others' votes were slow or failed beside: {', '.join(missed)}")


@main.command()
@click.option("--people", default=100_000, show_default=True, type=click.IntRange(1_000, 1_000_000))
@click.option("--edges", default=1_000_000, show_default=True, type=click.IntRange(1_000), help="Who follows whom.")
@click.option("--polls", default=100_000, show_default=True, type=click.IntRange(100), help="Published ones.")
@click.option("--seed", is_flag=True, help="Fill the place by `votewave seed`, which decides how many polls.")
@click.option("--rate", default=200, show_default=True, type=click.IntRange(1, 2_000), help="Requests a second.")
@click.option("--seconds", default=15, show_default=True, type=click.IntRange(1, 120), help="Of each measurement.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def feed(
    people: int,
    edges: int,
    polls: int,
    seed: bool,
    rate: int,
    seconds: int,
    json_file: IO[bytes] | None,
    data_dir: Path | None,
) -> None:
    """Measure home feeds and searches in a large network, and how soon half of it sees one account's poll.

    Beside Feed's own statement for a home feed, a plain join is measured in turns for the same people. The command
    fails if a target is missed: a first page in 25 ms and a search in 50 ms (p95), a poll seen by all in 5 s.

    With --seed, `votewave seed` fills the place instead, and the social services are measured together: home in
    either order, tags, trends, search, suggestions in 50 ms, a page of comments in 10 ms.

    \b
    Examples:
      ./just bench feed
      ./just bench feed --people 5000 --edges 50000 --polls 5000 --rate 50 --seconds 3
      ./just bench feed --seed --people 5000 --edges 50000 --rate 50 --seconds 3
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    size = feed_bench.Size(people=people, edges=edges, polls=polls, followers=people // 2)
    try:
        if seed:
            acts = seeded_bench.run(people=people, follows=edges, rate=rate, seconds=seconds, parent=data_dir)
        else:
            acts = feed_bench.run(size=size, rate=rate, seconds=seconds, parent=data_dir)
        found = asyncio.run(acts)
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    if missed := [each.name for each in found if not each.holds]:
        raise click.ClickException(f"missed: {', '.join(missed)}")


@main.command()
@click.option("--viewers", default=5_000, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--rate", default=300, show_default=True, type=click.IntRange(1, 1_000), help="Votes a second.")
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(2, 120), help="Of each measurement.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def live(viewers: int, rate: int, seconds: int, json_file: IO[bytes] | None, data_dir: Path | None) -> None:
    """Measure votes in a poll that nobody watches, then in one that thousands watch over WebSockets.

    The command fails if viewers make a vote take more than twice as long, cost the server more than 1.15 times as
    much, or if what they see is older than the time between two pushes and 200 ms.

    \b
    Examples:
      ./just bench live
      ./just bench live --viewers 1000 --seconds 5
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    try:
        found = asyncio.run(live_bench.run(viewers=viewers, rate=rate, seconds=seconds, parent=data_dir))
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    if missed := live_bench.misses(found):
        raise click.ClickException("; ".join(missed))


@main.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 25), help="Looks at each page.")
@click.option("--only", multiple=True, type=click.Choice(pages_bench.NAMES), help="Leave the other pages out.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write every look; - is stdout.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def web(rounds: int, only: tuple[str, ...], json_file: IO[bytes] | None, data_dir: Path | None) -> None:
    """Let Lighthouse look at the pages that most people see first, as a phone on a slow line loads them.

    Debian's Chromium loads them from `votewave up --demo --no-elections`, in turns. The command fails if a page's
    median lies below 90 for performance, 95 for accessibility or best practices, or, where search engines shall find
    the page, 95 for SEO. Nothing else may run on the machine: performance is the processor's time, too. Once, it
    brings Lighthouse.

    \b
    Examples:
      ./just bench web                          five rounds, about eight minutes
      ./just bench web --rounds 1 --only poll   to see what costs points
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    try:
        found = asyncio.run(pages_bench.run(rounds=rounds, only=only, parent=data_dir))
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    out = sys.stderr if json_file is not None and json_file.name == "-" else sys.stdout
    for line in pages_bench.table(found):
        click.echo(line, file=out)
    if missed := [miss for each in found for miss in each.misses]:
        raise click.ClickException("; ".join(missed))


main.add_command(messages)
main.add_command(notices)
main.add_command(breaks)


if __name__ == "__main__":
    main(prog_name="./just bench")
