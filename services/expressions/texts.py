"""What Waves say: cleaned, and measured as people see it.

`regex` knows what one character is to the eye (UAX #29), which `re` doesn't.
"""

import regex

from services.core.tags import MOST_IN_A_TEXT
from services.core.text import clean_text

MAX_CHARACTERS = 500
"""As people see them: a flag, or a letter with its accents, is one."""

MAX_BYTES = 4_000
"""In UTF-8. One character to the eye may consist of any number of code points."""

MAX_MENTIONS = 20
MAX_TAGS = MOST_IN_A_TEXT

_CHARACTER = regex.compile(r"\X")


def clean(value: str, most: int) -> str:
    """Return a Wave's text as it is stored.

    Raises:
        ValueError: It can't be accepted; the message is a sentence for the one who wrote it.
    """
    value = clean_text(value, MAX_BYTES)
    # Before characters are counted: of letters that make flags that takes the square of their number.
    if (size := len(value.encode())) > MAX_BYTES:
        raise ValueError(f"This is too long: {size} bytes, and at most {MAX_BYTES} fit.")
    if (seen := len(_CHARACTER.findall(value))) > most:
        raise ValueError(f"This is too long: {seen} characters, and at most {most} fit.")
    return value
