"""Use cases of Profiles; each is one transaction."""

import re
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from advanced_alchemy.exceptions import DuplicateKeyError
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.repository import to_schema
from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.images.images import Begun, Images
from services.core.images.shapes import AVATAR, BANNER
from services.core.kit import Kit
from services.core.personal import AT_ONCE
from services.core.problems import conflict, not_found
from services.core.refusals import Refusals
from services.core.service import UseCases
from services.core.spoken import Spoken
from services.core.text import clean_line, clean_text, fold
from services.profiles import schemas
from services.profiles.events import AccountDeleted, AccountOpened, AccountUpgraded, ProfileChanged
from services.profiles.models import Image, Profile
from services.profiles.repository import ProfileRepository
from services.profiles.schemas import PersonalPreferences, PersonalPreferencesEdit, ProfileEdit, ProfileView
from services.profiles.settings import ProfilesSettings

SHAPES = {"avatar": AVATAR, "banner": BANNER}


class Profiles(UseCases[ProfilesSettings]):
    """What can be done with profiles.

    Args:
        kit: What the service is given.
    """

    def __init__(self, kit: Kit[ProfilesSettings]) -> None:
        super().__init__(kit)
        self.images = Images(kit, Image, kit.settings.image_megabytes_per_account * 1_000_000)

    async def on_account_opened(self, session: AsyncSession, event: AccountOpened) -> None:
        """Give a new user a profile; guests have none."""
        if event.kind == "user":
            await self._ensure(session, event.account)

    async def on_account_upgraded(self, session: AsyncSession, event: AccountUpgraded) -> None:
        """Give somebody who was a guest a profile."""
        await self._ensure(session, event.account)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase the profile of a deleted account; in the end, also that there was one."""
        profiles = ProfileRepository(session)
        if gone.last:
            await profiles.delete_where(Profile.account == gone.account)
        elif (erased := await profiles.erase(gone.account)) is not None:
            await _tell(session, erased)
        return await self.images.erase(session, gone.account, AT_ONCE)

    async def sweep(self) -> None:
        """Delete files that nothing shows any more."""
        await self.images.sweep()
        await self.images.weigh()

    async def mine(self, subject: Subject) -> ProfileView:
        """Return the subject's own profile; made now if the event of the account isn't here yet.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self.kit.db.transaction() as session:
            return to_schema(await self._ensure(session, subject.id), ProfileView)

    async def read(self, handle: str) -> ProfileView:
        """Return a profile by its handle.

        Raises:
            Problem: 404.
        """
        async with self.kit.db.reading() as session:
            profile = await ProfileRepository(session).get_one_or_none(handle_key=fold(handle), deleted=False)
        if profile is None:
            raise not_found("profile")
        return to_schema(profile, ProfileView)

    async def people(self, accounts: Sequence[UUID], *, known_only: bool) -> list[ProfileChanged]:
        """Return profiles as their last events tell of them, for services that haven't heard of them.

        Args:
            accounts: Of users alone, unless `known_only`. So one without a profile is one whose event isn't here yet,
                and gets its profile now.
            known_only: Leave out those without a profile, for ids that somebody has made up, perhaps.
        """
        async with self.kit.db.reading() as session:
            found = {profile.account: profile for profile in await ProfileRepository(session).of(accounts)}
        for account in () if known_only else sorted(set(accounts) - found.keys()):
            async with self.kit.db.transaction() as session:
                found[account] = await self._ensure(session, account)
        return [to_schema(profile, ProfileChanged) for profile in found.values()]

    async def languages(self, accounts: Sequence[UUID]) -> list[Spoken]:
        """Return what people want to be spoken to in, for services that write to them."""
        async with self.kit.db.reading() as session:
            return [to_schema(row, Spoken) for row in await ProfileRepository(session).of(accounts)]

    async def edit(self, subject: Subject, edit: ProfileEdit) -> ProfileView:
        """Change the subject's own profile.

        Raises:
            Problem: 403 for guests, 409 if the handle is taken, 422 if a value breaks a rule.
        """
        subject.require_user()
        values = _checked(edit)
        try:
            async with self.kit.db.transaction() as session:
                profile = await self._ensure(session, subject.id)
                if values:
                    profile = await ProfileRepository(session).change(subject.id, values)
                    await _tell(session, profile)
                return to_schema(profile, ProfileView)
        except DuplicateKeyError as exc:
            raise conflict("handle-taken", "This handle is taken. Choose another.") from exc

    async def preferences(self, subject: Subject) -> PersonalPreferences:
        """Return what the subject has chosen for themselves.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        return to_schema(await self._mine(subject), PersonalPreferences)

    async def prefer(self, subject: Subject, edit: PersonalPreferencesEdit) -> PersonalPreferences:
        """Change what the subject has chosen for themselves; nothing of it is told.

        Raises:
            Problem: 403 for guests, 422 if it is no language.
        """
        subject.require_user()
        if edit.language is UNSET:
            return await self.preferences(subject)
        if edit.language is not None and not re.fullmatch(schemas.LANGUAGE, edit.language):
            found = Refusals("profile-refused")
            found.add("language", "must be a language's tag, such as de or pt-BR")
            found.check()
        async with self.kit.db.transaction() as session:
            await self._ensure(session, subject.id)
            await ProfileRepository(session).prefer(subject.id, edit.language)
        return PersonalPreferences(language=edit.language)

    async def begin_image(self, subject: Subject, content_type: str) -> Begun:
        """Allow the subject to upload one image.

        Raises:
            Problem: 403 for guests, 422 for another type, 429 if too many wait.
        """
        subject.require_user()
        return await self.images.begin(subject.id, content_type)

    async def show(self, subject: Subject, what: Literal["avatar", "banner"], image: UUID, site: str) -> ProfileView:
        """Let the subject's profile show an image that they have uploaded; shown already, nothing happens.

        Raises:
            Problem: 403 for guests, 404 if it isn't theirs, 409 if it isn't uploaded or is used, 422 if it isn't an
                image that is taken.
        """
        subject.require_user()
        mine = await self._mine(subject)
        if getattr(mine, f"{what}_image") == image:
            return to_schema(mine, ProfileView)
        await self.images.make(subject.id, image, SHAPES[what], site)
        async with self.kit.db.transaction() as session:
            await self.images.use(session, subject.id, [image])
            return await self._show(session, subject.id, what, image)

    async def hide(self, subject: Subject, what: Literal["avatar", "banner"]) -> ProfileView:
        """Let the subject's profile show no avatar or banner any more, and delete its files.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        mine = await self._mine(subject)
        if getattr(mine, f"{what}_image") is None:
            return to_schema(mine, ProfileView)
        async with self.kit.db.transaction() as session:
            return await self._show(session, subject.id, what, None)

    async def _show(self, session: AsyncSession, account: UUID, what: str, image: UUID | None) -> ProfileView:
        profile, before = await ProfileRepository(session).show(account, what, image)
        await self.images.drop(session, [before])
        await _tell(session, profile)
        return to_schema(profile, ProfileView)

    async def _mine(self, subject: Subject) -> Profile:
        async with self.kit.db.transaction() as session:
            return await self._ensure(session, subject.id)

    async def _ensure(self, session: AsyncSession, account: UUID) -> Profile:
        """Return an account's profile, made with a handle from its id if there is none."""
        profiles = ProfileRepository(session)
        if (found := await profiles.get_one_or_none(account=account)) is not None:
            return found
        # The tail of a UUIDv7 is random; its head is the time.
        handle = f"voter-{account.hex[-10:]}"
        made = await profiles.add_or_ignore({"account": account, "handle": handle, "handle_key": fold(handle)})
        if made is not None:
            await _tell(session, made)
            return made
        # Another process was faster, and has told of it; or somebody has chosen this very handle.
        if (found := await profiles.get_one_or_none(account=account)) is not None:
            return found
        raise conflict("handle-taken", f"The handle {handle} is taken.")


