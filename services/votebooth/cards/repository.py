"""The SQL of cards: each statement is of many polls."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.models import Poll

_PAIRS = (bindparam("polls", type_=ARRAY(Uuid())), bindparam("keys", type_=ARRAY(LargeBinary)))

# Equal keys in both tables mean nothing: those of anonymous polls are hashes.
_VOTED = text(
    """
    WITH wanted AS (SELECT * FROM unnest(:polls, :keys) AS t (poll_id, voter_key))
    SELECT poll_id, b.voter_key, coalesce(b.caster, '') AS caster FROM wanted JOIN ballots b USING (poll_id, voter_key)
    UNION ALL
    SELECT poll_id, p.voter_key, coalesce(p.caster, '') FROM wanted JOIN participations p USING (poll_id, voter_key)
    """
).bindparams(*_PAIRS)

_TOKENS = text(
    "SELECT poll_id FROM unnest(:polls, :keys) AS t (poll_id, token_hash) JOIN credentials USING (poll_id, token_hash)"
).bindparams(*_PAIRS)


async def definitions(session: AsyncSession, polls: Collection[UUID]) -> Sequence[bytes]:
    """Return polls' rules as stored."""
    return (await session.scalars(select(Poll.definition).where(Poll.poll_id.in_(polls)))).all()


async def voted(session: AsyncSession, keys: dict[UUID, bytes]) -> dict[UUID, bytes]:
    """Return, for voters' keys by poll, whose the counted ballot is: its key and, by network, its caster."""
    rows = await session.execute(_VOTED, {"polls": list(keys), "keys": list(keys.values())})
    return {row.poll_id: bytes(row.voter_key) + bytes(row.caster) for row in rows}


async def good_tokens(session: AsyncSession, hashes: dict[UUID, bytes]) -> set[UUID]:
    """Return the polls whose voting token is one of theirs."""
    return set(await session.scalars(_TOKENS, {"polls": list(hashes), "keys": list(hashes.values())}))
