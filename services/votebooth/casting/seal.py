"""Sealing: after an anonymous poll's end all of its rows are written anew, and what they replace is removed.

While a poll runs, a row tells at most which crowd it was last written with (`anonymous.py`). Afterwards it
doesn't tell that either: portions of the two tables are written in transactions of their own, in the order
of their keys, and VACUUM takes away the dead rows. Doing it twice does no harm.
"""

from uuid import UUID

import msgspec
import structlog
from asyncpg import Connection

from services.core.kit import Kit
from services.votebooth.casting import anonymous
from services.votebooth.casting import statements as sql
from services.votebooth.casting.delta import Delta
from services.votebooth.poll.definition import PollChanged
from services.votebooth.poll.rules import PollRules
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

_PORTION = 2_000
_TABLES = "counters, patterns, participations, anonymous_ballots, listed_receipts"


async def seal_ended(kit: Kit[VoteBoothSettings]) -> None:
    """Seal every anonymous poll that is over and isn't sealed yet."""
    pool = await kit.db.pool()
    polls = await pool.fetch(sql.UNSEALED)
    if not polls:
        return
    connection = await kit.db.connect()
    try:
        await connection.execute(sql.SESSION)
        for (poll_id,) in polls:
            await _seal(connection, poll_id)
            log.info("sealed")
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(f"VACUUM (SKIP_LOCKED, TRUNCATE false) {_TABLES}")
    finally:
        await connection.close()


async def _seal(connection: Connection, poll_id: UUID) -> None:
    ((definition,),) = await connection.fetch(sql.DEFINITIONS, [poll_id])
    rules = PollRules(msgspec.json.decode(definition, type=PollChanged))
    rows: int = await connection.fetchval(sql.ENDED, poll_id) or 0
    for low, high in anonymous.portions(rows, _PORTION):
        for rewrite in (anonymous.rewrite_participants, anonymous.rewrite_ballots):
            async with connection.transaction():
                row = await connection.fetchrow(sql.ENDED, poll_id)
                if row is None:
                    return  # it is open again
                await rewrite(connection, Delta(rules, row), low, high)
    async with connection.transaction():
        if await connection.fetchrow(sql.ENDED, poll_id) is not None:
            await connection.execute(sql.SEALED, poll_id)
