"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

import secrets
from datetime import datetime
from uuid import UUID

from uuid_utils import compat

NOBODY = UUID(int=0)
"""Stands where the id of an account was that is deleted."""


def new_id() -> UUID:
    """Return a new UUIDv7."""
    return compat.uuid7()


def id_at(moment: datetime, tail: int | None = None) -> UUID:
    """Return a UUIDv7 of a moment.

    Args:
        moment: When.
        tail: What stands in place of what is random; of it 74 bits count.
    """
    bits = secrets.randbits(74) if tail is None else tail & ((1 << 74) - 1)
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (bits >> 62 << 64) | (2 << 62) | (bits & ((1 << 62) - 1)))
