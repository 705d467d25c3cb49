"""Which expressions of SQLAlchemy are known: of an index, of a column's default, of a statement about rows.

They are judged as objects. `text()` can be anything, so of it only constants pass.
"""

import re
from collections.abc import Collection

from sqlalchemy import BindParameter, ColumnClause, DefaultClause, False_, Null, TextClause, True_
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Insert, UpdateBase
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ClauseList,
    CollationClause,
    ExpressionClauseList,
    Grouping,
    Tuple,
    UnaryExpression,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import ForUpdateArg

from services.core.data.expand.errors import ObjectionError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TIMES = _words("now statement_timestamp transaction_timestamp current_timestamp current_date")
"""The same for all rows of a statement, so Postgres needn't write a table anew to have them as a default."""
NEW_VALUES = TIMES | _words("clock_timestamp gen_random_uuid uuidv7 nextval next_value")
_CANNOT_FAIL = _words("cardinality coalesce greatest least length lower nullif octet_length upper")
_CHANGE_NOTHING = (  # what the rows that a migration writes may be made by, and what SQLAlchemy's inspector asks
    _CANNOT_FAIL
    | NEW_VALUES
    | _words("abs any avg concat count date_trunc decode encode extract generate_series left max md5 min replace right")
    | _words("row_number sha256 split_part string_agg substring sum to_char trim unnest")
    | _words("jsonb_agg jsonb_array_length jsonb_build_object jsonb_set jsonb_typeof to_jsonb")
    | _words("array_agg format_type pg_get_constraintdef pg_get_expr pg_table_is_visible pg_type_is_visible")
)

_COMPARISONS = {
    *(operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge),
    *(operators.is_, operators.is_not, operators.is_distinct_from, operators.is_not_distinct_from),
    *(operators.is_true, operators.is_false, operators.between_op, operators.not_between_op),
    *(operators.in_op, operators.not_in_op, operators.and_, operators.or_, operators.inv),
    *(operators.collate, operators.desc_op, operators.asc_op, operators.nulls_first_op, operators.nulls_last_op),
}
_PLAIN = {BindParameter, Null, True_, False_, Grouping, ClauseList, Tuple, CollationClause}

_CONSTANT = re.compile(r"-?\d+(\.\d+)?|true|false|'[^'\\:]*'(::[a-z_][a-z_ ]*(\[\])?)?", re.IGNORECASE)


def must_not_fail(expression: ClauseElement) -> None:
    """Refuse what an index may not be of, nor its condition be.

    An expression that fails on a row fails the write that brings the row, and the release before knows nothing of
    it. An operator is as able to fail as a function (`/`, `||`, `->>`, `~` with a pattern from a column), and a cast as
    well. So columns, constants, comparisons of these and a few functions pass.
    """
    for part in visitors.iterate(expression):
        if not _cannot_fail(part):
            raise ObjectionError(
                f"indexes an expression that may fail on rows that running code writes ({_shown(part)})",
                "Index columns, constants, comparisons, or coalesce, lower and the like, written as SQLAlchemy's "
                'objects: sa.column("ended_at").is_(None) for text("ended_at IS NULL").',
            )


def _cannot_fail(part: object) -> bool:
    if type(part) in _PLAIN:
        return True
    if isinstance(part, ColumnClause):
        return not part.is_literal  # which is text() by another name
    if isinstance(part, FunctionElement):
        return _is_one_of(part, _CANNOT_FAIL)
    if isinstance(part, UnaryExpression):
        return (part.operator or part.modifier) in _COMPARISONS
    return isinstance(part, (BinaryExpression, BooleanClauseList, ExpressionClauseList)) and (
        part.operator in _COMPARISONS
    )


def is_value(default: object, functions: Collection[str]) -> bool:
    """Return whether a default is a value for certain, not NULL; refuse what isn't known.

    Args:
        default: As columns and `op.alter_column` have it.
        functions: Those that may be called.
    """
    given = default.arg if isinstance(default, DefaultClause) else default
    if given is None or isinstance(given, Null):
        return False
    if isinstance(given, TextClause):
        written = given.text.strip()
        called = written.removesuffix("()") if written.endswith("()") else ""
        if written.lower() == "null" or called in functions or _CONSTANT.fullmatch(written):
            return written.lower() != "null"
    elif (
        isinstance(given, (str, True_, False_))
        or (isinstance(given, BindParameter) and given.value is not None)
        or (isinstance(given, FunctionElement) and _is_one_of(given, functions) and _has_constants_alone(given))
    ):
        return True
    raise ObjectionError(
        f"has a default that isn't known to be one value for all existing rows ({_shown(given)})",
        "Use a constant, sa.func.now() or no default, and set the default for new rows with op.alter_column.",
    )


def _has_constants_alone(function: "FunctionElement[object]") -> bool:
    return all(type(part) in _PLAIN for part in visitors.iterate(function) if part is not function)


def must_only_add_rows(statement: ClauseElement) -> None:
    """Refuse what changes rows within a statement, locks them, or calls what nobody knows."""
    if isinstance(statement, Insert) and statement._multi_values:  # noqa: SLF001  (visitors pass it by)
        raise ObjectionError("inserts several rows by values()", "Use op.bulk_insert.")
    for part in visitors.iterate(statement):
        if isinstance(part, (OnConflictDoUpdate, ForUpdateArg)) or (
            isinstance(part, UpdateBase) and part is not statement
        ):
            raise ObjectionError(
                f"changes or locks rows within a statement ({type(part).__name__})",
                "Insert rows, on_conflict_do_nothing() where they may be there, and read without FOR UPDATE.",
            )
        if isinstance(part, FunctionElement) and not _is_one_of(part, _CHANGE_NOTHING):
            raise ObjectionError(f"calls {_shown(part)}; what that does isn't known", "Compute the value in Python.")
        literal = isinstance(part, TextClause) or (isinstance(part, ColumnClause) and part.is_literal)
        if literal and str(part) != "*" and not _CONSTANT.fullmatch(str(part)):
            raise ObjectionError(f"has SQL as text ({_shown(part)})", "Write it as SQLAlchemy's objects.")


def _is_one_of(function: "FunctionElement[object]", names: Collection[str]) -> bool:
    """Return whether it is one of these functions of Postgres itself, not a service's own of that name."""
    return function.name in names and function.packagenames in {(), ("pg_catalog",)}


def _shown(part: object) -> str:
    return " ".join(str(part).split())[:60]
