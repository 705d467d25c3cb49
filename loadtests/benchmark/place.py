"""Where the contest takes place: one folder, one embedded Postgres and Valkey, the voters."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
from services.core.aws.secrets import FileSecrets
from services.core.data.migrations import migrate
from services.core.peers.calls import INTERNAL_KEY
from services.embedded import Embedded
from services.registry import load_services

from loadtests.benchmark.processes import Server, free_port
from loadtests.benchmark.voters import Voters

OPTIONS = 5
"""Options of the poll that is voted on."""


def _new_folder(parent: Path | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="votewave-bench-", dir=parent))
    folder.chmod(0o711)  # as root, the database runs as another user, who must get through
    return folder


@asynccontextmanager
async def open_place(parent: Path | None, **environment: str) -> "AsyncIterator[Place]":
    """Open a place in a new folder; in the end its servers are stopped and the folder is removed.

    Args:
        parent: Where the folder goes; None for the system's temporary folder.
        **environment: More variables for VoteWave.
    """
    folder = _new_folder(parent)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = Place(folder)
        stack.callback(place.embedded.stop)
        await place.start(**environment)
        stack.push_async_callback(place.voters.close)
        async with place.guests:
            yield place


class Place:
    """The servers that contestants share, and what they need to know of them.

    Args:
        folder: An empty folder for data and logs.

    Attributes:
        environment: The variables of a VoteWave process here.
        fresh_voters: A file with the tokens of guests that no server has seen; new in every round.
        guests: What ends before the servers do: whoever starts something here pushes its end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.embedded = Embedded(folder / "data")
        self.fresh_voters = folder / "voters.txt"
        self.environment: dict[str, str] = {}
        self.guests = AsyncExitStack()
        self._voters: Voters | None = None

    async def start(self, **environment: str) -> None:
        """Start the servers, make secrets and tables.

        Args:
            **environment: More variables for VoteWave.
        """
        await self.embedded.__aenter__()
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.environment = {
            "VOTEWAVE_PORT": str(port),
            "VOTEWAVE_PUBLIC_URL": url,
            "VOTEWAVE_PEERS": f"static:{url}",
            "VOTEWAVE_DATABASE_URL": self.embedded.database_url.replace("postgres@", ""),
            "VOTEWAVE_REDIS_URL": self.embedded.redis_url,
            "VOTEWAVE_SECRETS": f"file://{self.folder}/secrets.json",
            "VOTEWAVE_STORAGE": f"file://{self.folder}/files",
            "VOTEWAVE_MAIL": f"console://{self.folder}/mail",
            **environment,
        }
        await self._prepare()
        self._voters = Voters(self.environment)
        await self._voters.start()

    async def _prepare(self) -> None:
        services = load_services(["all"])
        store = FileSecrets(self.folder / "secrets.json")
        store.ensure(INTERNAL_KEY, lambda: secrets.token_urlsafe(32))
        for service in services:
            store.ensure(f"{service.name}/database", lambda: secrets.token_urlsafe(24))
            for name, make in service.secrets.items():
                store.ensure(f"{service.name}/{name}", make)
        await migrate([service.name for service in services], self.embedded.database_url, store)

    @property
    def voters(self) -> Voters:
        """The guests' tokens."""
        if self._voters is None:
            raise RuntimeError("start() comes first")
        return self._voters

    @property
    def jwks(self) -> str:
        """The public keys of the tokens, as Auth publishes them."""
        return self.voters.jwks().decode()

    def refill(self, count: int) -> None:
        """Make `count` new voters for the round to come."""
        self.voters.write(self.fresh_voters, count)

    def new_voters(self, count: int) -> Path:
        """Return a file of its own with as many new voters."""
        path = self.folder / "some-voters.txt"
        self.voters.write(path, count)
        return path

    def run(self, *services: str, port: int | None = None, wait: bool = True) -> Server:
        """Serve some services in one process until the place is closed.

        Args:
            *services: Which.
            port: Another one than peers know, for one more instance.
            wait: Until it is ready.
        """
        environment = self.environment if port is None else {**self.environment, "VOTEWAVE_PORT": str(port)}
        command, log = ["services.cli", "run", *services], self.folder / "votewave.log"
        name = f"votewave run {' '.join(services)}"
        where = int(environment["VOTEWAVE_PORT"])
        server = Server(name, command, environment, where, "/health/ready", log, wait=wait)
        self.guests.callback(server.stop)
        return server

    @property
    def postgres_pid(self) -> int:
        """The database server's process id."""
        return int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])

    def dsn(self, database: str) -> str:
        """Return the administrator's address of a database."""
        return self.embedded.database_url.replace("/votewave?", f"/{database}?")

    @asynccontextmanager
    async def connect(self, database: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        """Connect as the administrator, for a moment."""
        connection = await asyncpg.connect(self.dsn(database))
        try:
            yield connection
        finally:
            await connection.close()

    async def create_database(self, name: str, tables: str) -> None:
        """Make a database for a contestant."""
        async with self.connect("votewave") as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        async with self.connect(name) as connection:
            await connection.execute(tables)

    async def checkpoint(self) -> None:
        """Write a checkpoint, so that each contestant begins with the same debts to the disk: none."""
        async with self.connect("votewave") as connection:
            await connection.execute("CHECKPOINT")

    async def version(self) -> str:
        """Return Postgres' version."""
        async with self.connect("votewave") as connection:
            return str(await connection.fetchval("SHOW server_version"))
