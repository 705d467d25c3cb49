"""Postgres: one login role and schema per service, transactions, and an asyncpg pool for the vote path.

`Database.transaction()` is the one way to write: it commits at its end or not at all, and nobody is
answered before. `Database.pool` is asyncpg without the ORM, for the few statements where its cost counts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from advanced_alchemy.exceptions import RepositoryError
from sqlalchemy import ExceptionContext, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from services.core.aws.secrets import SecretError, Secrets

log = structlog.get_logger(__name__)

STATEMENT_TIMEOUT = "10s"
IDLE_IN_TRANSACTION_TIMEOUT = "15s"
_POOL_SECONDS = 5.0
_FOR_EVER = 2**62
"""A connection that was closed after so many statements would have all of them planned anew, in somebody's request."""
READS = "votewave_reads"
"""In the `info` of a session for reading: the database, which reads without it where SQL is all that is needed."""
PUBLISHED = "votewave_published"
"""In a session's `info`: it has written events."""


class DatabaseAwayError(ConnectionError):
    """No connection to Postgres can be opened."""


class Database:
    """A service's own corner of Postgres.

    Args:
        url: Without user: `postgresql:///votewave?host=…` or `postgresql://host:port/votewave`.
        role: The login role, which is also the schema's name.
        secrets: Where the password of the role is, as `ROLE/database`; asked at each new connection.
        pool_size: Connections at most, for each of the two ways in; `ping` keeps one more.
    """

    def __init__(self, url: str, role: str, secrets: Secrets, pool_size: int) -> None:
        self._arguments = connect_arguments(url)
        self._role = role
        self._secrets = secrets
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._pool_lock = asyncio.Lock()
        self._pinged: asyncpg.Connection[asyncpg.Record] | None = None
        self._ping_lock = asyncio.Lock()
        self._committed: list[Callable[[], None]] = []
        # One way to connect for both, so that role, time-outs and rotation can't differ.
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            # The connection that was used last, for each plans its statements itself: in turn, all would have to.
            pool_use_lifo=True,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        event.listen(self.engine.sync_engine, "handle_error", _add_detail)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readings = async_sessionmaker(reading, expire_on_commit=False)

    async def connect(self, *_: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a connection as the service's role.

        While a password is being rotated, the cached one may be old already or the new one not yet in
        force: refused, it is read again, then the one before is tried.

        Raises:
            DatabaseAwayError: Postgres can't be reached, or the password can't be had.
        """
        options.pop("loop", None)
        try:
            return await self._log_in(f"{self._role}/database", options)
        except SecretError as exc:
            raise DatabaseAwayError(str(exc)) from exc

    async def _log_in(self, secret: str, options: dict[str, Any]) -> "asyncpg.Connection[asyncpg.Record]":
        try:
            return await self._connect(await self._secrets.get(secret), options)
        except asyncpg.InvalidAuthorizationSpecificationError:
            log.warning("database_password_refused", role=self._role)
        try:
            return await self._connect(await self._secrets.refresh(secret), options)
        except asyncpg.InvalidAuthorizationSpecificationError:
            previous = await self._secrets.get_previous(secret)
            if previous is None:
                raise
        return await self._connect(previous, options)

    async def _connect(self, password: str, options: dict[str, Any]) -> "asyncpg.Connection[asyncpg.Record]":
        try:
            return await asyncpg.connect(
                **{
                    **self._arguments,
                    "user": self._role,
                    "password": password,
                    "timeout": 5,
                    "server_settings": {
                        "application_name": f"votewave-{self._role}",
                        "search_path": self._role,
                        "statement_timeout": STATEMENT_TIMEOUT,
                        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT,
                        "timezone": "UTC",
                        # Each statement is planned once a connection: with its values, those of feeds take six times
                        # as long to plan as to execute, each time.
                        "plan_cache_mode": "force_generic_plan",
                    },
                    **options,
                }
            )
        except OSError as exc:
            # Also what isn't a ConnectionError by itself: no such socket, no such host.
            raise DatabaseAwayError(f"Postgres can't be reached: {type(exc).__name__}") from exc

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each committed transaction that published events (the relay listens so)."""
        self._committed.append(wake)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; it commits when the block ends and rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session
        if session.info.get(PUBLISHED):
            for wake in self._committed:
                wake()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading; nothing is committed.

        Each statement sees what is committed when it begins, as in a transaction, and costs neither BEGIN nor ROLLBACK.
        """
        async with self._readings() as session:
            session.info[READS] = self
            yield session

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        """Return the rows of a statement that reads, on a connection of the pool.

        Args:
            sql: With parameters as Postgres has them: `$1`.
            arguments: Their values.
        """
        async with asyncio.timeout(_POOL_SECONDS):
            pool = await self.pool()
            connection = await pool.acquire()
        try:
            return await connection.fetch(sql, *arguments)
        finally:
            await pool.release(connection)

    async def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        """Return the asyncpg pool, opened at first use."""
        if self._pool is None:
            async with self._pool_lock:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        min_size=1,
                        max_size=self._pool_size,
                        connect=self.connect,
                        reset=_leave,
                        max_cacheable_statement_size=0,  # no limit: the longest ones take longest to plan
                        max_cached_statement_lifetime=0,
                        max_queries=_FOR_EVER,
                    )
        return self._pool

    async def ping(self) -> None:
        """Raise unless Postgres answers.

        On a connection of its own: those of the pools may all be busy, and then the instance has much to do but isn't
        broken. Were it taken out for that, its load would go to the next one, and take that out, too.
        """
        async with self._ping_lock:
            if self._pinged is None or self._pinged.is_closed():
                self._pinged = await self.connect()
            try:
                await self._pinged.execute("SELECT 1")
            except BaseException:  # a time-out as well: what the connection is good for then isn't known
                self._pinged.terminate()
                raise

    async def close(self) -> None:
        """Give back every connection."""
        if self._pinged is not None:
            self._pinged.terminate()
        if self._pool is not None:
            await self._pool.close()
        await self.engine.dispose()


async def _leave(_: Any) -> None:
    """Give a connection back as it is, without asking Postgres to reset it, which takes as long as a short statement.

    Nobody leaves anything on one of the pool's: settings and locks are those of a transaction.
    """


def _refuse_closed(connection: Any, *_: Any) -> None:
    """Have the pool open a new connection in place of one that is known to be closed, as after a restart of Postgres.

    The pool's own check (`pool_pre_ping`) asks Postgres three times whenever a connection is taken. One that is broken
    without a word fails one request, which may be repeated, as with the vote path's pool.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("it was closed")


_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # restarts, shutdowns, cancelled for taking too long
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # the server was demoted
    asyncpg.InternalClientError,  # a connection was lost just while it was handed out
    ConnectionError,
    TimeoutError,
    PoolTimeoutError,
)


