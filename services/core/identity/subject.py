"""Who is asking: the verified content of an access token."""

from enum import StrEnum
from uuid import UUID

import msgspec

from services.core.problems import forbidden, missing_scope, not_for_guests


class Kind(StrEnum):
    """What sort of identity a subject is."""

    USER = "user"
    GUEST = "guest"
    SERVICE = "service"


class Role(StrEnum):
    """What a user may do beyond their own things."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Subject(msgspec.Struct, frozen=True):
    """A verified identity.

    Attributes:
        id: The account, the guest, or a fixed id of a service.
        kind: user, guest or service.
        role: user, moderator or admin.
        session: The session the token belongs to; for an API key, the key's id.
        scopes: What the token may be used for; a session's token carries `*`.
        expires: When the token ends, Unix seconds.
        name: For a service, its name.
    """

    id: UUID
    kind: Kind
    role: Role
    session: UUID
    scopes: frozenset[str]
    expires: int
    name: str = ""

    def may(self, scope: str) -> bool:
        """Say whether the token covers a scope such as `polls:write`."""
        return "*" in self.scopes or scope in self.scopes

    def require(self, scope: str) -> None:
        """Refuse a token that doesn't cover the scope.

        Raises:
            Problem: 403.
        """
        if not self.may(scope):
            raise missing_scope(scope)

    def require_user(self) -> None:
        """Refuse guests and services.

        Raises:
            Problem: 403.
        """
        if self.kind is not Kind.USER:
            raise not_for_guests()

    def require_role(self, *roles: Role) -> None:
        """Refuse a subject who has none of the roles.

        Raises:
            Problem: 403.
        """
        if self.kind is not Kind.USER or self.role not in roles:
            raise forbidden("This is for " + " and ".join(f"{role}s" for role in roles) + ".")
