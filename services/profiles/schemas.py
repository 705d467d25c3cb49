"""What Profiles takes and gives over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

HANDLE = r"^[A-Za-z][A-Za-z0-9_-]{2,29}$"

Handle = Annotated[
    str,
    Meta(pattern=HANDLE, description="3–30 letters, digits, - and _; begins with a letter.", examples=["ada"]),
]
Link = Annotated[str, Meta(pattern=r"^https://[^\s<>\"]{3,300}$", examples=["https://example.org/ada"])]


class ProfileEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    handle: Handle | UnsetType = UNSET
    display_name: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET
    bio: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    links: Annotated[list[Link], Meta(max_length=5)] | UnsetType = UNSET


class ProfileView(Struct, frozen=True):
    """A profile as anybody may see it."""

    account: UUID
    handle: str
    display_name: str
    bio: str
    links: list[str]
    created_at: datetime
