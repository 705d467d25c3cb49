"""A poll's texts: what may stand in them. Long ones are cleaned in a process apart, for that takes a tenth of a second.

Cleaning what is clean changes nothing.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from services.core.apart import Apart
from services.core.problems import FieldError
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text, fold
from services.polls import schemas
from services.polls.schemas import OptionNew, PollEdit, PollNew

SLUG = "poll-refused"

_LONG = 150_000
"""Characters that are cleaned here, in twenty milliseconds at most: below, another process isn't worth its start."""

_LINK = re.compile(r"https?://[^\s<>\"\\^`{|}]+", re.IGNORECASE)

B = TypeVar("B", PollNew, PollEdit)


class _Texts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    options: list[OptionNew] | UnsetType = UNSET


class _Cleaned(msgspec.Struct, frozen=True, array_like=True):
    texts: _Texts
    errors: list[FieldError]


def _title(found: Refusals, title: str) -> str:
    return found.text("title", clean_line, title, schemas.MAX_TITLE)


def _description(found: Refusals, description: str) -> str:
    return found.text("description", clean_text, description, schemas.MAX_DESCRIPTION, required=False)


def _options(found: Refusals, options: Sequence[OptionNew]) -> list[OptionNew]:
    if not schemas.MIN_OPTIONS <= len(options) <= schemas.MAX_OPTIONS:
        found.add("options", f"must be from {schemas.MIN_OPTIONS} to {schemas.MAX_OPTIONS}, not {len(options)}")
        return []
    seen: dict[str, int] = {}
    ids: set[int] = set()
    cleaned: list[OptionNew] = []
    for index, option in enumerate(options):
        place = f"options[{index}]"
        label = found.text(f"{place}.label", clean_line, option.label, schemas.MAX_LABEL)
        if label and (first := seen.setdefault(fold(label), index)) != index:
            found.add(f"{place}.label", f"is the same as options[{first}]")
        if option.id is not None and option.id in ids:
            found.add(f"{place}.id", "stands twice")
        ids |= {option.id} if option.id is not None else set()
        text = found.text(
            f"{place}.description", clean_text, option.description, schemas.MAX_OPTION_DESCRIPTION, required=False
        )
        link = option.link and found.text(f"{place}.link", clean_link, option.link, schemas.MAX_LINK)
        cleaned.append(OptionNew(label=label, description=text, link=link or None, id=option.id))
    return cleaned


def clean_link(value: str, longest: int) -> str:
    """Return a web address.

    Raises:
        ValueError: It isn't one, or carries a password, or could be taken for another.
    """
    link = clean_line(value, longest)
    if not _LINK.fullmatch(link):
        raise ValueError("must begin with https:// or http:// and contain no spaces")
    parts = urlsplit(link)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise ValueError("must contain a host and no user name")
    return link


CLEAN: dict[str, Callable[[Refusals, Any], Any]] = {"title": _title, "description": _description, "options": _options}
"""What cleans each text or refuses it."""

NAMES = frozenset(CLEAN)


def _given(body: PollNew | PollEdit | _Texts) -> dict[str, Any]:
    return {name: value for name in CLEAN if (value := getattr(body, name)) is not UNSET}


def _length(texts: dict[str, Any]) -> int:
    """Return how many characters are to be looked at; too many options are refused by their number."""
    options: Sequence[OptionNew] = texts.get("options", ())
    if len(options) > schemas.MAX_OPTIONS:
        return 0
    return sum(len(option.label) + len(option.description) + len(option.link or "") for option in options)


async def clean_long(apart: Apart, body: B, *, account: object, address: str) -> tuple[B, frozenset[str]]:
    """Return a request with its texts cleaned if they are long, and the names of those that are still to be cleaned.

    Args:
        apart: Where long ones are cleaned.
        body: The request.
        account: Whose it is.
        address: The site that it comes from.

    Raises:
        Problem: 422 that names every refused text; 429 or 503 if too much waits to be cleaned.
    """
    texts = _given(body)
    if _length(texts) <= _LONG:
        return body, frozenset(texts)
    given = msgspec.msgpack.encode(_Texts(**texts))
    answer = msgspec.msgpack.decode(await apart.do(clean, given, account=account, address=address), type=_Cleaned)
    found = Refusals(SLUG)
    found.errors += answer.errors
    found.check()
    return msgspec.structs.replace(body, **msgspec.structs.asdict(answer.texts)), frozenset()


def clean(given: bytes) -> bytes:
    """Clean texts, as `Apart` has it done."""
    found = Refusals(SLUG)
    texts = {
        name: CLEAN[name](found, value) for name, value in _given(msgspec.msgpack.decode(given, type=_Texts)).items()
    }
    return msgspec.msgpack.encode(_Cleaned(_Texts(**texts), found.errors))
