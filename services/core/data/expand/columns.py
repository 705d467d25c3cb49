"""What becomes of the columns of a table in use."""

from collections.abc import Sequence

from services.core.data.expand.cursor import Cursor
from services.core.data.expand.errors import ObjectionError
from services.core.data.expand.expressions import DEFAULTS, TIMES, is_something
from services.core.data.expand.sql_tokens import Token, outline, until

_CLAUSES = ("not", "null", "generated", "collate", "constraint", "check", "unique", "primary", "references", "storage")
_SERIALS = ("serial", "serial2", "serial4", "serial8", "bigserial", "smallserial")
_CONSTRAINTS = ("constraint", "unique", "check", "primary", "foreign", "exclude", "not")


def add(action: Cursor) -> None:
    """Refuse what is added to a table in use, but for columns that nobody need know."""
    if any(map(action.at, _CONSTRAINTS)):
        raise ObjectionError("adds a constraint")
    action.take("column")
    action.take("if", "not", "exists")
    action.identifier()
    _judge_column(action.rest())


def _judge_column(tokens: Sequence[Token]) -> None:
    """Refuse a new column, given without its name, that asks something of who doesn't know it.

    Nor may it have Postgres write the whole table anew, while nobody reads it. What is generated does both: its type
    may refuse what it is made of.
    """
    demands = supplies = False
    for place, (token, depth) in enumerate(outline(tokens)):
        if depth or token.kind != "word":
            continue
        if token.is_word("constraint", "unique", "check", "primary", "references"):
            raise ObjectionError("adds a column with a constraint")
        if token.is_word("generated") or (place == 0 and token.is_word(*_SERIALS)):
            raise ObjectionError("adds a column that numbers itself, or is made of others")
        after = tokens[place + 1 :]
        if token.is_word("not") and after[:1] == [Token("word", "null")]:
            demands = True
        elif token.is_word("default"):
            supplies = is_something(until(after, _CLAUSES), TIMES)
    if demands and not supplies:
        raise ObjectionError("adds a column that must be given a value")


def alter_column(action: Cursor) -> None:
    """Refuse alterations of a column, given without its name, but for those that ask less."""
    if action.take("drop", "not", "null"):
        return
    if action.take("set", "default"):
        if not is_something(action.rest(), DEFAULTS):
            raise ObjectionError("drops a default")
        return
    raise ObjectionError(why_not([Token("word", "column"), *action.rest()]))


_TAKES_AWAY = (
    (("rename",), "renames"),
    (("drop", "constraint"), "drops a constraint, which an ON CONFLICT may need"),
    (("drop",), "drops a column"),
    (("column", "type"), "changes a type"),
    (("column", "set", "data"), "changes a type"),
    (("column", "set", "not"), "no longer takes NULL"),
    (("column", "drop", "default"), "drops a default"),
    (("set", "schema"), "moves the table"),
)


def why_not(tokens: Sequence[Token]) -> str:
    """Return what is against an alteration that isn't known to only add."""
    words = tuple(token.text for token in tokens)
    known = next((why for begin, why in _TAKES_AWAY if words[: len(begin)] == begin), None)
    return known or f"alters a table in a way that isn't known to only add ({' '.join(words[:3]).upper()})"
