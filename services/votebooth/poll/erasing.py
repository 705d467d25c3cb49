"""What becomes of the ballots of a deleted account: they stay counted, and nothing says any more whose they were.

A ballot of a poll that isn't anonymous gets a random key in the place of the voter's; its receipt is the same, and so
are all counts. In anonymous polls and in those that go by network the account's id was never stored, but keyed hashes.
"""

from uuid import UUID

from sqlalchemy import cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.ids import NOBODY
from services.core.personal import Part
from services.votebooth.models import Ballot, Draft, Poll, RollEntry
from services.votebooth.poll.repository import forget_draft

_AT_ONCE = 50
"""Ballots; so many polls wait for each other's ballots meanwhile."""

# Ballots are found by poll and voter, poll by poll: an index by voter would cost each vote.
_ONE_BY_ONE = (text("SET LOCAL enable_hashjoin = off"), text("SET LOCAL enable_mergejoin = off"))
_SOME = text("SELECT b.poll_id FROM polls p JOIN ballots b ON b.poll_id = p.poll_id AND b.voter_key = :key LIMIT :most")
# Whoever changes ballots holds their polls' counters.
_LOCK = text("SELECT FROM counters WHERE poll_id = ANY(:polls) ORDER BY poll_id FOR NO KEY UPDATE")
_UNLINK = text(
    "UPDATE ballots SET voter_key = uuid_send(gen_random_uuid()) WHERE voter_key = :key AND poll_id = ANY(:polls)"
)

_LEFT = select(Poll.poll_id).where(Poll.owner_id == NOBODY)
"""Addresses on the roll of a poll that has no owner any more are of use to nobody."""


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Unlink some ballots of an account, then drop what it has prepared; say whether there may be more."""
    for setting in _ONE_BY_ONE:
        await session.execute(setting)
    key = account.bytes
    polls = list((await session.scalars(_SOME, {"key": key, "most": _AT_ONCE})).all())
    if polls:
        await session.execute(_LOCK, {"polls": polls})
        await session.execute(_UNLINK, {"key": key, "polls": polls})
        return True
    for draft in (await session.scalars(select(Draft.poll_id).where(Draft.owner_id == account))).all():
        await forget_draft(session, draft)
    await session.execute(delete(RollEntry).where(RollEntry.poll_id.in_(_LEFT)))
    return False


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here. Whose an anonymous ballot is isn't known."""
    ballots = (
        select(
            Ballot.poll_id,
            cast(func.convert_from(Ballot.choice, "UTF8"), JSONB).label("choice"),
            func.encode(Ballot.receipt, "hex").label("receipt"),
            Ballot.cast_at,
            Ballot.revision,
        )
        .join(Poll, Poll.poll_id == Ballot.poll_id)
        .where(Ballot.voter_key == account.bytes)
    )
    return [Part("ballots", ballots, Ballot.poll_id)]
