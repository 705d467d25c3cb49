"""Drafting a migration: what a service's models have that its migrations so far don't make."""

import secrets
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.operations.ops import MigrationScript
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.core.data.database import connect_arguments
from services.core.data.migrations import configuration, ensure_role


async def draft(name: str, admin_url: str, message: str) -> Path | None:
    """Write the next revision of a service; return its file, None if there is nothing to do.

    Args:
        name: The service.
        admin_url: An empty Postgres, as its administrator. The service's migrations are run there first.
        message: What changes, in a few words.
    """
    arguments = connect_arguments(admin_url)

    async def connect(*_: Any, **__: Any) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(**arguments)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_draft, name, message)
    finally:
        await engine.dispose()


def _draft(connection: Connection, name: str, message: str) -> Path | None:
    ensure_role(connection, name, secrets.token_urlsafe())
    connection.exec_driver_sql(f"SET search_path = {name}")
    config = configuration(name)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    made = command.revision(
        config,
        message=message,
        autogenerate=True,
        rev_id=f"{number:04d}",
        process_revision_directives=_only_changes,
    )
    return Path(made.path) if isinstance(made, Script) else None


def _only_changes(_: Any, __: Any, directives: list[MigrationScript]) -> None:
    directives[:] = [it for it in directives if it.upgrade_ops and not it.upgrade_ops.is_empty()]
