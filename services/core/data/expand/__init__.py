"""Whether a migration only expands, so that the release before it keeps working until the last instance is replaced.

Each of Alembic's operations is judged by its object as it is about to run, and before any that takes something away
has begun; the transaction then ends without effect. What isn't known to only add is refused, raw SQL above all
(docs/decisions/0026); what migrations need of it has a helper. What the same run has made is nobody's yet, and free.
Which values code makes of new rows is left to who reviews the migration.
"""

from services.core.data.expand.errors import ContractError, OutOfStepError
from services.core.data.expand.guard import Guard

__all__ = ["ContractError", "Guard", "OutOfStepError"]
