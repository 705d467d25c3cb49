"""SQL as Postgres reads it, in tokens: what is text, what is a name, where a statement ends.

After "Lexical Structure" in PostgreSQL's manual, with `standard_conforming_strings` on. What is left out (Unicode
escapes, escaped strings over several lines, names that Postgres would cut) is refused, not guessed at.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["word", "quoted", "text", "number", "sign"]

_NAME_BYTES = 63  # longer ones Postgres cuts off, and then takes for another's
_WORD = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*"  # Postgres counts whatever isn't ASCII as a letter
_SPACE = re.compile(r"(?:[ \t\n\r\f\v]+|--[^\n\r]*)*")
_TOKEN = re.compile(
    rf"""
    (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
    |(?P<text>'(?:[^']|'')*' | (?P<tag>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$).*?(?P=tag))
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<word>{_WORD})
    |(?P<number>\$[0-9]+ | [0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<sign>[^'"$\x00])
    """,
    re.DOTALL | re.VERBOSE,
)


class UnreadableError(ValueError):
    """A statement isn't certain to be read here as Postgres reads it."""


class Token(NamedTuple):
    """A piece of SQL.

    Attributes:
        kind: A "word" is a key word or a name as Postgres folds it; a "quoted" one is always a name.
        text: Without quotes, but of texts, whose content is nobody's concern: empty.
    """

    kind: Kind
    text: str

    def is_word(self, *words: str) -> bool:
        """Return whether it is one of these words (in small letters), and not quoted."""
        return self.kind == "word" and self.text in words

    def is_sign(self, signs: str) -> bool:
        """Return whether it is one of these signs."""
        return self.kind == "sign" and self.text in signs


def statements(sql: str) -> list[list[Token]]:
    """Return the tokens of each statement; empty ones are left out.

    Raises:
        UnreadableError: Something in it is beyond this reading.
    """
    found: list[list[Token]] = [[]]
    for token in _tokens(sql):
        if token.is_sign(";"):
            found.append([])
        else:
            found[-1].append(token)
    return [tokens for tokens in found if tokens]


def split(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return what stands between the outer commas."""
    found: list[list[Token]] = [[]]
    for token, depth in outline(tokens):
        if depth == 0 and token.is_sign(","):
            found.append([])
        else:
            found[-1].append(token)
    return found


def outline(tokens: Sequence[Token]) -> list[tuple[Token, int]]:
    """Return each token with the number of parentheses that it stands in; these stand in themselves."""
    found, depth = [], 0
    for token in tokens:
        depth += token.is_sign("([")
        found.append((token, depth))
        depth -= token.is_sign(")]")
    return found


def until(tokens: Sequence[Token], words: Sequence[str]) -> Sequence[Token]:
    """Return what stands before the first of these words that is in no parentheses."""
    ends = (n for n, (token, depth) in enumerate(outline(tokens)) if depth == 0 and n and token.is_word(*words))
    return tokens[: next(ends, len(tokens))]


def _tokens(sql: str) -> list[Token]:
    found: list[Token] = []
    place, escaped = _skip(sql, 0), False
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        if match is None:
            raise UnreadableError("isn't closed, or isn't SQL")
        kind, text = str(match.lastgroup), match[0]
        if escaped and text.startswith("'"):
            raise UnreadableError("goes on with an escaped string")
        if text in {"u", "U"} and sql.startswith(("&'", '&"'), match.end()):
            raise UnreadableError("has Unicode escapes")
        found.append(_token(kind, text))
        escaped = kind == "escaped"
        place = _skip(sql, match.end())
    return found


def _token(kind: str, text: str) -> Token:
    if kind in {"escaped", "text"}:
        return Token("text", "")
    if kind == "sign":
        return Token("sign", text)
    if kind == "number":
        return Token("number", text)
    if len(text.encode()) > _NAME_BYTES + 2 * (kind == "quoted"):
        raise UnreadableError("has a name that Postgres cuts off")
    if kind == "quoted":
        return Token("quoted", text[1:-1].replace('""', '"'))
    return Token("word", text.encode().lower().decode())  # bytes fold ASCII alone, as Postgres does


def _skip(sql: str, place: int) -> int:
    """Return where the next token begins: after spaces and comments, which may hold comments."""
    while True:
        blank = _SPACE.match(sql, place)
        place = blank.end() if blank else place
        if not sql.startswith("/*", place):
            return place
        depth = 0
        for mark in re.compile(r"/\*|\*/").finditer(sql, place):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                place = mark.end()
                break
        else:
            raise UnreadableError("isn't closed, or isn't SQL")
