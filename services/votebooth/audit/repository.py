"""The audit log of VoteBooth: every administrative act, in the transaction of the act itself.

async with kit.db.transaction() as session:
...
await AuditRepository(session).record("tokens.issued", subject.id, {"count": 100}, poll_id=poll_id)
"""

from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset
from services.votebooth.models import AuditEntry

LOG = Keyset("booth-log", AuditEntry.position)


class AuditRepository(AuditLog[AuditEntry]):
    """What was done to polls' ballots and their surroundings; `poll_id` is null where an act concerns none."""

    model_type = AuditEntry
