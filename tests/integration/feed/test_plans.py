"""What a page costs doesn't grow with how many people there are: its statement looks them up one by one."""

import re
from typing import Any
from uuid import uuid4

import asyncpg
from services.feed.repository import lists
from services.feed.repository.parts import BEFORE_ALL
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql
from tests.conftest import VoteWave

_MANY = """
INSERT INTO feed.person (id, display_name, version, private, deleted)
SELECT gen_random_uuid(), '', 1, number % 20 = 0, number % 50 = 0 FROM generate_series(1, 20000) number;
INSERT INTO feed.entry (id, kind, version, ordinal, author, audience, text, created_at, words)
SELECT gen_random_uuid(), 'wave', 1, gen_random_uuid(), id, 'public', 'food', now(), 'food' FROM feed.person
"""
_STATEMENTS = {
    "home": lists.HOME.statement,
    "ranked": lists.CANDIDATES.statement,
    "explore": lists.EXPLORE.statement,
    "tag": lists.TAGGED.statement,
    "search for polls": lists.FOUND["poll"].statement,
    "search for Waves": lists.FOUND["wave"].statement,
}


async def test_a_page_doesnt_read_all_people(votewave: VoteWave) -> None:
    connection = await asyncpg.connect(votewave.admin_dsn)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET LOCAL search_path = feed; SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(_MANY)
        await connection.execute("ANALYZE feed.person, feed.entry")
        for name, statement in _STATEMENTS.items():
            plan = await _plan(connection, statement)
            assert "on person" in plan, f"{name}: or this shows nothing"
            assert "Seq Scan on person" not in plan, name
            if name == "explore":
                [rows] = re.findall(r"on entry .*rows=(\d+)", plan)
                assert int(rows) > 5_000, "or it may take all that there is for a page, and sort it"
    finally:
        await transaction.rollback()
        await connection.close()


async def _plan(connection: "asyncpg.Connection[Any]", statement: Select[*tuple[Any, ...]]) -> str:
    """Return a statement's plan, whatever its values."""
    compiled = statement.compile(dialect=postgresql.asyncpg.dialect())  # type: ignore[no-untyped-call]
    values = {"viewer": uuid4(), "after": BEFORE_ALL, "rows": 21, "tag": "food", "query": "'food'"}
    given = [values.get(name, compiled.params[name]) for name in compiled.positiontup or ()]
    return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {compiled}", *given))
