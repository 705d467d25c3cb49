"""What Profiles takes and gives over the wire. `service.py` checks the limits that are described here."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.forms import Edit
from services.core.refusals import list_limits, text_limits

HANDLE = r"[A-Za-z][A-Za-z0-9_-]{2,29}"
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"
LINK = r"https://[^\s<>\"]{3,300}"
MAX_DISPLAY_NAME = 80
MAX_BIO = 2000
MAX_LINKS = 5

Handle = Annotated[
    str,
    Meta(
        extra_json_schema={"extra": {"pattern": f"^{HANDLE}$"}},
        description="3–30 letters, digits, - and _; begins with a letter.",
        examples=["ada"],
    ),
]
Link = Annotated[str, Meta(extra_json_schema={"extra": {"pattern": f"^{LINK}$"}}, examples=["https://example.org/ada"])]
Private = Annotated[
    bool, Meta(description="Who wants to follow has to ask. Made public again, it accepts those who wait.")
]

Language = Annotated[
    str,
    Meta(
        extra_json_schema={"extra": {"pattern": f"^{LANGUAGE}$"}},
        description="A tag of BCP 47, such as that of a browser.",
        examples=["de", "pt-BR"],
    ),
]


class ProfileEdit(Edit, frozen=True):
    """What to change; what is left out stays, null empties it."""

    handle: Handle | UnsetType = UNSET
    display_name: Annotated[str, text_limits(MAX_DISPLAY_NAME)] | UnsetType | None = UNSET
    bio: Annotated[str, text_limits(MAX_BIO, description="Plain text with line breaks.")] | UnsetType | None = UNSET
    links: Annotated[list[Link], list_limits(MAX_LINKS)] | UnsetType | None = UNSET
    private: Private | UnsetType = UNSET


class ProfileView(Struct, frozen=True):
    """A profile as anybody may see it."""

    account: UUID
    handle: str
    display_name: str
    bio: str
    links: list[str]
    avatar: Annotated[str | None, Meta(description="Path of a square image, 256 pixels wide; null without one.")]
    banner: Annotated[str | None, Meta(description="Path of a wide image, 1200 by 400 pixels; null without one.")]
    private: Private
    created_at: datetime


class PersonalPreferencesEdit(Edit, frozen=True):
    """What to change; what is left out stays, null takes it back."""

    language: Language | UnsetType | None = UNSET


class PersonalPreferences(Struct, frozen=True):
    """What somebody has chosen for whatever they use VoteWave with. Nobody else sees it."""

    language: Language | None
