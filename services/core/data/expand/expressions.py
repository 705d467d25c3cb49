"""Expressions that change nothing, and that are a value for certain."""

from collections.abc import Collection, Sequence

from services.core.data.expand.errors import ObjectionError
from services.core.data.expand.sql_tokens import Token


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BRACKETED = _words(  # key words that may stand before a parenthesis without a call
    "all and any array as between by cast conflict distinct else exists filter from having in including intersect is "
    "like not on only or over select some then union using values when where with"
)
_TYPES = _words("bit char character decimal interval numeric time timestamp timestamptz varbit varchar")
_CALLS = _words(  # functions that change nothing
    "abs array_agg array_length avg bool_and bool_or cardinality clock_timestamp coalesce concat count date_trunc "
    "decode encode extract format_type gen_random_uuid generate_series greatest jsonb_agg jsonb_array_length "
    "jsonb_build_object jsonb_set jsonb_typeof least left length lower max md5 min nextval now nullif octet_length "
    "pg_get_constraintdef pg_get_expr pg_table_is_visible regexp_replace replace right round row row_number sha256 "
    "split_part statement_timestamp string_agg substring sum to_char to_jsonb transaction_timestamp trim unnest "
    "upper uuidv7"
)
TIMES = _words("now statement_timestamp transaction_timestamp")  # the same for all rows of a statement
DEFAULTS = TIMES | _words("clock_timestamp gen_random_uuid nextval uuidv7")
_CONSTANTS = _words(
    "true false current_timestamp current_date interval timestamp timestamptz date with without time zone precision "
    "varying"
)
_CHANGES = ("delete", "insert", "into", "merge", "truncate", "update", "execute")


def only_reads(tokens: Sequence[Token]) -> None:
    """Refuse what changes rows within a query, and calls of functions that may."""
    for place, token in enumerate(tokens):
        if token.is_word(*_CHANGES):
            raise ObjectionError(f"changes rows within a statement ({token.text.upper()})")
        before = tokens[place - 1] if place else None
        if not token.is_sign("(") or before is None or before.kind not in {"word", "quoted"}:
            continue
        known = before.kind == "word" and before.text in _BRACKETED | _TYPES | _CALLS
        qualified = place > 1 and tokens[place - 2].is_sign(".")
        if not known or (qualified and tokens[place - 3].text != "pg_catalog"):
            raise ObjectionError(f"calls {before.text}, and what that does can't be judged")


def is_something(tokens: Sequence[Token], calls: Collection[str]) -> bool:
    """Return whether a default is a value for certain; refuse what isn't known.

    Only constants and these calls are known: Postgres makes NULL of many an expression without the word.
    """
    something = bool(tokens)
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        called = tokens[place + 1 : place + 2] == [Token("sign", "(")]
        typed = before is not None and before.is_sign(":")
        if token.is_word("null"):
            something = False
        elif token.kind in {"text", "number"} or (typed and not called) or token.is_sign("()+-:,]"):
            continue
        elif token.is_sign("[") and tokens[place + 1 : place + 2] == [Token("sign", "]")]:
            continue  # a list's type
        elif token.kind != "word" or token.text not in ({*calls, *(_TYPES if typed else ())} if called else _CONSTANTS):
            raise ObjectionError(f"has a default that isn't known to be a value ({token.text})")
    return something
