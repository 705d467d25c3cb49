"""A database and a Redis with two services made for tests: `sender` publishes, `receiver` consumes."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import httpx
from services.core.aws.secrets import FileSecrets
from services.core.data.migrations import ensure_role
from services.core.data.models import ServiceBase
from services.core.events.consumer import Consumer
from services.core.events.handler import Handler
from services.core.events.outbox import Event, publish
from services.core.events.relay import Relay
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.core.settings import CoreSettings
from services.embedded import Embedded
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.pool import NullPool
from tests.conftest import eventually


class Base(ServiceBase):
    __abstract__ = True


class Seen(Base):
    """What `receiver` has done, a row each time."""

    __tablename__ = "seen"
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    number: Mapped[int]
    by: Mapped[str]


class Said(Event, frozen=True, kw_only=True):
    """Sender: a number was said."""

    KIND: ClassVar[str] = "sender.number.said"
    number: int
    note: str = ""


class Heard(Event, frozen=True, kw_only=True):
    """The same, as `receiver` needs it."""

    KIND: ClassVar[str] = "sender.number.said"
    number: int


class Receiver:
    """Notes each number; a test may make it fail."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.fail: dict[int, Exception] = {}
        self.pause = 0.0
        self.calls: list[int] = []

    async def on_said(self, session: AsyncSession, event: Heard) -> None:
        self.calls.append(event.number)
        await session.execute(
            text("INSERT INTO seen (number, by) VALUES (:n, :by)"), {"n": event.number, "by": self.name}
        )
        await asyncio.sleep(self.pause)
        if exc := self.fail.get(event.number):
            raise exc


HANDLERS: Sequence[Handler[Any, Any]] = (Handler(Heard, Receiver.on_said),)


class Place:
    """Servers, settings, and what a test makes of them."""

    def __init__(self, servers: Embedded, folder: Path) -> None:
        self.servers = servers
        self.secrets = FileSecrets(folder / "secrets.json")
        self.settings = CoreSettings(
            database_url=servers.database_url.replace("postgres@", ""),
            redis_url=servers.redis_url,
            secrets=f"file://{folder}/secrets.json",
            storage=f"file://{folder}/files",
        )

    async def prepare(self, *names: str) -> None:
        """Make the services' roles, schemas and tables, empty."""
        self.secrets.ensure("internal/key", lambda: "k" * 40)
        arguments = {"dsn": self.servers.database_url}

        async def connect(*_: Any, **__: Any) -> Any:
            return await asyncpg.connect(**arguments)

        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        async with engine.begin() as connection:
            for name in names:
                self.secrets.ensure(f"{name}/database", lambda: "p" * 24)
                await connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
                await connection.run_sync(ensure_role, name, "p" * 24)
                await connection.execute(text(f"SET ROLE {name}_owner"))
                await connection.execute(text(f"SET search_path = {name}"))
                await connection.run_sync(Base.metadata.create_all)
                await connection.execute(text("RESET ROLE"))
                await connection.execute(text("RESET search_path"))
        await engine.dispose()

    @asynccontextmanager
    async def kit(self, name: str) -> AsyncIterator[Kit[NoSettings]]:
        """A service's kit, closed at the end."""
        shared = Shared(self.settings)
        kit: Kit[NoSettings] = Kit(name, NoSettings(), shared)
        try:
            yield kit
        finally:
            await kit.db.close()
            await shared.close()

    @asynccontextmanager
    async def relay(self, kit: Kit[NoSettings]) -> AsyncIterator[Relay]:
        relay = Relay(kit.name, kit.db, kit.shared.redis)
        await relay.start()
        try:
            yield relay
        finally:
            await relay.stop()

    @asynccontextmanager
    async def consumer(self, receiver: Receiver, instance: str = "1") -> AsyncIterator[Consumer]:
        """A running `receiver` with a kit of its own."""
        async with self.kit("receiver") as kit:
            consumer = Consumer("receiver", receiver, HANDLERS, kit.db, kit.shared.redis, instance)
            await consumer.start()
            try:
                yield consumer
            finally:
                await consumer.stop()

    async def say(self, kit: Kit[NoSettings], *numbers: int) -> list[UUID]:
        """Publish numbers, each in a transaction of its own."""
        ids = []
        for number in numbers:
            async with kit.db.transaction() as session:
                ids.append(await publish(session, Said(number=number)))
        return ids

    async def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Run a query as the administrator; return the first column."""
        connection = await asyncpg.connect(self.servers.database_url)
        try:
            return [row[0] for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def seen(self) -> list[int]:
        """What the receiver has noted, in order."""
        return await self.sql("SELECT number FROM receiver.seen ORDER BY position")

    async def seen_all(self, *numbers: int) -> list[int]:
        """Wait until every number was noted; return them all."""
        found: list[int] = []

        async def all_there() -> bool:
            found[:] = await self.seen()
            return set(numbers) <= set(found)

        await until(all_there)
        return found


class Program:
    """`core_test_app` as a process of its own.

    Attributes:
        url: Where it serves.
        notes: What it has noted of its life, a word a line.
    """

    def __init__(self, place: Place, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._notes, self._log = folder / f"notes-{self.port}", folder / f"log-{self.port}"
        settings = place.settings
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("core_test_app.py")), str(self._notes)],
                stdout=log,
                stderr=log,
                env={
                    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                    "PYTHONPATH": str(Path(__file__).parents[3]),
                    "VOTEWAVE_DATABASE_URL": settings.database_url,
                    "VOTEWAVE_REDIS_URL": settings.redis_url,
                    "VOTEWAVE_SECRETS": settings.secrets,
                    "VOTEWAVE_STORAGE": settings.storage,
                    "VOTEWAVE_PORT": str(self.port),
                    **environment,
                },
            )

    async def ready(self) -> "Program":
        async def answers() -> bool:
            assert self.process.poll() is None, self.log()
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{self.url}/health/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await until(answers, 60)
        return self

    def notes(self) -> list[str]:
        return self._notes.read_text().split()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    async def exit_code(self, seconds: float) -> int:
        return await asyncio.to_thread(self.process.wait, seconds)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(check: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Wait as `eventually` does, but long enough for a program to start."""
    return await eventually(check, seconds)


@asynccontextmanager
async def open_place() -> AsyncIterator[Place]:
    """Servers of a test module's own."""
    with tempfile.TemporaryDirectory(prefix="vw-") as name:
        async with Embedded(Path(name) / "data") as servers:
            yield Place(servers, Path(name))
