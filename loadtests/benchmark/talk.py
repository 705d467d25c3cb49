"""The commands `bench messages`, `bench notices` and `bench breaks`."""

import asyncio
import signal
from pathlib import Path
from typing import IO

import click
import msgspec
from services.core.observe.logs import configure
from services.embedded import EmbeddedError

from loadtests.benchmark import breaks as breaks_bench
from loadtests.benchmark import messages as messages_bench
from loadtests.benchmark import notices as notices_bench
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.processes import leave


@click.command()
@click.option("--messages", "number", default=10_000, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--conversations", default=100, show_default=True, type=click.IntRange(2, 1_000))
@click.option("--at-once", default=16, show_default=True, type=click.IntRange(1, 200), help="Sent at a time.")
@click.option("--quick", is_flag=True, help="500 messages over 10 conversations: shows that it works, measures little.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def messages(
    number: int, conversations: int, at_once: int, quick: bool, json_file: IO[bytes] | None, data_dir: Path | None
) -> None:
    """Measure messages that are sent through two instances, two of five of them twice, to devices at both.

    Each conversation has four members, and each of them reads on two devices, one at either instance. Then the same
    is sent through a plain chat, an INSERT and a PUBLISH, for a comparison. The command fails unless every device ends
    with the order and the unread counts that are stored, and each message is there once.

    \b
    Examples:
      ./just bench messages
      ./just bench messages --messages 2000 --conversations 20 --at-once 4
    """
    if quick:
        number, conversations = 500, 10
    if number > messages_bench.MOST_EACH * conversations:
        raise click.UsageError(
            f"At most {messages_bench.MOST_EACH} messages a conversation: with more, senders meet their own limits."
        )
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    try:
        act = messages_bench.run(messages=number, conversations=conversations, at_once=at_once, parent=data_dir)
        found = asyncio.run(act)
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    click.echo(messages_bench.comparison(found), err=True)


@click.command()
@click.option("--people", default=100_000, show_default=True, type=click.IntRange(10_000, 1_000_000))
@click.option("--quick", is_flag=True, help="10,000 people: shows that it works, measures little.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def notices(people: int, quick: bool, json_file: IO[bytes] | None, data_dir: Path | None) -> None:
    """Measure how long it takes to tell all who watch a poll that it has closed, in the app.

    Two instances tell them; both are killed when a third is told, and again at two thirds. The command fails if
    somebody is left out or told twice, or if it takes 60 seconds or more, restarts included.

    \b
    Examples:
      ./just bench notices
      ./just bench notices --people 20000
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    try:
        found = asyncio.run(notices_bench.run(people=10_000 if quick else people, parent=data_dir))
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    if not found.holds:
        raise click.ClickException(f"it took {found.seconds:.1f} s, of {notices_bench.MOST_SECONDS:g}")


@click.command()
@click.option("--clients", default=1_000, show_default=True, type=click.IntRange(20, 2_000))
@click.option("--quick", is_flag=True, help="40 clients: shows that it works, measures little.")
@click.option("--json", "json_file", type=click.File("wb"), metavar="FILE", help="Also write what was measured.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the temporary database goes; it must be a disk. Default: the system's temporary folder.",
)
def breaks(clients: int, quick: bool, json_file: IO[bytes] | None, data_dir: Path | None) -> None:
    """Measure how soon all who follow conversations, or a poll, are back after something broke.

    An instance to which all of them are connected is killed, Redis is restarted, Postgres is restarted, while messages
    and votes are written at a steady rate. The command fails if somebody isn't back within 10 seconds, or if a
    message or a vote is lost, told twice or told in another order than is stored.

    \b
    Examples:
      ./just bench breaks
      ./just bench breaks --clients 100
    """
    configure("console", "warning")
    signal.signal(signal.SIGTERM, leave)
    try:
        found = asyncio.run(breaks_bench.run(clients=40 if quick else clients, parent=data_dir))
    except (BenchError, EmbeddedError) as exc:
        raise click.ClickException(str(exc)) from exc
    if json_file is not None:
        json_file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    if missed := [f"{each.scene}, {each.what}" for each in found if not each.holds]:
        raise click.ClickException(f"not all were back within {breaks_bench.MOST_SECONDS:g} s: {'; '.join(missed)}")
