"""For tests that run a service's use cases themselves, beside the running VoteWave or without one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import asyncpg
from services.core.data.database import Database
from services.core.settings import CoreSettings
from sqlalchemy import event as sqlalchemy_events
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.conftest import VoteWave


def settings_beside(votewave: VoteWave, peers: str = "") -> CoreSettings:
    """Return settings for use cases on a running VoteWave's servers; its peers are there, unless it is said where."""
    return CoreSettings(
        database_url=votewave.admin_dsn.replace("postgres@", ""),
        redis_url=votewave.redis_url,
        secrets=f"file://{votewave.data_dir}/secrets.json",
        storage=f"file://{votewave.data_dir}/files",
        peers=peers or f"static:{votewave.url}",
    )


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[str]]:
    """Note each statement that goes to the database."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    fetch = Database.fetch

    async def fetch_noted(database: Database, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        if database.engine is engine:
            statements.append(sql)
        return await fetch(database, sql, arguments)

    sqlalchemy_events.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        with patch.object(Database, "fetch", fetch_noted):
            yield statements
    finally:
        sqlalchemy_events.remove(engine.sync_engine, "before_cursor_execute", note)
