"""Emojis as reactions: exactly one, in one of its spellings."""

import regex

_MAX_EMOJI_BYTES = 40
"""The longest that Unicode knows, a couple with two skin tones, takes 35."""

# UTS #51, ED-17: a picture, perhaps in a colour, or several joined; a flag; a keycap.
_PICTURE = r"\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?[\U000E0020-\U000E007F]*"
_EMOJI = regex.compile(rf"{_PICTURE}(?:\u200D{_PICTURE})*|\p{{Regional_Indicator}}{{2}}|[0-9#*]\uFE0F?\u20E3")
_TEXT_STYLE = regex.compile(r"(?!\p{Emoji_Presentation})\p{Extended_Pictographic}")


def clean_emoji(value: str) -> str:
    """Return one emoji in one of its spellings.

    Raises:
        ValueError: It isn't one.
    """
    is_one = len(value.encode()) <= _MAX_EMOJI_BYTES and _EMOJI.fullmatch(value)
    if not is_one:
        raise ValueError("must be one emoji")
    # A heart is drawn as a letter unless a selector follows; some keyboards send it without.
    return value + "\ufe0f" if _TEXT_STYLE.fullmatch(value) else value
