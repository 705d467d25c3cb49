"""Every SQL statement of Profiles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func

from services.core.data.repository import Repository
from services.profiles.models import Profile


class ProfileRepository(Repository[Profile]):
    """Profiles, by account."""

    model_type = Profile

    async def of(self, accounts: Sequence[UUID]) -> Sequence[Profile]:
        """Return the profiles of some accounts, as far as they have one."""
        return await self.get_many(Profile.account.in_(accounts))

    async def change(self, account: UUID, values: dict[str, Any]) -> Profile:
        """Change a profile, which gets its next version.

        Raises:
            DuplicateKeyError: The handle is taken.
            NotFoundError: The account has no profile.
        """
        values = {**values, "version": Profile.version + 1, "updated_at": func.now()}
        changed = await self.update_where(Profile.account == account, values=values)
        return self.check_not_found(next(iter(changed), None))
