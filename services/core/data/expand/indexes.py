"""What a table in use may be indexed by: columns, and expressions that fail on no row that running code writes.

An operator is as able to fail as a function (`/`, `||`, `->>`, `~` with a pattern from a column), and a cast as well.
So what passes has a grammar: constants and columns, the functions below, comparisons of these, AND, OR and NOT.
"""

from services.core.data.expand.cursor import Cursor
from services.core.data.expand.errors import ObjectionError

_CANNOT_FAIL = ("cardinality", "coalesce", "greatest", "least", "length", "lower", "nullif", "octet_length", "upper")
_TYPE_ENDS = (("varying",), ("precision",), ("with", "time", "zone"), ("without", "time", "zone"))
_TESTS = tuple(("is", *negated, what) for what in ("null", "true", "false", "unknown") for negated in ((), ("not",)))
_JOINS = (
    *(("and",), ("or",), ("between",), ("not", "between")),
    *(("is", "distinct", "from"), ("is", "not", "distinct", "from")),
    *(("<", "="), (">", "="), ("<", ">"), ("!", "="), ("=",), ("<",), (">",)),
)


def judge_index(cursor: Cursor) -> None:
    """Refuse an index, given from behind its table's name, unless it is of what can't fail."""
    if cursor.take("using"):
        cursor.word()
    _must(cursor.take("("))
    _element(cursor)
    while cursor.take(","):
        _element(cursor)
    _must(cursor.take(")"))
    if cursor.take("include"):
        _list(cursor)
    if cursor.take("with"):
        _must(cursor.take("("))
        _pass_by(cursor)
    if cursor.take("tablespace"):
        _must(_name(cursor))
    if cursor.take("where"):
        _expression(cursor)
    _must(not cursor.more())


def _must(right: bool) -> None:
    if not right:
        raise ObjectionError("indexes what may fail on rows that running code writes")


def _element(cursor: Cursor) -> None:
    """Pass what is indexed, and how: `title COLLATE "C" text_pattern_ops DESC NULLS LAST`."""
    _expression(cursor)
    if cursor.take("collate"):
        _must(_name(cursor))
    if not any(map(cursor.at, ("asc", "desc", "nulls"))) and _name(cursor) and cursor.take("("):
        _pass_by(cursor)  # an operator class's parameters
    if not cursor.take("asc"):
        cursor.take("desc")
    if cursor.take("nulls"):
        _must(cursor.take("first") or cursor.take("last"))


def _expression(cursor: Cursor) -> None:
    while True:
        while cursor.take("not"):
            pass
        _operand(cursor)
        if cursor.take("in") or cursor.take("not", "in"):
            _list(cursor)
        while any(cursor.take(*test) for test in _TESTS):
            pass
        if not any(cursor.take(*join) for join in _JOINS):
            return


def _operand(cursor: Cursor) -> None:
    if cursor.at("(") or any(cursor.at(function, "(") for function in _CANNOT_FAIL):
        if not cursor.at("("):
            cursor.skip()
        _list(cursor)
    elif cursor.take_kind("text"):
        if cursor.take(":", ":"):  # it is read as that type when the index is made
            _type(cursor)
    elif cursor.take("-"):
        _must(cursor.take_kind("number"))
    else:
        _must(cursor.take_kind("number") or _name(cursor))


def _list(cursor: Cursor) -> None:
    """Pass expressions in parentheses."""
    _must(cursor.take("("))
    _expression(cursor)
    while cursor.take(","):
        _expression(cursor)
    _must(cursor.take(")"))


def _name(cursor: Cursor) -> bool:
    """Pass a name if one comes next, with its schema; return whether one did."""
    found = cursor.take_kind("word", "quoted")
    while found and cursor.take("."):
        _must(cursor.take_kind("word", "quoted"))
    return found


def _type(cursor: Cursor) -> None:
    _must(_name(cursor))
    while any(cursor.take(*end) for end in _TYPE_ENDS):
        pass
    if cursor.take("("):
        _pass_by(cursor)
    while cursor.take("[", "]"):
        pass


def _pass_by(cursor: Cursor) -> None:
    """Pass what stands in parentheses that are open, which are names and numbers."""
    while cursor.more() and not cursor.take(")"):
        _must(not cursor.at("("))
        cursor.skip()
