"""`votewave up`: the services as `run all` serves them, with Postgres and Valkey brought along."""

import asyncio
import os
import secrets as random
import signal
import sys
import time
from pathlib import Path

import click

from services.core.aws.secrets import FileSecrets, open_secrets
from services.core.http.application import create_app
from services.core.observe.logs import configure
from services.core.peers.calls import INTERNAL_KEY
from services.core.serve.server import ServeError, serve, why_not
from services.core.settings import CoreSettings, load
from services.embedded import AlreadyRunning, Embedded, EmbeddedError
from services.embedded.lock import FolderLock
from services.registry import SIGNER, load_services
from services.web.application import pages_of
from services.web.build import SERVED, Builder


def up(port: int, data_dir: Path, *, demo: bool = False, elections: bool = True) -> int:
    """Start everything and serve until a signal.

    Args:
        port: Where it listens on 127.0.0.1.
        data_dir: Where everything is kept.
        demo: Whether samples are added.
        elections: Whether real elections are among them.

    Returns:
        The exit code: 0 after a signal, 1 if the folder or the port is taken.

    Raises:
        SettingsError: A variable has a value that can't be used.
    """
    began = _began()
    os.umask(0o077)
    data_dir = data_dir.resolve()
    url = f"http://127.0.0.1:{port}"
    _environment(data_dir, port, url)
    settings = load(CoreSettings)
    configure(settings.log_format, settings.log_level)
    # A closed terminal or a service manager stops it as Ctrl-C does, also before the server listens to signals.
    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) is not signal.SIG_IGN:
            signal.signal(sign, signal.default_int_handler)
    embedded = Embedded(data_dir)
    lost: list[EmbeddedError] = []

    def give_up(error: EmbeddedError) -> None:
        lost.append(error)
        os.kill(os.getpid(), signal.SIGTERM)

    try:
        _expect_free(settings, data_dir)
        embedded.start()
        if embedded.note:
            _say(embedded.note)
        embedded.describe(url=url, database_url=embedded.database_url, redis_url=embedded.redis_url)
        # These two are never anybody else's: `up` brings them.
        os.environ["VOTEWAVE_DATABASE_URL"] = embedded.database_url.replace("postgres@", "")
        os.environ["VOTEWAVE_REDIS_URL"] = embedded.redis_url
        settings = load(CoreSettings)
        _prepare(embedded, data_dir, settings)
        embedded.watch(_say, give_up)
        _serve(settings, data_dir, began, demo=demo, elections=elections)
    except KeyboardInterrupt:
        pass
    except (AlreadyRunning, EmbeddedError, ServeError) as exc:
        _say(str(exc))
        return 1
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)  # an impatient second Ctrl-C mustn't leave the servers behind
        embedded.stop()
    if lost:
        _say(str(lost[0]))
        return 1
    _say(f"Stopped. Data stay in {data_dir}")
    return 0


def _say(line: str) -> None:
    click.echo(f"votewave: {line}", err=True)


def _began() -> float:
    """Return when it was asked for, in seconds since 1970: `./just` says so, since it may bring packages first."""
    try:
        return float(os.environ.pop("VOTEWAVE_BEGAN", ""))
    except ValueError:  # started otherwise, or by a system whose `date` knows no fractions
        return time.time()


def _expect_free(settings: CoreSettings, data_dir: Path) -> None:
    """Find out before anything is started that it can't serve, and say first who is in its place.

    Raises:
        AlreadyRunning: It runs already.
        ServeError: Somebody else has the port.
    """
    if reason := why_not(settings.host, settings.port):
        if (data_dir / "up.lock").exists():
            lock = FolderLock(data_dir)
            lock.acquire()
            lock.release()
        raise ServeError(f"{reason}, or pass --port")


def _environment(data_dir: Path, port: int, url: str) -> None:
    """Say where things are; the user's own variables go first where that makes sense."""
    values = {
        "VOTEWAVE_PUBLIC_URL": url,
        "VOTEWAVE_STORAGE": f"file://{data_dir}/files",
        "VOTEWAVE_MAIL": f"console://{data_dir}/mail",
        "VOTEWAVE_LOG_FORMAT": "console",
        "VOTEWAVE_LOG_LEVEL": "warning",
    }
    for name, value in values.items():
        os.environ.setdefault(name, value)
    os.environ |= {
        "VOTEWAVE_PORT": str(port),
        "VOTEWAVE_PEERS": f"static:{url}",
        "VOTEWAVE_SECRETS": f"file://{data_dir}/secrets.json",
    }


def _prepare(embedded: Embedded, data_dir: Path, settings: CoreSettings) -> None:
    """Make the secrets that are missing and run the migrations that are missing."""
    from services.core.data.migrations import migrate  # noqa: PLC0415  (Alembic is of no use to `run`)

    services = load_services(["all"])
    store = FileSecrets(data_dir / "secrets.json")
    store.ensure(INTERNAL_KEY, lambda: random.token_urlsafe(32))
    for service in services:
        store.ensure(f"{service.name}/database", lambda: random.token_urlsafe(24))
        for name, make in service.secrets.items():
            store.ensure(f"{service.name}/{name}", make)
    done = asyncio.run(migrate([s.name for s in services], embedded.database_url, open_secrets(settings.secrets)))
    if any(done.values()):
        _say("tables are up to date")


def _serve(settings: CoreSettings, data_dir: Path, began: float, *, demo: bool, elections: bool) -> None:
    url = settings.public_url
    builder = Builder(_say)
    pages = pages_of(settings, SERVED, making=builder.making)

    def ready() -> None:
        click.echo(
            f"VoteWave is up at {url} ({time.time() - began:.1f} s). Reference: {url}/docs  Stop: Ctrl-C",
            err=True,
        )
        builder.start()
        if demo:
            from services.demo import fill  # noqa: PLC0415

            filling = fill(url, data_dir, sys.stderr, elections=elections)
            tasks.append(asyncio.get_running_loop().create_task(filling))

    tasks: list[asyncio.Task[None]] = []
    try:
        serve(lambda: create_app(load_services(["all"]), settings, signer=SIGNER, fronts=[pages]), settings, ready)
    finally:
        builder.stop()
