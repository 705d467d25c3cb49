"""Migrations: roles and schemas, then each service's Alembic revisions. Run before new code starts.

Each service has two roles. `NAME_owner` owns the schema and can't log in; migrations act as it. `NAME`
logs in, reads and writes rows, and can change no table. Neither can look into another service's schema.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, event, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.core.aws.secrets import SecretError, Secrets
from services.core.data.database import connect_arguments
from services.core.data.expand import Guard, OutOfStepError
from services.core.scram import scram

log = structlog.get_logger(__name__)

_LOCK = 0x766F7465  # "vote": one migration at a time in a database
_LOCK_TIMEOUT = "5s"  # a migration that waits for a table's lock holds up all who come after it
_SERVICES = Path(__file__).parents[2]


async def migrate(
    names: Sequence[str], admin_url: str, store: Secrets, *, expand_only: bool = False
) -> dict[str, list[str]]:
    """Bring services' schemas up to date.

    Args:
        names: The services.
        admin_url: Postgres as a role that may create roles and schemas.
        store: Where the passwords of the login roles are.
        expand_only: Refuse operations that aren't known to only add. A database with revisions that this code doesn't
            know has what the code needs, for those were held to the same: then there is nothing to do.

    Returns:
        The revisions that were run, by service.

    Raises:
        ContractError: A service's revisions aren't known to only add; none of its were run.
        OutOfStepError: The database has revisions that this code doesn't know, and this isn't `expand_only`; or its
            tables lack what the code declares.
    """
    arguments = connect_arguments(admin_url)

    async def connect(*_: Any, **__: Any) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(**arguments, server_settings={"timezone": "UTC"})

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    done: dict[str, list[str]] = {}
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))  # waits for another run's end
            await connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            await connection.commit()
            for name in names:
                password = await store.get(f"{name}/database")
                await connection.run_sync(ensure_role, name, password)
                await connection.commit()
                done[name] = await connection.run_sync(_upgrade, name, expand_only)
                await connection.commit()
    finally:
        await engine.dispose()
    return done


async def admin_url_from(database_url: str, name: str, store: Secrets) -> str:
    """Return a database's URL with the user and password that a secret holds.

    Args:
        database_url: Without them.
        name: The secret's; its content is what RDS keeps of a master user, `{"username": …, "password": …}`.
        store: Where it is.

    Raises:
        SecretError: It can't be had, or holds something else.
    """
    try:
        found = msgspec.json.decode(await store.get(name), type=_Login)
    except msgspec.MsgspecError:  # its text would show what the secret holds
        raise SecretError(f"The secret {name} isn't a JSON object with username and password.") from None
    parts = urlsplit(database_url)
    login = f"{quote(found.username, safe='')}:{quote(found.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


class _Login(msgspec.Struct):
    username: str
    password: str


def ensure_role(connection: Connection, name: str, password: str) -> None:
    """Create what is missing; all of it can be run again."""
    if not name.isidentifier():
        raise ValueError(f"not a service's name: {name!r}")
    owner = f"{name}_owner"

    def has_role(role: str) -> bool:
        query = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
        return connection.execute(query, {"role": role}).first() is not None

    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {name}"
    statements = []
    if not has_role(owner):
        statements.append(f"CREATE ROLE {owner} NOLOGIN")
        # RDS's master user is no superuser: to act as a role it must be a member.
        statements.append(f"GRANT {owner} TO CURRENT_USER")
    if not has_role(name):
        statements.append(f"CREATE ROLE {name} LOGIN")
    statements += [
        # Says nothing of SUPERUSER and the like: new roles have none of them, and only a superuser may say so.
        f"ALTER ROLE {name} LOGIN PASSWORD '{scram(password)}'",
        f"ALTER ROLE {name} SET search_path = {name}",
        f"CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {owner}",
        f"GRANT USAGE ON SCHEMA {name} TO {name}",
        f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}",
        f"{defaults} GRANT USAGE ON SEQUENCES TO {name}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f'REVOKE TEMPORARY ON DATABASE "{_database(connection)}" FROM PUBLIC',
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _database(connection: Connection) -> str:
    return str(connection.execute(text("SELECT current_database()")).scalar_one()).replace('"', '""')


def _upgrade(connection: Connection, name: str, expand_only: bool) -> list[str]:
    """Run what is missing as the schema's owner; return the revisions."""
    config = configuration(name)
    connection.exec_driver_sql(f"SET ROLE {name}_owner")
    connection.exec_driver_sql(f"SET search_path = {name}")
    before = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(config)
    unknown = sorted(set(before) - {script.revision for script in scripts.walk_revisions()})
    if unknown and not expand_only:
        raise OutOfStepError(
            f"{name}: the database is at revision {', '.join(unknown)}, which this version doesn't know. Take a "
            "version that does, or say --expand-only, which is for a version that can do with a newer database."
        )
    if unknown:
        log.warning("the database is ahead, nothing to do", service=name, revisions=unknown)
    missing = [] if unknown else [s.revision for s in scripts.iterate_revisions("head", before or "base")][::-1]
    if missing:
        config.attributes["connection"] = connection
        judged = expand_only and bool(before)  # nobody uses tables that aren't there yet
        guard = Guard(name, _existing(connection) if judged else ())
        hooks: dict[str, Callable[..., None]] = {"before_cursor_execute": guard, "commit": guard.refuse_commit}
        for moment, hook in hooks.items() if judged else ():
            event.listen(connection, moment, hook)
        command.upgrade(config, "head")
        for moment, hook in hooks.items() if judged else ():
            event.remove(connection, moment, hook)
        connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}")
        log.info("migrated", service=name, revisions=missing)
    _must_have_what_is_declared(connection, name)
    # Only after success: a failed transaction takes no more statements, and its connection is closed.
    connection.exec_driver_sql("RESET ROLE")
    connection.exec_driver_sql("RESET search_path")
    return missing