def _checked(edit: ProfileEdit) -> dict[str, Any]:
    """Return what an edit changes, by column.

    Raises:
        Problem: 422 that names every refused field.
    """
    found = Refusals("profile-refused")
    values: dict[str, Any] = {}
    if edit.handle is not UNSET:
        if not re.fullmatch(schemas.HANDLE, edit.handle):
            found.add("handle", "must be 3–30 letters, digits, - and _, and begin with a letter")
        values |= {"handle": edit.handle, "handle_key": fold(edit.handle)}
    if edit.display_name is not UNSET:
        longest = schemas.MAX_DISPLAY_NAME
        values["display_name"] = found.text(
            "display_name", clean_line, edit.display_name or "", longest, required=False
        )
    if edit.bio is not UNSET:
        values["bio"] = found.text("bio", clean_text, edit.bio or "", schemas.MAX_BIO, required=False)
    if edit.links is not UNSET:
        links = edit.links or []
        if len(links) > schemas.MAX_LINKS:
            found.add("links", f"must be at most {schemas.MAX_LINKS}, not {len(links)}")
        for index, link in enumerate(links[: schemas.MAX_LINKS]):
            if not re.fullmatch(schemas.LINK, link):
                found.add(f"links.{index}", "must begin with https:// and hold no spaces")
        values["links"] = links
    if edit.private is not UNSET:
        values["private"] = edit.private
    found.check()
    return values


async def _tell(session: AsyncSession, profile: Profile) -> None:
    await publish(session, to_schema(profile, ProfileChanged))
