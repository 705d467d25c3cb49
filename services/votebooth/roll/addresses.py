"""Addresses as a roll has them. Many are cleaned in a process apart, for ten thousand take a tenth of a second."""

import msgspec
from msgspec import Struct

from services.core.apart import Apart
from services.core.aws.mail import check_address
from services.core.problems import FieldError, refused

_MANY = 500
"""Addresses that are cleaned here, in some milliseconds: below, another process isn't worth its start."""

_ERRORS_SHOWN = 20


class _Cleaned(Struct, frozen=True, array_like=True):
    addresses: list[str]
    wrong: int
    errors: list[FieldError]


async def cleaned(apart: Apart, addresses: list[str], *, account: object, site: str) -> list[str]:
    """Return addresses as they are compared and written to, each once.

    Args:
        apart: Where many are cleaned.
        addresses: As they were sent.
        account: Whose they are.
        site: The network that they come from, as limits count.

    Raises:
        Problem: 422 if some can't be written to; 429 or 503 if too much waits to be cleaned.
    """
    given = msgspec.msgpack.encode(addresses)
    many = len(addresses) > _MANY
    answer = await apart.do(clean, given, account=account, address=site) if many else clean(given)
    found = msgspec.msgpack.decode(answer, type=_Cleaned)
    if found.wrong:
        raise refused("addresses-refused", f"{found.wrong} of the addresses can't be used.", *found.errors)
    return found.addresses


def clean(given: bytes) -> bytes:
    """Clean addresses, as `Apart` has it done."""
    found: dict[str, None] = {}
    wrong: list[FieldError] = []
    for place, address in enumerate(msgspec.msgpack.decode(given, type=list[str])):
        try:
            found[clean_address(address)] = None
        except ValueError as exc:
            wrong.append(FieldError(f"addresses.{place}", str(exc)))
    return msgspec.msgpack.encode(_Cleaned(list(found), len(wrong), wrong[:_ERRORS_SHOWN]))


def clean_address(address: str) -> str:
    """Return an address as it is compared and written to: without blanks around it, in lower case.

    Raises:
        ValueError: It isn't one that can be written to.
    """
    return check_address(address.strip().lower())
