"""What people write, made fit to store, show and compare.

`clean_line` and `clean_text` return what is stored; `fold` returns a key for comparing. Lists of characters
are of Unicode 16, https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt.
"""

import re
import unicodedata

# Default_Ignorable_Code_Point: drawn as nothing by a renderer that knows them.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLES = re.compile(f"[{_IGNORABLE}]+")

# Letters of a flag such as England's: invisible by themselves, and the only difference between such flags.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")

# Drawn as nothing, though not ignorable: the empty braille pattern and the null note head.
_BLANKS = re.compile(f"[{_IGNORABLE}\\s\u2800\U0001d159]+")

# Nothing at a text's ends, and meaningful inside of it. U+FE0F isn't among them: an emoji may end with it.
_EDGES = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# With all that `str.strip` takes for white space, so that one pass takes both, however they alternate.
_STRIPPED = _EDGES + "".join(filter(str.isspace, map(chr, range(0x3001))))

# Embeddings, overrides and isolates reorder what stands around them; the others are deprecated controls.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]")
# Marks in a row beyond what any language writes (UAX #15, Stream-Safe Text Format). Putting marks in order takes the
# square of their number: of 32,000 it took two seconds.
_STACK = re.compile(rb"[^\0]{31}")
# They come apart into marks, and are none themselves.
_MADE_OF_MARKS = str.maketrans(dict.fromkeys("\u0f73\u0f75\u0f81\uff9e\uff9f", "\u0301"))

# Noncharacters are 32 of the first plane, and the last two of each.
_LAST_TWO = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
_NOT_TEXT = re.compile(f"[\ud800-\udfff\ufdd0-\ufdef{_LAST_TWO}]")
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f]")
_LINE_END = re.compile("\r\n|[\r\u0085\u2028\u2029]")


def clean_line(value: str, max_chars: int) -> str:
    """Return one line as it is stored: NFC, nothing at its ends, nothing invisible that could deceive.

    Args:
        value: What somebody wrote.
        max_chars: The most code points the result may have.

    Raises:
        ValueError: It can't be accepted; the message is a sentence for the one who wrote it.
    """
    value = _checked(value)
    if re.search(r"[\r\n\u0085\u2028\u2029]", value.strip()):
        raise ValueError("This must be a single line.")
    value = value.strip(_STRIPPED)
    if _CONTROL.search(value):
        raise ValueError("This contains a control character. Remove it, or type the text again.")
    return _sized(value, max_chars)


def clean_text(value: str, max_chars: int) -> str:
    r"""Return a text of any number of lines as it is stored; lines end with `\n`, tabs may stay.

    Args:
        value: What somebody wrote.
        max_chars: The most code points the result may have.

    Raises:
        ValueError: It can't be accepted; the message is a sentence for the one who wrote it.
    """
    value = _LINE_END.sub("\n", _checked(value)).strip(_STRIPPED)
    if _CONTROL_IN_TEXT.search(value):
        raise ValueError("This contains a control character. Remove it, or type the text again.")
    return _sized(value, max_chars)


def is_stacked(value: str) -> bool:
    """Return whether more than 30 marks stand on one letter, so that a normal form of the text would take long."""
    if value.isascii():
        return False
    return _STACK.search(bytes(map(unicodedata.combining, value.translate(_MADE_OF_MARKS)))) is not None


def fold(value: str) -> str:
    """Return a key that is equal for texts that differ in form only: case, width, accents' encoding, blanks.

    Letters of different scripts that look alike (Latin a, Cyrillic а) stay different. The key is for
    comparing, not for showing; `fold(fold(x)) == fold(x)`. A text with more marks on a letter than `clean_line` takes
    is its own key.
    """
    if is_stacked(_without_ignorables(value)):
        return value
    for _ in range(4):  # normalising and folding can each call for the other again
        folded = unicodedata.normalize("NFKC", value).casefold()
        folded = unicodedata.normalize("NFKC", _without_ignorables(folded))
        folded = " ".join(folded.split())
        if folded == value:
            break
        value = folded
    return value


def _checked(value: str) -> str:
    if _NOT_TEXT.search(value):
        raise ValueError("This contains a broken character. Remove it, or type the text again.")
    if _REORDERING.search(value):
        raise ValueError("This contains an invisible character that changes the direction of text. Remove it.")
    if is_stacked(value):
        raise ValueError("This contains a letter with too many accents. Type the text anew.")
    return unicodedata.normalize("NFC", value)


def _sized(value: str, max_chars: int) -> str:
    if not _BLANKS.sub("", value):
        raise ValueError("This is empty. Write something.")
    if len(value) > max_chars:
        raise ValueError(f"This is too long: {len(value)} characters, and at most {max_chars} fit.")
    return value


def _without_ignorables(value: str) -> str:
    kept, end = [], 0
    for flag in _FLAG.finditer(value):
        kept += [_IGNORABLES.sub("", value[end : flag.start()]), flag[0]]
        end = flag.end()
    return "".join([*kept, _IGNORABLES.sub("", value[end:])])
