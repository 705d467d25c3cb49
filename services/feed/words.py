"""Words, as searching compares them: the same for what is written and for what is looked for."""

import unicodedata
from collections.abc import Iterable, Sequence

MOST_CHARACTERS = 200
"""Of what is looked for."""

_MOST_WORDS = 8
_LONGEST = 40
_DIACRITICS = dict.fromkeys(range(768, 880))
_CORRECTED = range(4, 21)
"""How long words are that typing errors are looked for in: in shorter ones, each other word would be one."""


def folded(text: str) -> str:
    """Return a text without case, compatibility forms and diacritics: "Ökonomie" and "okonomie" are one."""
    return unicodedata.normalize("NFKD", text).casefold().translate(_DIACRITICS)


def words_of(text: str) -> list[str]:
    """Return the words of a text, each once and folded, in their order; overlong ones are cut."""
    spaced = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded(text))
    return list(dict.fromkeys(word[:_LONGEST] for word in spaced.split()))


def asked(text: str) -> list[str]:
    """Return the words that somebody looks for; the first ones only, if they are many."""
    return words_of(text)[:_MOST_WORDS]


def query_of(alternatives: Iterable[Sequence[str]]) -> str:
    """Return a query for Postgres: for each word one of its alternatives, as the beginning of a word.

    Args:
        alternatives: For each word its own; folded words, which need no more than quotation marks.
    """
    return " & ".join("(" + " | ".join(f"'{word}':*" for word in some) + ")" for some in alternatives)


def spellings(word: str) -> list[str]:
    """Return a word and what is left of it with any one letter left out; nothing for words that aren't corrected.

    Two words that are one typing error apart have a spelling in common (W. Garbe's symmetric delete): one letter too
    many, one too few, another one, or two in the wrong order.
    """
    if len(word) not in _CORRECTED:
        return []
    return sorted({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def is_one_typo(typed: str, meant: str) -> bool:
    """Say whether two different words are one typing error apart."""
    if len(typed) > len(meant):
        typed, meant = meant, typed
    start = next((at for at, letter in enumerate(typed) if letter != meant[at]), len(typed))
    typed, meant = typed[start:], meant[start:]
    if len(typed) < len(meant):
        return typed == meant[1:]
    return typed[1:] == meant[1:] or (typed[:2] == meant[1::-1] and typed[2:] == meant[2:])
