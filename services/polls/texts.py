"""A poll's texts: what may stand in them. Long ones are cleaned in a process apart, for that takes a tenth of a second.

Cleaning what is clean changes nothing.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from services.core.apart import Apart
from services.core.problems import FieldError
from services.core.refusals import Refusals
from services.core.text import clean_line, clean_text, fold
from services.polls import schemas
from services.polls.schemas import OptionEdit, OptionNew, PollEdit, PollNew

SLUG = "poll-refused"

_LONG = 150_000
"""Characters that are cleaned here, in twenty milliseconds at most: below, another process isn't worth its start."""

_LINK = re.compile(r"https?://[^\s<>\"\\^`{|}]+", re.IGNORECASE)

B = TypeVar("B", PollNew, PollEdit)
AnOption = TypeVar("AnOption", OptionNew, OptionEdit)


class _Texts(msgspec.Struct, Generic[AnOption], frozen=True, kw_only=True, omit_defaults=True):
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    options: list[AnOption] | UnsetType = UNSET


class _Cleaned(msgspec.Struct, Generic[AnOption], frozen=True, array_like=True):
    texts: _Texts[AnOption]
    errors: list[FieldError]


def _title(found: Refusals, title: str) -> str:
    return found.text("title", clean_line, title, schemas.MAX_TITLE)


def _description(found: Refusals, description: str) -> str:
    return found.text("description", clean_text, description, schemas.MAX_DESCRIPTION, required=False)


def _options(found: Refusals, options: Sequence[AnOption]) -> list[AnOption]:
    if not schemas.MIN_OPTIONS <= len(options) <= schemas.MAX_OPTIONS:
        least, most = schemas.MIN_OPTIONS, schemas.MAX_OPTIONS
        found.add("options", f"must be from {least} to {most}, not {len(options)}", min_length=least, max_length=most)
        return []
    seen: dict[str, int] = {}
    ids: set[int] = set()
    cleaned: list[AnOption] = []
    for index, given in enumerate(options):
        option = _option(found, f"options.{index}", given)
        label = option.label
        if isinstance(label, str) and label and (first := seen.setdefault(fold(label), index)) != index:
            found.add(f"options.{index}.label", f"is the same as options.{first}")
        if isinstance(option.id, int):
            if option.id in ids:
                found.add(f"options.{index}.id", "stands twice")
            ids.add(option.id)
        cleaned.append(option)
    return cleaned


def _option(found: Refusals, place: str, option: AnOption) -> AnOption:
    """Clean the texts that an option has; an edit may leave out each."""
    cleaned: dict[str, str | None] = {}
    if isinstance(option.label, str):
        cleaned["label"] = found.text(f"{place}.label", clean_line, option.label, schemas.MAX_LABEL)
    if isinstance(option.description, str):
        cleaned["description"] = found.text(
            f"{place}.description", clean_text, option.description, schemas.MAX_OPTION_DESCRIPTION, required=False
        )
    if isinstance(option.link, str):
        link = option.link and found.text(f"{place}.link", clean_link, option.link, schemas.MAX_LINK)
        cleaned["link"] = link or None
    return msgspec.structs.replace(option, **cleaned)


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


def _given(body: PollNew | PollEdit | _Texts[Any]) -> dict[str, Any]:
    return {name: value for name in CLEAN if (value := getattr(body, name)) not in (UNSET, None)}


def _length(texts: dict[str, Any]) -> int:
    """Return how many characters are to be looked at; too many options are refused by their number."""
    options: Sequence[OptionNew | OptionEdit] = texts.get("options", ())
    if len(options) > schemas.MAX_OPTIONS:
        return 0
    return sum(len(option.label or "") + len(option.description or "") + len(option.link or "") for option in options)


async def clean_long(
    found: Refusals, apart: Apart, body: B, *, account: object, address: str
) -> tuple[B, frozenset[str]]:
    """Return a request with its texts cleaned if they are long, and the names of those that are still to be cleaned.

    Args:
        found: What is refused.
        apart: Where long ones are cleaned.
        body: The request.
        account: Whose it is.
        address: The site that it comes from.

    Raises:
        Problem: 429 or 503 if too much waits to be cleaned.
    """
    texts = _given(body)
    if _length(texts) <= _LONG:
        return body, frozenset(texts)
    given = msgspec.msgpack.encode(_Texts(**texts))
    if isinstance(body, PollNew):
        done = await apart.do(clean_new, given, account=account, address=address)
        answer: _Cleaned[Any] = msgspec.msgpack.decode(done, type=_Cleaned[OptionNew])
    else:
        done = await apart.do(clean_edit, given, account=account, address=address)
        answer = msgspec.msgpack.decode(done, type=_Cleaned[OptionEdit])
    found.errors += answer.errors
    return msgspec.structs.replace(body, **msgspec.structs.asdict(answer.texts)), frozenset()


def clean_new(given: bytes) -> bytes:
    """Clean a new poll's texts, as `Apart` has it done."""
    return _clean(msgspec.msgpack.decode(given, type=_Texts[OptionNew]))


def clean_edit(given: bytes) -> bytes:
    """Clean an edit's texts, as `Apart` has it done."""
    return _clean(msgspec.msgpack.decode(given, type=_Texts[OptionEdit]))


def _clean(given: _Texts[Any]) -> bytes:
    found = Refusals(SLUG)
    texts = {name: CLEAN[name](found, value) for name, value in _given(given).items()}
    return msgspec.msgpack.encode(_Cleaned(_Texts(**texts), found.errors))
