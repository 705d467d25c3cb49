"""The names of options, and when two of them are one.

Names that differ in case, blanks or Unicode form only can't be told apart on a ballot. Polls refuse such
options by the same rule; the count imports nothing of theirs, so the rule stands here once more, and a test
holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from services.votebooth.tally.formats.source import FormatError, decode, refuse_binary, shown

MAX_OPTIONS = 10_000
MAX_NAME = 1_000
"""Characters of a name; a longer one is a quote that was never closed."""

# Default_Ignorable_Code_Point of Unicode 16: drawn as nothing.
_IGNORABLES = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# Flags such as England's differ in such letters alone, so there they stay.
# Marks in a row that no language writes: putting them in order would take the square of their number.
_STACK = re.compile(rb"[^\0]{31}")
_MADE_OF_MARKS = str.maketrans(dict.fromkeys("\u0f73\u0f75\u0f81\uff9e\uff9f", "\u0301"))
_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]+)")


def fold(name: str) -> str:
    """Return a key that is equal for names that differ in form only; of a name with 30 marks on a letter, itself."""
    if name.isascii():
        return " ".join(name.lower().split())
    if _STACK.search(bytes(map(unicodedata.combining, _without_ignorables(name).translate(_MADE_OF_MARKS)))):
        return name
    for _ in range(4):  # normalising and folding can each call for the other again
        folded = unicodedata.normalize("NFKC", name).casefold()
        folded = " ".join(unicodedata.normalize("NFKC", _without_ignorables(folded)).split())
        if folded == name:
            break
        name = folded
    return name


def _without_ignorables(name: str) -> str:
    pieces = _FLAG.split(name)  # every second one is a flag
    pieces[::2] = [_IGNORABLES.sub("", piece) for piece in pieces[::2]]
    return "".join(pieces)


def alike(name: str, other: str) -> str:
    """Return the reason why two names that fold to one are refused."""
    if name == other:
        return f"two options are called “{shown(name)}”"
    return (
        f"“{shown(name)}” and “{shown(other)}” differ in case, blanks or Unicode form only; "
        "write them alike, or name the options with --options"
    )


def checked_names(names: Sequence[str], lines: Sequence[int]) -> dict[int, str]:
    """Number options from 1.

    Args:
        names: Their names.
        lines: The line each stands on, for the message.

    Raises:
        FormatError: A name is empty, too long or there twice, or there are more than `MAX_OPTIONS`.
    """
    seen: dict[str, str] = {}
    for name, line in zip(names, lines, strict=True):
        if not name or len(name) > MAX_NAME:
            raise FormatError("an option's name is empty" if not name else "a name is too long", line)
        key = fold(name)
        if key in seen:
            raise FormatError(alike(name, seen[key]), line)
        seen[key] = name
        if len(seen) > MAX_OPTIONS:
            raise FormatError(f"there are {len(names)} options; {MAX_OPTIONS} are allowed", line)
    return dict(enumerate(names, 1))


def listed(data: bytes) -> list[str]:
    """Read a list of options: UTF-8, a name a line; blank lines are passed over.

    Raises:
        FormatError: It is no such list, or names an option twice.
    """
    refuse_binary(data)
    rows = [(name, line) for line, row in enumerate(decode(data).splitlines(), 1) if (name := row.strip())]
    if not rows:
        raise FormatError("the list of options is empty")
    names = [name for name, _ in rows]
    checked_names(names, [line for _, line in rows])
    return names


def held_against(names: Mapping[int, str], lines: Sequence[int], options: Collection[str]) -> dict[int, str]:
    """Hold a file's own names against a list, and return them as the list spells them.

    Args:
        names: The file's options, by number.
        lines: The line each stands on.
        options: The list.

    Raises:
        FormatError: The file names an option that isn't on the list, or lacks one that is.
    """
    spelt = {fold(name): name for name in options}
    found = {}
    for (number, name), line in zip(names.items(), lines, strict=True):
        known = spelt.pop(fold(name), None)
        if known is None:
            raise FormatError(f"“{shown(name)}” is no option of the list", line)
        found[number] = known
    if spelt:
        raise FormatError(f"the file has no option “{shown(next(iter(spelt.values())))}” of the list")
    return found