def _must_have_what_is_declared(connection: Connection, name: str) -> None:
    """See to it that code finds its columns, also where somebody else's revision has the same or a later number.

    Raises:
        OutOfStepError: It doesn't.
    """
    existing = {tuple(row) for row in connection.execute(text(_COLUMNS), {"schema": name})}
    declared = ((table.name, column.name) for table in metadata_of(name).sorted_tables for column in table.columns)
    lacking = sorted(".".join(column) for column in declared if column not in existing)
    if lacking:
        at = ", ".join(MigrationContext.configure(connection).get_current_heads())
        raise OutOfStepError(
            f"{name}: the database is at revision {at} and lacks {', '.join(lacking)}. The revision that makes this "
            f"must come after {at} (docs/release.md, A hotfix behind its database)."
        )


_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = to_regnamespace(:schema) AND a.attnum > 0 AND NOT a.attisdropped
"""
_EXISTING = """
SELECT n.nspname, c.relname, a.attname, 'primary key' FROM pg_namespace n
JOIN pg_class c ON c.relnamespace = n.oid JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
UNION SELECT n.nspname, c.relname, NULL, NULL FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
UNION SELECT n.nspname, t.typname, NULL, NULL FROM pg_namespace n JOIN pg_type t ON t.typnamespace = n.oid
"""


def _existing(connection: Connection) -> set[tuple[str, ...]]:
    """Return what the guard asks of the database: (schema, name) of each relation and type.

    And (schema, table, column, "primary key") of each column of a primary key.
    """
    return {tuple(filter(None, row)) for row in connection.exec_driver_sql(_EXISTING)}


def configuration(name: str) -> Config:
    """Return Alembic's configuration for one service."""
    config = Config()
    config.set_main_option("script_location", str(_SERVICES / "core" / "data" / "alembic"))
    config.set_main_option("version_locations", str(_SERVICES / name / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["service"] = name
    config.attributes["metadata"] = metadata_of(name)
    return config


def metadata_of(name: str) -> MetaData:
    """Return the tables that a service's models declare."""
    base = importlib.import_module(f"services.{name}.models").Base
    metadata: MetaData = base.metadata
    return metadata
