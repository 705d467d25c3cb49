"""Every SQL statement of Profiles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from services.core.data.repository import Repository
from services.core.images.exporting import image_part
from services.core.images.shapes import AVATAR, BANNER
from services.core.personal import Part
from services.profiles.models import Image, Profile


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

    async def prefer(self, account: UUID, language: str | None) -> None:
        """Keep what somebody has chosen for themselves. It is no new version: others are shown nothing of it."""
        await self.update_where(Profile.account == account, Profile.deleted.is_(False), values={"language": language})

    async def show(self, account: UUID, what: str, image: UUID | None) -> tuple[Profile, UUID | None]:
        """Let a profile show an image, or none, as its avatar or banner; return it and the image it showed before."""
        column = getattr(Profile, f"{what}_image")
        before: UUID | None = (
            await self.session.execute(select(column).where(Profile.account == account).with_for_update())
        ).scalar_one()
        return await self.change(account, {f"{what}_image": image}), before

    async def erase(self, account: UUID) -> Profile | None:
        """Leave nothing of a profile but that its account is deleted; None if there is nothing to erase any more."""
        values: dict[str, Any] = {
            "handle": "",
            "handle_key": account.hex,
            "display_name": "",
            "bio": "",
            "links": [],
            "avatar_image": None,
            "banner_image": None,
            "language": None,
            "deleted": True,
            "version": Profile.version + 1,
            "updated_at": func.now(),
        }
        erased = await self.update_where(Profile.account == account, Profile.deleted.is_(False), values=values)
        return next(iter(erased), None)


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    words = (Profile.handle, Profile.display_name, Profile.bio, Profile.links)
    columns = (*words, Profile.avatar_image, Profile.banner_image, Profile.private, Profile.language)
    shapes = case(
        (Profile.avatar_image == Image.id, AVATAR.largest), (Profile.banner_image == Image.id, BANNER.largest)
    )
    return [
        Part("profile", select(*columns, Profile.created_at).where(Profile.account == account), Profile.account),
        image_part(Image, account, select(shapes).where(Profile.account == Image.account).scalar_subquery()),
    ]
