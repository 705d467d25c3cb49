"""Words that moderators want to look at before others do, however they are written.

`skeleton` takes letters that look alike for one, after the method of Unicode's TR39 (section 4) with a table of the
letters that are used for it: Greek and Cyrillic ones, and digits and signs in place of Latin letters. Accents, case,
width and invisible characters make no difference. It compares; it isn't for showing.
"""

import re
import unicodedata
from collections.abc import Iterable

from services.core.text import fold

LONGEST = 100
MOST = 500

_ALIKE = str.maketrans(
    "аеіорсухѕјһԁԛԝкмнтвгαεικνορτυχβηω0134578@$€ıłøđ",
    "aeiopcyxsjhdqwkmhtbraeikvoptuxbnwoieastbaseilod",
)
_NOT_WORDS = re.compile(r"[^\w*]+|_+")


def skeleton(value: str) -> str:
    """Return a text's words as they are compared, with a blank between. Its time grows with the length alone."""
    letters = unicodedata.normalize("NFKD", fold(value))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_WORDS.sub(" ", plain.translate(_ALIKE)).strip()


def key_of(words: str) -> str:
    """Return what a filter is compared by. A star at its end stands for whatever a word goes on with.

    Raises:
        ValueError: It has no letters; the message is a sentence for the one who wrote it.
    """
    is_open = words.rstrip().endswith("*")
    key = skeleton(words).replace("*", " ")
    key = " ".join(key.split())
    if not key:
        raise ValueError("This has no letters, so it would match nothing.")
    return f"{key}*" if is_open else key


def matching(text: str, keys: Iterable[str]) -> str | None:
    """Return the first of some filters that a text matches, in whole words; None if it matches none."""
    words = f" {' '.join(skeleton(text).replace('*', ' ').split())} "
    for key in keys:
        if (f" {key[:-1]}" if key.endswith("*") else f" {key} ") in words:
            return key
    return None
