"""`votewave`: the one command.

Each sub-command imports what it needs when it runs, hence the imports in functions (PLC0415): `--help` and shells'
completion don't wait a second for a web framework, and a server holds nothing in memory that it has no use for.
"""

import asyncio
import gc
import json
import os
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from services.core.commands import Group
from services.core.observe.logs import configure
from services.core.settings import CoreSettings, SettingsError, describe, load
from services.registry import NAMES, SIGNER, WEB, load_services

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_ELSEWHERE = {
    "tally": "services.votebooth.tally_cli:tally",
    "events": "services.operator_cli:events",
    "role": "services.operator_cli:role",
    "rotate-key": "services.operator_cli:rotate_key",
    "recount": "services.operator_cli:recount",
    "seed": "services.seed.command:seed",
}
"""Commands that a server never runs; it holds 1 MB less without them."""


class Commands(Group):
    """Says in one line what a user or operator can put right; the rest is a mistake of ours, and shows as such."""

    def reason(self, exc: Exception) -> str | None:
        """Say what stands in the way."""
        return str(exc) if isinstance(exc, SettingsError) else _reason(exc)


class _UpContext(click.Context):
    """Calls `up` what people type: it needs a clone's embedded servers, and there the recipe is the way in."""

    @property
    def command_path(self) -> str:
        return "./just up"


class _Up(click.Command):
    context_class = _UpContext


class Refusal(click.ClickException):
    """It could be done, and isn't unless somebody says so."""

    exit_code = 3


def _reason(exc: BaseException) -> str | None:
    """Return what stands in the way, if it is something of this place and not of the code."""
    from asyncpg import PostgresError, UndefinedTableError  # noqa: PLC0415  (nothing fails in --help)

    from services.core.aws.secrets import SecretError  # noqa: PLC0415
    from services.core.data.database import is_passing  # noqa: PLC0415
    from services.core.data.expand import OutOfStepError  # noqa: PLC0415

    while not isinstance(exc, (OutOfStepError, SecretError, PostgresError, OSError)):
        inner = exc.exceptions[0] if isinstance(exc, BaseExceptionGroup) else exc.__cause__
        if inner is None:
            break
        exc = inner
    if isinstance(exc, OSError) and isinstance(exc.__cause__, SecretError):  # a database's password, say
        exc = exc.__cause__
    if isinstance(exc, SecretError):
        in_file = not os.environ.get("VOTEWAVE_SECRETS", "").startswith("aws:")
        return str(exc) + ("\nFor a running `./just up`: `./just votewave --data-dir .votewave …`" if in_file else "")
    if isinstance(exc, OutOfStepError):
        return str(exc)
    if isinstance(exc, UndefinedTableError):
        return "Postgres lacks tables that this version needs. Run `votewave migrate` first."
    if isinstance(exc, PostgresError):
        return f"Postgres refuses ({type(exc).__name__}, SQLSTATE {exc.sqlstate}). Its log says more."
    if isinstance(exc, OSError) or is_passing(exc):
        return f"a server that this needs can't be reached: {exc}"
    return None


@click.group(cls=Commands, elsewhere=_ELSEWHERE, context_settings=CONTEXT)
@click.version_option(package_name="votewave")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="For operators' commands: the folder of a running `votewave up`, in place of VOTEWAVE_… variables.",
)
def main(data_dir: Path | None) -> None:
    r"""VoteWave: publish polls, vote, trust the result.

    \b
    Examples:
      votewave up --demo             everything on this machine, with sample polls
      votewave run votebooth         one service, as a cluster runs it
      votewave tally ballots.csv --method stv --seats 3
    """
    if data_dir is not None:
        try:
            os.environ |= environment_of(data_dir)
        except (OSError, ValueError, KeyError) as exc:
            raise click.ClickException(f"no `votewave up` runs on {data_dir}") from exc


