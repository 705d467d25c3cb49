"""Whether a migration only expands, so that the release before it keeps working until the last instance is replaced.

Statements are judged as they are about to run, however the migration came to them, and before any that takes something
away has begun; the transaction then ends without effect. What isn't known to only add is refused
(docs/decisions/0022). What the same run has made is nobody's yet, and free. Which values code makes of new rows is
left to who reviews the migration.
"""

from services.core.data.expand.errors import ContractError, OutOfStepError
from services.core.data.expand.statements import Expanding

__all__ = ["ContractError", "Expanding", "OutOfStepError"]
