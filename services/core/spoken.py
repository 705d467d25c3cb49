"""Which language somebody is written to in: what goes with their account."""

from collections.abc import Iterable, Sequence
from types import GenericAlias
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Meta, Struct

from services.core.peers.calls import Calls

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
UNSAID: Language = "en"
"""For whoever has said nothing that is ours."""

_MOST_TAGS = 20


class Spoken(Struct, frozen=True):
    """What somebody wants to be spoken to in."""

    account: UUID
    language: Annotated[str | None, Meta(description="A tag of BCP 47; null if they haven't said.")]


_ANSWER: Any = GenericAlias(list, (Spoken,))


async def languages(calls: Calls, service: str, accounts: Sequence[UUID], seconds: float) -> dict[UUID, str]:
    """Return what accounts have chosen, by account; who has chosen nothing isn't in it.

    Args:
        calls: Ask for them.
        service: Which knows them.
        accounts: A hundred at most.
        seconds: How long its answer is waited for.

    Raises:
        PeerError: It doesn't answer.
        PeerMissing: It doesn't know them.
    """
    if not accounts:
        return {}
    query = urlencode([("account", account) for account in accounts])
    found: list[Spoken] = await calls.get(service, f"/internal/{service}/languages?{query}", _ANSWER, seconds)
    return {one.account: one.language for one in found if one.language is not None}


def ours(tags: Iterable[str | None]) -> Language:
    """Return the first of some tags that there are mails in: `de` for `de-AT`."""
    for tag in tags:
        main = (tag or "").partition("-")[0].strip().lower()
        for language in LANGUAGES:
            if main == language:
                return language
    return UNSAID


def accepted(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, in their order."""
    parts = header.split(",", _MOST_TAGS)[:_MOST_TAGS]
    return [part.partition(";")[0].strip() for part in parts]