@main.command(cls=_Up)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    show_envvar=True,
    envvar="VOTEWAVE_PORT",
    type=click.IntRange(1, 65535),
    help="Where to listen on 127.0.0.1.",
)
@click.option(
    "--data-dir",
    default=Path(".votewave"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything is kept. Delete it to start afresh.",
)
@click.option("--demo", is_flag=True, help="Add sample people, polls and votes, once.")
@click.option("--no-elections", is_flag=True, help="Of the demo, leave out real elections: thousands of ballots.")
@click.pass_context
def up(context: click.Context, port: int, data_dir: Path, demo: bool, no_elections: bool) -> None:
    r"""Start all services with a Postgres and a Valkey of their own.

    Data survive Ctrl-C and a crash; the next `up` on the same folder goes on from there.

    \b
    Examples:
      ./just up
      ./just up --port 9000 --data-dir /tmp/vote --demo
    """
    if context.parent is not None and context.parent.params["data_dir"] is not None:
        raise click.UsageError("For `up`, --data-dir stands behind it: votewave up --data-dir …")
    from services.up import up as bring_up  # noqa: PLC0415  (a server has no use for the embedded ones)

    sys.exit(bring_up(port, data_dir, demo=demo, elections=not no_elections))


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="all|NAME…|web")
def run(names: tuple[str, ...]) -> None:
    r"""Serve services in this process, set up by VOTEWAVE_… variables (see `votewave settings`).

    \b
    Examples:
      votewave run all
      VOTEWAVE_PORT=8004 votewave run votebooth
      VOTEWAVE_PORT=8080 votewave run web         the web client's pages, alone
    """
    gc.disable()  # importing makes no garbage worth looking for; `serve` turns it on again
    from services.core.http.application import create_app  # noqa: PLC0415  (a second of imports that --help needn't wait for)
    from services.core.serve.server import ServeError, serve  # noqa: PLC0415

    settings = load(CoreSettings)
    if names == (WEB,):
        from services.web.application import create_web  # noqa: PLC0415  (the services have no use for it)

        called, build = WEB, partial(create_web, WEB, settings)
    else:
        chosen = _services(names)
        called, build = "+".join(s.name for s in chosen), partial(create_app, chosen, settings, signer=SIGNER)
    configure(settings.log_format, settings.log_level, service=called, env=settings.environment)
    try:
        serve(build, settings)
    except ServeError as exc:
        raise click.ClickException(str(exc)) from exc


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option(
    "--admin-url",
    envvar="VOTEWAVE_ADMIN_DATABASE_URL",
    help="Postgres as a role that may create roles and schemas. [env: VOTEWAVE_ADMIN_DATABASE_URL]",
)
@click.option(
    "--admin-secret",
    envvar="VOTEWAVE_ADMIN_SECRET",
    help="In its place, the secret that has this role's name and password, as RDS keeps its master user: a name "
    "below VOTEWAVE_SECRETS, or an ARN. [env: VOTEWAVE_ADMIN_SECRET]",
)
@click.option(
    "--expand-only",
    is_flag=True,
    help="Refuse, with exit code 3, what takes away something that the release before may use.",
)
@click.option("--allow-contract", default="", metavar="REASON", help="Take it away all the same; the reason is told.")
@click.option("--json", "as_json", is_flag=True, help="Print what was run as JSON.")
def migrate(
    *,
    names: tuple[str, ...],
    admin_url: str | None,
    admin_secret: str | None,
    expand_only: bool,
    allow_contract: str,
    as_json: bool,
) -> None:
    r"""Create roles and schemas and bring their tables up to date, before new code starts.

    \b
    Examples:
      votewave migrate --admin-url postgresql://postgres@localhost/votewave
      votewave migrate polls votebooth --expand-only --json
      VOTEWAVE_SECRETS=aws://votewave/staging votewave migrate --admin-secret arn:aws:secretsmanager:…
    """
    from services.core.data.expand import ContractError  # noqa: PLC0415
    from services.core.data.migrations import admin_url_from  # noqa: PLC0415
    from services.core.data.migrations import migrate as migrate_all  # noqa: PLC0415
    from services.core.kit import secrets_of  # noqa: PLC0415

    settings = load(CoreSettings)
    configure(settings.log_format, settings.log_level, service="migrate", env=settings.environment)
    wanted = [service.name for service in _services(names or ("all",))]
    store = secrets_of(settings)

    async def act() -> dict[str, list[str]]:
        url = admin_url
        if url is None:
            if admin_secret is None:
                raise click.UsageError("name a user who may create roles: --admin-url or --admin-secret")
            url = await admin_url_from(settings.database_url, admin_secret, store)
        return await migrate_all(wanted, url, store, expand_only=expand_only and not allow_contract)

    if allow_contract:
        click.echo(f"contracting revisions are allowed: {allow_contract}", err=True)
    try:
        done = asyncio.run(act())
    except ContractError as exc:
        raise Refusal(str(exc)) from exc
    if as_json:
        click.echo(json.dumps(done))
    else:
        for name, revisions in done.items():
            click.echo(f"{name}: {', '.join(revisions) or 'up to date'}")


@main.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--message", "-m", required=True, help="What changes, in a few words.")
def revision(name: str, message: str) -> None:
    r"""Draft a migration: what a service's models have that its migrations so far don't make.

    It is compared on a PostgreSQL of its own, which is gone afterwards.

    \b
    Example: votewave revision polls -m "tags"
    """
    from services.core.data.draft import draft  # noqa: PLC0415
    from services.embedded import Embedded  # noqa: PLC0415

    with TemporaryDirectory(prefix="votewave-") as folder, Embedded(Path(folder) / "data") as servers:
        made = asyncio.run(draft(name, servers.database_url, message))
    click.echo(made or f"The migrations of {name} already create everything that its models define.")


@main.command()
@click.option("--markdown", is_flag=True, help="As the table of docs/settings.md.")
def settings(markdown: bool) -> None:
    r"""List every setting: its variable, type, default and meaning.

    \b
    Example: votewave settings
    """
    if markdown:
        click.echo("# Settings\n\nVariables of the environment, as `votewave settings` prints them.")
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


def environment_of(data_dir: Path) -> dict[str, str]:
    """Return the variables with which a command reaches what `votewave up` runs in a folder."""
    said = json.loads((data_dir / "up.lock").read_bytes())
    return {
        "VOTEWAVE_DATABASE_URL": said["database_url"].replace("postgres@", ""),
        "VOTEWAVE_ADMIN_DATABASE_URL": said["database_url"],
        "VOTEWAVE_REDIS_URL": said["redis_url"],
        "VOTEWAVE_SECRETS": f"file://{data_dir.resolve()}/secrets.json",
        "VOTEWAVE_STORAGE": f"file://{data_dir.resolve()}/files",
        "VOTEWAVE_PEERS": f"static:{said['url']}",
    }


def _services(names: tuple[str, ...]) -> list[Any]:
    try:
        services = load_services(names)
        for service in services:
            load(service.settings, service.name)
    except ValueError as exc:
        raise click.ClickException(str(exc)) from exc
    return services


if __name__ == "__main__":
    os.umask(0o077)
    main()