def is_passing(exc: BaseException) -> bool:
    """Say whether a failure is of the database's availability, so that trying again makes sense."""
    cause = _cause(exc)
    if isinstance(cause, asyncpg.InterfaceError):
        return "clos" in str(cause)  # a connection or pool that is closed or closing; the others are mistakes
    return isinstance(cause, _PASSING)


def is_unstorable(exc: BaseException) -> bool:
    """Say whether a value doesn't fit its column (too large a number, a NUL in a text): the sender's fault."""
    cause = _cause(exc)
    if isinstance(cause, asyncpg.InterfaceError):
        return isinstance(cause, ValueError)
    return isinstance(cause, asyncpg.DataError) and not isinstance(cause, asyncpg.DivisionByZeroError)


def _add_detail(context: ExceptionContext) -> None:
    """Put what Postgres says of a taken key behind the message: Advanced Alchemy knows a duplicate by it."""
    error = context.original_exception
    if isinstance(error.__cause__, asyncpg.UniqueViolationError):
        error.args = (f"{error.args[0]}\nDETAIL:  {error.__cause__.detail}",)


def is_duplicate(exc: BaseException) -> bool:
    """Say whether a unique key is taken, whatever the language of the server's messages."""
    return isinstance(_cause(exc), asyncpg.UniqueViolationError)


def _cause(exc: BaseException) -> BaseException:
    """Return the driver's own error below SQLAlchemy's and a repository's.

    Repositories wrap whatever SQLAlchemy raises, a lost connection as an `IntegrityError` of theirs.
    """
    while isinstance(exc, RepositoryError) and exc.__cause__ is not None:
        exc = exc.__cause__
    if isinstance(exc, DBAPIError) and exc.orig is not None:
        return exc.orig.__cause__ or exc.orig
    return exc


def connect_arguments(url: str) -> dict[str, Any]:
    """Return asyncpg's arguments; it reads the URL itself, `sslmode`, `sslrootcert` and several hosts included."""
    arguments: dict[str, Any] = {"dsn": url}
    if not urlsplit(url).path.strip("/"):
        arguments["database"] = "votewave"
    return arguments
