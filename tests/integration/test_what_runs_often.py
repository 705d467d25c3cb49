"""What services do again and again doesn't read whole tables, however much is in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from services.feed.models import Entry, Name, Spelling
from services.feed.repository.names import SpellingRepository
from services.polls.models import Poll
from services.polls.repository import MOMENTS_WAIT, PollRepository
from sqlalchemy import Table, func, insert, literal, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool
from tests.conftest import VoteWave

MANY = 20_000
_FILLED = "filled"
_NUMBER: Any = literal_column("number")
_A_DAY: Any = literal_column("interval '1 day'")
_OF_TYPE = {
    UUID: func.gen_random_uuid(),
    str: func.concat("word", _NUMBER),
    int: literal(1),
    bool: literal(False),
    datetime: func.now(),
}


@asynccontextmanager
async def session_of(votewave: VoteWave, service: str) -> AsyncIterator[AsyncSession]:
    """Open an administrator's transaction in a service's schema; no row of it stays, nor what is reckoned of them."""

    async def connect() -> Any:
        settings = {"search_path": service, "plan_cache_mode": "force_generic_plan"}
        return await asyncpg.connect(votewave.admin_dsn, server_settings=settings)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with AsyncSession(engine) as session:
        yield session
        await session.rollback()
        for table in session.info.get(_FILLED, ()):
            await session.execute(text(f"ANALYZE {table}"))
        await session.commit()
    await engine.dispose()


async def fill(session: AsyncSession, model: Any, **values: Any) -> None:
    """Write many rows; what isn't said of a column that has to have a value is made up."""
    table: Table = model.__table__
    for column in table.columns:
        if column.name not in values and not column.nullable and column.server_default is None:
            values[column.name] = _OF_TYPE.get(column.type.python_type, literal_column("'[]'"))
    rows = select(*values.values()).select_from(text(f"generate_series(1, {MANY}) AS number"))
    await session.execute(insert(table).from_select(list(values), rows))
    await session.execute(text(f"ANALYZE {table.name}"))
    session.info.setdefault(_FILLED, []).append(table.name)


async def scanned(session: AsyncSession, table: str) -> int:
    """Return how many rows of a table the transaction has read without an index."""
    statement = text("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = CAST(:name AS regclass)")
    return int((await session.execute(statement, {"name": table})).scalar_one())


async def test_the_next_moment_of_polls_is_told_by_an_index(votewave: VoteWave) -> None:
    async with session_of(votewave, "polls") as session:
        now = func.now()
        await fill(session, Poll, published_at=now, opens_at=now, opened_event_at=now, closes_at=now + _A_DAY)
        before = await scanned(session, "polls.poll")
        polls = PollRepository(session)
        await MOMENTS_WAIT.holds(session)
        await polls.take_openings()
        await polls.take_closings()
        assert await scanned(session, "polls.poll") == before


async def test_words_that_few_have_are_looked_up(votewave: VoteWave) -> None:
    async with session_of(votewave, "feed") as session:
        words = func.to_tsvector("simple", func.concat("word", _NUMBER))
        await fill(session, Entry, audience=literal("public"), words=words)
        await fill(session, Name, words=words)
        await fill(session, Spelling)
        tables = ("feed.entry", "feed.name", "feed.spelling")
        before = [await scanned(session, table) for table in tables]
        unused, last = await SpellingRepository(session).unused("word", 500)
        assert not [word for word in unused if word.startswith("word")]
        assert last, "there are more"
        assert [await scanned(session, table) for table in tables] == before
