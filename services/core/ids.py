"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

from uuid import UUID

from uuid_utils import compat

NOBODY = UUID(int=0)
"""Stands where the id of an account was that is deleted."""


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return compat.uuid7()
