"""`votewave`: the one command. Each sub-command imports only what it needs."""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from services.core.logs import configure
from services.core.settings import CoreSettings, SettingsError, describe, load
from services.registry import NAMES, load_services
from services.votebooth.tally_cli import tally

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="votewave")
def main() -> None:
    r"""VoteWave: publish polls, vote, trust the result.

    \b
    Examples:
      votewave up --demo             everything on this machine, with sample polls
      votewave run votebooth         one service, as a cluster runs it
      votewave tally ballots.csv --method stv --seats 3
    """


@main.command()
@click.option("--port", default=8000, show_default=True, help="Where to listen on 127.0.0.1.")
@click.option(
    "--data-dir",
    default=Path(".votewave"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything is kept. Delete it to start afresh.",
)
@click.option("--demo", is_flag=True, help="Add sample people, polls and votes, once.")
def up(port: int, data_dir: Path, demo: bool) -> None:
    r"""Start all services with a Postgres and a Valkey of their own.

    Data survive Ctrl-C and a crash; the next `up` on the same folder goes on from there.

    \b
    Examples:
      votewave up
      votewave up --port 9000 --data-dir /tmp/vote --demo
    """
    from services.up import up as bring_up  # noqa: PLC0415  (a server has no use for the embedded ones)

    sys.exit(bring_up(port, data_dir, demo=demo))


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="all|NAME…")
def run(names: tuple[str, ...]) -> None:
    r"""Serve services in this process, set up by VOTEWAVE_… variables (see `votewave settings`).

    \b
    Examples:
      votewave run all
      VOTEWAVE_PORT=8004 votewave run votebooth
    """
    gc.disable()  # importing makes no garbage worth looking for; `serve` turns it on again
    from services.core.app import create_app  # noqa: PLC0415  (a second of imports that --help needn't wait for)
    from services.core.server import serve  # noqa: PLC0415

    settings = _settings()
    chosen = _services(names)
    configure(
        settings.log_format,
        settings.log_level,
        service="+".join(s.name for s in chosen),
        env=settings.environment,
    )
    serve(lambda: create_app(chosen, settings), settings)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option(
    "--admin-url",
    envvar="VOTEWAVE_ADMIN_DATABASE_URL",
    required=True,
    help="Postgres as a role that may create roles and schemas. [env: VOTEWAVE_ADMIN_DATABASE_URL]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was run as JSON.")
def migrate(names: tuple[str, ...], admin_url: str, as_json: bool) -> None:
    r"""Create roles and schemas and bring their tables up to date, before new code starts.

    \b
    Examples:
      votewave migrate --admin-url postgresql://postgres@localhost/votewave
      votewave migrate polls votebooth --json
    """
    from services.core.migrations import migrate as migrate_all  # noqa: PLC0415
    from services.core.secrets import open_secrets  # noqa: PLC0415

    settings = _settings()
    configure(settings.log_format, settings.log_level, service="migrate", env=settings.environment)
    wanted = [service.name for service in _services(names or ("all",))]
    done = asyncio.run(migrate_all(wanted, admin_url, open_secrets(settings.secrets)))
    if as_json:
        click.echo(json.dumps(done))
    else:
        for name, revisions in done.items():
            click.echo(f"{name}: {', '.join(revisions) or 'up to date'}")


@main.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--admin-url", envvar="VOTEWAVE_ADMIN_DATABASE_URL", required=True)
@click.option("--message", "-m", required=True, help="What changes, in a few words.")
def revision(name: str, admin_url: str, message: str) -> None:
    """Draft a migration from the difference between a service's models and its tables."""
    from services.core.migrations import draft  # noqa: PLC0415

    asyncio.run(draft(name, admin_url, message))


@main.command()
@click.option("--markdown", is_flag=True, help="As the table of docs/settings.md.")
def settings(markdown: bool) -> None:
    """List every setting: its variable, type, default and meaning."""
    tables: list[tuple[str, list[tuple[str, str, str, str]]]] = [("Every process", describe(CoreSettings))]
    tables += [(s.name, describe(s.settings, s.name)) for s in load_services(["all"])]
    for title, rows in tables:
        if markdown and rows:
            click.echo(f"\n## {title}\n\n| variable | type | default | meaning |\n|---|---|---|---|")
            for row in rows:
                click.echo("| " + " | ".join(f"`{c}`" if i < 3 else c for i, c in enumerate(row)) + " |")
        else:
            for variable, shown, default, meaning in rows:
                click.echo(f"{variable} ({shown}, {default!r})\n    {meaning}")


@main.group()
def events() -> None:
    """Look at events that couldn't be handled, and handle them again."""


@events.command("parked")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True)
def parked(name: str, as_json: bool) -> None:
    r"""List a service's parked events, oldest first.

    \b
    Example: votewave events parked votebooth
    """
    from services.core.operations import list_parked  # noqa: PLC0415

    rows = asyncio.run(list_parked(_services((name,))[0], _settings()))
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(row.values()))
    click.echo(f"{len(rows)} parked")


@events.command("replay")
@click.argument("name", type=click.Choice(NAMES))
@click.argument("event", type=click.UUID)
def replay(name: str, event: UUID) -> None:
    r"""Handle a parked event again; it stays parked if it fails again.

    \b
    Example: votewave events replay votebooth 0193f0aa-0000-7000-8000-000000000000
    """
    from services.core.operations import replay_parked  # noqa: PLC0415

    if not asyncio.run(replay_parked(_services((name,))[0], _settings(), event)):
        raise click.ClickException(f"{name} has no parked event {event}")
    click.echo("handled")


main.add_command(tally)


def _settings() -> CoreSettings:
    try:
        return load(CoreSettings)
    except SettingsError as exc:
        raise click.ClickException(str(exc)) from exc


def _services(names: tuple[str, ...]) -> list[Any]:
    try:
        services = load_services(names)
        for service in services:
            load(service.settings, service.name)
    except (ValueError, SettingsError) as exc:
        raise click.ClickException(str(exc)) from exc
    return services


if __name__ == "__main__":
    os.umask(0o077)
    main()
