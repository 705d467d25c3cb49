"""What Auth takes and gives over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from services.auth.scopes import Scope
from services.core.identity.subject import Kind, Role

Email = Annotated[str, Meta(max_length=320, examples=["ada@example.org"])]
NewPassword = Annotated[
    str, Meta(max_length=1024, description="8 to 256 characters.", examples=["a boat, a lamp and 3 keys"])
]
Password = Annotated[str, Meta(max_length=1024, examples=["a boat, a lamp and 3 keys"])]
RefreshIn = Annotated[
    Literal["body", "cookie"],
    Meta(
        description="Where the refresh token goes: into the answer, or into an HttpOnly cookie that scripts "
        "can't read (browsers should ask for that)."
    ),
]


class SignUp(Struct, frozen=True, forbid_unknown_fields=True):
    """A new account."""

    email: Email
    password: NewPassword
    refresh: RefreshIn = "body"


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in."""

    email: Email
    password: Password
    refresh: RefreshIn = "body"


class Admit(Struct, frozen=True, forbid_unknown_fields=True):
    """How a guest wants to be let in; may be left out."""

    refresh: RefreshIn = "body"


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """The refresh token; left out by a browser, which sends the cookie."""

    refresh_token: Annotated[str, Meta(max_length=128)] | None = None


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The password as it is, and as it shall be; all API keys end unless they shall be kept."""

    current: Password
    new: NewPassword
    keep_keys: Annotated[
        bool, Meta(description="Leave API keys as they are. Only if nobody else can have known the old password.")
    ] = False


class EmailChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Another address, and the password, so that nobody else changes it."""

    email: Email
    password: Password


class ResetRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password is forgotten."""

    email: Email


LetterToken = Annotated[str, Meta(max_length=128, description="From the mail.", examples=["vl_…"])]


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a mail to confirm an address holds."""

    token: LetterToken


class PasswordReset(Struct, frozen=True, forbid_unknown_fields=True):
    """What a mail to reset a password holds, and the password as it shall be."""

    token: LetterToken
    new: NewPassword


class Deletion(Struct, frozen=True, forbid_unknown_fields=True):
    """The password, so that nobody else deletes the account; guests have none, and leave it out."""

    password: Password | None = None


class DeletionView(Struct, frozen=True):
    """When the account is deleted."""

    due_at: Annotated[datetime, Meta(description="Until then signing in keeps a user's account.")]


class ArchiveView(Struct, frozen=True):
    """A file with all that is mine."""

    state: Literal["preparing", "ready", "failed"]
    asked_at: datetime
    url: Annotated[str | None, Meta(description="Where it can be had, for 15 minutes; null unless it is ready.")]
    until: Annotated[datetime | None, Meta(description="Then it is deleted; null unless it is ready.")]


class RoleChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The role an account gets."""

    role: Role


class KeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new API key."""

    name: Annotated[str, Meta(min_length=1, max_length=80, examples=["nightly export"])]
    scopes: Annotated[
        list[Scope],
        Meta(max_length=8, description="Reading needs none, but a roll of addresses.", examples=[["votes:write"]]),
    ]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class KeyUse(Struct, frozen=True, forbid_unknown_fields=True):
    """An API key, to be exchanged for an access token."""

    api_key: Annotated[str, Meta(max_length=128, examples=["vw_…"])]


class AccountView(Struct, frozen=True):
    """An account as its owner sees it. `email` is null for guests, and to API keys."""

    id: UUID
    kind: Kind
    role: Role
    email: str | None
    email_verified: Annotated[bool, Meta(description="Somebody who reads its mail has confirmed the address.")]
    created_at: datetime


class Tokens(Struct, frozen=True):
    """An access token for `Authorization: Bearer …`, and what renews it.

    `refresh_token` is missing where it went into a cookie, and for API keys, which are their own.
    """

    account: AccountView
    session_id: UUID
    access_token: str
    expires_in: Annotated[int, Meta(description="Seconds.", examples=[900])]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  (RFC 6749's word, not a secret)
    refresh_token: str | UnsetType = UNSET


class SessionView(Struct, frozen=True):
    """One place where I am signed in; `network` is the address without its last part."""

    id: UUID
    current: bool
    user_agent: str
    network: Annotated[str, Meta(examples=["203.0.113.0/24"])]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


class KeyView(Struct, frozen=True):
    """An API key; `start` is its first characters, to recognise it by."""

    id: UUID
    name: str
    start: Annotated[str, Meta(examples=["vw_Zt4"])]
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewKey(Struct, frozen=True):
    """An API key, just made. `api_key` is shown this once; we keep a hash of it."""

    key: KeyView
    api_key: Annotated[str, Meta(examples=["vw_…"])]


class Address(Struct, frozen=True):
    """An address that an account has confirmed, for other services."""

    account: UUID
    email: str


class JWK(Struct, frozen=True):
    """A public key (RFC 7517)."""

    kid: str
    x: str
    y: str
    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"


class JWKS(Struct, frozen=True):
    """The keys that access tokens are signed with: the previous one, the one in use, the next."""

    keys: list[JWK]
