"""The audit log: every administrative act in VoteBooth, in the transaction of the act itself.

    async with kit.db.transaction() as tx:
        ...
        await audit.record(tx, poll_id, subject.id, "tokens.issued", count=100)

Rows are added and never changed; the service's database role may do nothing else.
"""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.votebooth.models import AuditEntry

Detail = int | str | bool | None


async def record(
    transaction: AsyncSession, poll_id: UUID | None, actor: UUID | None, act: str, **details: Detail
) -> None:
    """Append an act.

    Args:
        transaction: That of the act, so that neither is stored without the other.
        poll_id: The poll it concerns; None where it concerns none.
        actor: The account that did it; None for the system.
        act: What was done: a noun and a verb, such as `tokens.issued`, `roll.uploaded`, `export.taken`.
        details: Numbers and names of what was done; never a ballot, a token or an address.
    """
    values = {"poll_id": poll_id, "actor": actor, "act": act, "details": details}
    await transaction.execute(insert(AuditEntry).values(values))


async def entries(session: AsyncSession, poll_id: UUID, before: int | None, limit: int) -> list[AuditEntry]:
    """Return a poll's acts, the latest first.

    Args:
        session: Where to read.
        poll_id: The poll.
        before: Only acts before this position. None: from the latest.
        limit: How many at most.
    """
    query = select(AuditEntry).where(AuditEntry.poll_id == poll_id)
    if before is not None:
        query = query.where(AuditEntry.position < before)
    return list((await session.scalars(query.order_by(AuditEntry.position.desc()).limit(limit))).all())
