"""`votewave up`: the services as `run all` serves them, with Postgres and Valkey brought along."""

import asyncio
import contextlib
import os
import secrets as random
import socket
import sys
import time
from pathlib import Path

import click

from services.core.calls import INTERNAL_KEY
from services.core.embedded import AlreadyRunning, Embedded, EmbeddedError
from services.core.logs import configure
from services.core.secrets import FileSecrets, open_secrets
from services.core.settings import CoreSettings, load
from services.registry import load_services


def up(port: int, data_dir: Path, *, demo: bool = False) -> int:
    """Start everything and serve until a signal.

    Returns:
        The exit code: 0 after a signal, 1 if the folder or the port is taken.
    """
    started = time.monotonic()
    os.umask(0o077)
    data_dir = data_dir.resolve()
    url = f"http://127.0.0.1:{port}"
    embedded = Embedded(data_dir)
    if reason := _port_taken(port):
        click.echo(f"votewave: {reason}", err=True)
        return 1
    try:
        embedded.start()
    except AlreadyRunning as exc:
        click.echo(f"votewave: {exc}", err=True)
        return 1
    except EmbeddedError as exc:
        click.echo(f"votewave: {exc}", err=True)
        return 1
    try:
        embedded.describe(url=url, database_url=embedded.database_url, redis_url=embedded.redis_url)
        _environment(embedded, data_dir, port, url)
        settings = load(CoreSettings)
        configure(settings.log_format, settings.log_level)
        _prepare(embedded, data_dir, settings)
        _serve(settings, data_dir, started, demo=demo)
    finally:
        embedded.stop()
    return 0


def _port_taken(port: int) -> str | None:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as exc:
            return f"port {port} can't be used ({exc.strerror}); choose another with --port"
    return None


def _environment(embedded: Embedded, data_dir: Path, port: int, url: str) -> None:
    """Say where things are, unless the user's environment says so already."""
    values = {
        "VOTEWAVE_PORT": str(port),
        "VOTEWAVE_PUBLIC_URL": url,
        "VOTEWAVE_PEERS": f"static:{url}",
        "VOTEWAVE_SECRETS": f"file://{data_dir}/secrets.json",
        "VOTEWAVE_STORAGE": f"file://{data_dir}/files",
        "VOTEWAVE_MAIL": f"console://{data_dir}/mail",
        "VOTEWAVE_LOG_FORMAT": "console",
        "VOTEWAVE_LOG_LEVEL": "warning",
    }
    for name, value in values.items():
        os.environ.setdefault(name, value)
    # These two are never anybody else's: `up` brings them.
    os.environ["VOTEWAVE_DATABASE_URL"] = embedded.database_url.replace("postgres@", "")
    os.environ["VOTEWAVE_REDIS_URL"] = embedded.redis_url


def _prepare(embedded: Embedded, data_dir: Path, settings: CoreSettings) -> None:
    """Make the secrets that are missing and run the migrations that are missing."""
    from services.core.migrations import migrate  # noqa: PLC0415  (Alembic is of no use to `run`)

    services = load_services(["all"])
    store = FileSecrets(data_dir / "secrets.json")
    store.ensure(INTERNAL_KEY, lambda: random.token_urlsafe(32))
    for service in services:
        store.ensure(f"{service.name}/database", lambda: random.token_urlsafe(24))
        for name, make in service.secrets.items():
            store.ensure(f"{service.name}/{name}", make)
    done = asyncio.run(migrate([s.name for s in services], embedded.database_url, open_secrets(settings.secrets)))
    if any(done.values()):
        click.echo("votewave: tables are up to date", err=True)


def _serve(settings: CoreSettings, data_dir: Path, started: float, *, demo: bool) -> None:
    from services.core.app import create_app  # noqa: PLC0415  (after the environment is set)
    from services.core.server import serve  # noqa: PLC0415

    url = settings.public_url

    def ready() -> None:
        click.echo(
            f"VoteWave is up at {url} ({time.monotonic() - started:.1f} s). Reference: {url}/docs  Stop: Ctrl-C",
            err=True,
        )
        if demo:
            from services.demo import fill  # noqa: PLC0415

            tasks.append(asyncio.get_running_loop().create_task(fill(url, data_dir, sys.stderr)))

    tasks: list[asyncio.Task[None]] = []
    serve(lambda: create_app(load_services(["all"]), settings), settings, ready)
