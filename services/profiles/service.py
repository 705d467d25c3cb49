"""Use cases of Profiles; each is one transaction."""

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import FieldError, Problem, conflict, not_found, refused
from services.core.service import NoSettings
from services.core.text import clean_line, clean_text, fold
from services.profiles import repository
from services.profiles.events import AccountOpened, AccountUpgraded, ProfileChanged
from services.profiles.models import Profile
from services.profiles.schemas import ProfileEdit, ProfileView


class Profiles:
    """What can be done with profiles."""

    def __init__(self, kit: Kit[NoSettings]) -> None:
        self.kit = kit

    async def start(self) -> None:
        """Nothing runs in the background."""

    async def stop(self) -> None:
        """Nothing runs in the background."""

    async def on_account_opened(self, transaction: AsyncSession, event: AccountOpened) -> None:
        """Give a new user a profile; guests have none."""
        if event.kind == "user":
            await self.ensure(transaction, event.account)

    async def on_account_upgraded(self, transaction: AsyncSession, event: AccountUpgraded) -> None:
        """Give somebody who was a guest a profile."""
        await self.ensure(transaction, event.account)

    async def ensure(self, transaction: AsyncSession, account: UUID) -> Profile:
        """Return an account's profile, made with a handle from its id if there is none."""
        found = await repository.by_account(transaction, account)
        if found is not None:
            return found
        # The tail of a UUIDv7 is random; its head is the time.
        handle = f"voter-{account.hex[-10:]}"
        profile = await repository.add(transaction, account, handle, fold(handle))
        if profile is None:  # another process was faster
            profile = await repository.by_account(transaction, account)
        if profile is None:
            raise conflict("handle-taken", f"The handle {handle} is taken.")
        await _tell(transaction, profile)
        return profile

    async def mine(self, subject: Subject) -> ProfileView:
        """Return the subject's own profile; made now if the event of the account isn't here yet."""
        subject.require_user()
        async with self.kit.db.transaction() as transaction:
            return _view(await self.ensure(transaction, subject.id))

    async def read(self, handle: str) -> ProfileView:
        """Return a profile by its handle.

        Raises:
            Problem: 404.
        """
        async with self.kit.db.reading() as session:
            profile = await repository.by_handle(session, fold(handle))
        if profile is None:
            raise not_found("profile")
        return _view(profile)

    async def edit(self, subject: Subject, edit: ProfileEdit) -> ProfileView:
        """Change the subject's own profile.

        Raises:
            Problem: 409 if the handle is taken, 422 if a text can't be shown.
        """
        subject.require_user()
        values = _values(edit)
        try:
            async with self.kit.db.transaction() as transaction:
                profile = await self.ensure(transaction, subject.id)
                if values:
                    profile = await repository.change(transaction, subject.id, values) or profile
                    await _tell(transaction, profile)
                return _view(profile)
        except IntegrityError as exc:
            raise conflict("handle-taken", "This handle is taken. Choose another.") from exc


def _values(edit: ProfileEdit) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if edit.handle is not UNSET:
        values |= {"handle": edit.handle, "handle_key": fold(edit.handle)}
    if edit.links is not UNSET:
        values["links"] = edit.links
    if edit.display_name is not UNSET:
        values["display_name"] = _text("display_name", clean_line, edit.display_name, 80)
    if edit.bio is not UNSET:
        values["bio"] = _text("bio", clean_text, edit.bio, 2000)
    return values


def _text(field: str, clean: Any, value: str, longest: int) -> str:
    try:
        return str(clean(value, longest)) if value else ""
    except ValueError as exc:
        raise _refusal(field, str(exc)) from exc


def _refusal(field: str, reason: str) -> Problem:
    return refused("text-refused", f"{field}: {reason}", FieldError(field, reason))


async def _tell(transaction: AsyncSession, profile: Profile) -> None:
    await publish(
        transaction,
        ProfileChanged(
            account=profile.account_id,
            version=profile.version,
            handle=profile.handle,
            display_name=profile.display_name,
        ),
    )


def _view(profile: Profile) -> ProfileView:
    return ProfileView(
        account=profile.account_id,
        handle=profile.handle,
        display_name=profile.display_name,
        bio=profile.bio,
        links=profile.links,
        created_at=profile.created_at,
    )
