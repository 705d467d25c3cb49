"""A statement, read from left to right."""

from collections.abc import Sequence

from services.core.data.expand.errors import ObjectionError
from services.core.data.expand.sql_tokens import Kind, Token


class Cursor:
    """A place in a statement.

    Args:
        tokens: The statement's.
        schema: Where names are that say no schema.
    """

    def __init__(self, tokens: Sequence[Token], schema: str) -> None:
        self._tokens = tokens
        self._schema = schema
        self._place = 0

    def more(self) -> bool:
        """Return whether anything is left."""
        return self._place < len(self._tokens)

    def rest(self) -> Sequence[Token]:
        """Return what is left."""
        return self._tokens[self._place :]

    def skip(self) -> None:
        """Pass a token."""
        self._place += 1

    def at(self, *words: str) -> bool:
        """Return whether these words and signs come next."""
        coming = self._tokens[self._place : self._place + len(words)]
        return [token.text for token in coming if token.kind in {"word", "sign"}] == list(words)

    def take(self, *words: str) -> bool:
        """Pass these words and signs if all of them come next; return whether they did."""
        taken = self.at(*words)
        self._place += len(words) * taken
        return taken

    def take_kind(self, *kinds: Kind) -> bool:
        """Pass a token of one of these kinds; return whether it was one."""
        taken = self.more() and self._tokens[self._place].kind in kinds
        self._place += taken
        return taken

    def word(self) -> str:
        """Pass a token; return it if it is a word, otherwise nothing."""
        token = self._tokens[self._place] if self.more() else None
        self.skip()
        return token.text if token is not None and token.kind == "word" else ""

    def identifier(self) -> str:
        """Pass a name's part and return it."""
        token = self._tokens[self._place] if self.more() else None
        if token is None or token.kind not in {"word", "quoted"}:
            raise ObjectionError("isn't understood")
        self.skip()
        return token.text

    def name(self) -> tuple[str, str]:
        """Pass a name and return it with its schema; a database's name before it says nothing new."""
        parts = [self._schema, self.identifier()]
        while self.take("."):
            parts.append(self.identifier())
        return parts[-2], parts[-1]

    def names(self) -> list[str]:
        """Pass the rest of a list of names, with its parenthesis; return them."""
        found = [self.identifier()]
        while self.take(","):
            found.append(self.identifier())
        if not self.take(")"):
            raise ObjectionError("isn't understood")
        return found
