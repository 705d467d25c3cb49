"""Whether a migration only expands, so that the release before it keeps working until the last instance is replaced.

Statements are judged as they are about to run, however the migration came to them, and before any that takes something
away has begun; the transaction then ends without effect. What isn't known to only add is refused
(docs/decisions/0022). What the same run has made is nobody's yet, and free. Which values code makes of new rows is
left to who reviews the migration.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from services.core.sql_tokens import Token, UnreadableError, outline, split, statements


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERSIONS = "alembic_version"

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
_INDEXABLE = _words(  # of those, which refuse no value
    "cardinality coalesce concat greatest least length lower md5 nullif octet_length upper"
)
_TIMES = _words("now statement_timestamp transaction_timestamp")  # the same for all rows of a statement
_DEFAULTS = _TIMES | _words("clock_timestamp gen_random_uuid nextval uuidv7")
_CONSTANTS = _words(
    "true false current_timestamp current_date interval timestamp timestamptz date with without time zone precision "
    "varying"
)
_KINDS = ("index", "sequence", "table", "type")  # no views: under a made table's name one would free another's rows
_CHANGES = ("delete", "insert", "into", "merge", "truncate", "update", "execute")
_PARAMETERS = ("autovacuum_", "fillfactor", "parallel_workers", "toast", "vacuum_")
_WAITS = ("lock_timeout", "statement_timeout", "maintenance_work_mem")
_CASCADE = [Token("word", "on"), Token("word", "delete"), Token("word", "cascade")]
_CLAUSES = ("not", "null", "generated", "collate", "constraint", "check", "unique", "primary", "references", "storage")
_SERIALS = ("serial", "serial2", "serial4", "serial8", "bigserial", "smallserial")
_CONSTRAINTS = ("constraint", "unique", "check", "primary", "foreign", "exclude", "not")

Made = tuple[str, str, str]
"""What a run has made: its kind, schema and name."""


class ContractError(Exception):
    """A migration isn't known to only add; the message says why, and what to do instead."""


class OutOfStepError(Exception):
    """A database isn't at a revision that the code can do with; the message says whose, and what to do."""


class _ObjectionError(Exception):
    """Why a statement isn't let through, as what "a migration" does."""


class Expanding:
    """Refuses statements that aren't known to only add; SQLAlchemy's `before_cursor_execute` calls it.

    Args:
        service: Whose migrations these are; names without a schema are in its.
        there: What the database had before: (schema, name) of each relation and type, and (schema, table, column,
            "primary key") of each column of a primary key.
    """

    def __init__(self, service: str, there: Collection[tuple[str, ...]] = ()) -> None:
        self._service = service
        self._there = there
        self._made: set[Made] = set()

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Judge a statement.

        Raises:
            ContractError: It isn't known to only add.
        """
        if why := self.objection(statement):
            raise ContractError(
                f"{self._service}: a migration {why}, and instances of the release before still run: "
                f"{' '.join(statement.split())[:200]}\nNothing of it was run. Expand first, and take away in a later "
                "release, when no code uses it any more (docs/release.md has what is known to only add); or say why it "
                "may go now: --allow-contract REASON"
            )

    def objection(self, statement: str) -> str | None:
        """Return what is against a statement, None if nothing; what it makes is remembered."""
        try:
            for tokens in statements(statement):
                self._judge(_Cursor(tokens, self._service))
        except (_ObjectionError, UnreadableError) as exc:
            return str(exc)
        return None

    def _judge(self, cursor: "_Cursor") -> None:
        judges: dict[str, Callable[[_Cursor], None]] = {
            "alter": self._alter,
            "comment": lambda _: None,
            "create": self._create,
            "delete": self._delete,
            "drop": self._drop,
            "grant": self._grant,
            "insert": self._insert,
            "revoke": self._revoke,
            "select": lambda cursor: _only_reads(cursor.rest()),
            "set": self._set,
            "truncate": self._truncate,
            "update": self._update,
        }
        first = cursor.word()
        if first not in judges:
            raise _ObjectionError(f"runs {first.upper() or 'something'}, which isn't known to only add")
        judges[first](cursor)

    # --- what is made -------------------------------------------------------------------------------------------

    def _create(self, cursor: "_Cursor") -> None:
        cursor.take("unlogged")
        unique = cursor.take("unique")
        kind = cursor.word()
        if kind == "index":
            self._create_index(cursor, unique=unique)
        elif kind == "table":
            self._create_table(cursor)
        elif kind == "schema":
            cursor.take("if", "not", "exists")
            if any(token.is_word("create", "grant") for token in cursor.rest()):
                raise _ObjectionError("makes more than a schema with CREATE SCHEMA")
        elif kind in {"sequence", "type"}:
            cursor.take("if", "not", "exists")
            self._make(kind, cursor.name())
        elif kind == "trigger":
            while cursor.more() and not cursor.take("on"):
                cursor.skip()
            self._must_be_made("table", cursor.name(), "has code run on changes of")
        else:
            raise _ObjectionError(f"runs CREATE {kind.upper()}, which isn't known to only add")

    def _create_table(self, cursor: "_Cursor") -> None:
        cursor.take("if", "not", "exists")
        table = cursor.name()
        rest = cursor.rest()
        self._make("table", table)
        for place, (token, depth) in enumerate(outline(rest)):
            if depth:
                continue
            if token.is_word("inherits") or rest[place : place + 2] == [
                Token("word", "partition"),
                Token("word", "of"),
            ]:
                raise _ObjectionError("makes a table part of another")
            if token.is_word("as"):
                _only_reads(rest[place + 1 :])
        self._judge_references(rest)

    def _create_index(self, cursor: "_Cursor", *, unique: bool) -> None:
        if cursor.take("concurrently"):
            raise _ObjectionError(
                "wants CONCURRENTLY, which a service's migrations, all in one transaction, can't have"
            )
        cursor.take("if", "not", "exists")
        index = None if cursor.at("on") else cursor.name()
        if not cursor.take("on"):
            raise _ObjectionError("makes an index in an unknown way")
        cursor.take("only")
        table = cursor.name()
        if not self._is_made("table", table):
            if unique:
                raise _ObjectionError("makes values unique")
            if cursor.take("using"):
                cursor.word()
            _cannot_fail(cursor.rest())
        if index is not None:
            self._make("index", (table[0], index[1]))

    def _make(self, kind: str, name: tuple[str, str]) -> None:
        if name not in self._there:  # IF NOT EXISTS, or an error that somebody catches: then nothing was made
            self._made.add((kind, *name))

    def _is_made(self, kind: str, name: tuple[str, str]) -> bool:
        return (kind, *name) in self._made

    def _must_be_made(self, kind: str, name: tuple[str, str], why: str) -> None:
        if not self._is_made(kind, name):
            raise _ObjectionError(f"{why} what it hasn't made itself")

    def _judge_references(self, tokens: Sequence[Token]) -> None:
        """See to it that rows can still be deleted from tables that are in use, whatever refers to them.

        SET NULL and SET DEFAULT fail where the column can't have that, and a key other than the primary one may be
        changed. Tables of the same run are held to it as well: what refers to them stands in the way of a CASCADE.
        """
        for place, token in enumerate(tokens):
            if not token.is_word("references"):
                continue
            cursor = _Cursor(_until(tokens[place + 1 :], ("references",)), self._service)
            table = cursor.name()
            named = cursor.names() if cursor.take("(") else []
            clauses = [token for token, depth in outline(split(cursor.rest())[0]) if depth == 0]
            if not any(clauses[begin : begin + 3] == _CASCADE for begin in range(len(clauses))):
                raise _ObjectionError("refers to rows that running code may delete (ON DELETE CASCADE lets it)")
            known = all((*table, column, "primary key") in self._there for column in named)
            if not known and not self._is_made("table", table):
                raise _ObjectionError("refers to a key other than the primary one, which running code may change")

    # --- what is altered and dropped ----------------------------------------------------------------------------

    def _alter(self, cursor: "_Cursor") -> None:
        kind = cursor.word()
        cursor.take("if", "exists")
        if kind not in _KINDS:
            raise _ObjectionError(f"runs ALTER {kind.upper()}, which isn't known to only add")
        cursor.take("only")
        name = cursor.name()
        cursor.take("*")
        made = self._is_made(kind, name)
        if kind == "table":
            for action in split(cursor.rest()):
                self._alter_table(name, _Cursor(action, self._service), made=made)
        elif kind == "type" and cursor.take("add", "value"):
            return
        elif not made:
            raise _ObjectionError(f"alters {'an' if kind == 'index' else 'a'} {kind}")

    def _alter_table(self, table: tuple[str, str], action: "_Cursor", *, made: bool) -> None:
        if made:
            if action.at("inherit") or action.at("attach"):
                raise _ObjectionError("makes a table part of another")
            self._judge_references(action.rest())
        elif action.take("add"):
            _add(action)
        elif action.take("alter"):
            action.take("column")
            action.skip()
            _alter_column(action)
        elif action.take("set", "("):
            if not all(one[:1] and one[0].text.startswith(_PARAMETERS) for one in split(action.rest()[:-1])):
                raise _ObjectionError("sets something other than how a table is stored")
        elif not action.take("validate", "constraint"):
            raise _ObjectionError(_what(action.rest()))

    def _drop(self, cursor: "_Cursor") -> None:
        kind = cursor.word()
        cursor.take("if", "exists")
        if kind not in _KINDS:
            raise _ObjectionError(f"drops a {kind}")
        for name in self._names(cursor):
            self._must_be_made(kind, name, "drops")
        if cursor.more() and not cursor.take("restrict"):
            raise _ObjectionError("drops what depends on it, too")

    # --- who may do what ----------------------------------------------------------------------------------------

    def _grant(self, cursor: "_Cursor") -> None:
        if not any(token.is_word("on") for token in cursor.rest()):
            raise _ObjectionError("changes who is a member of a role")

    def _revoke(self, cursor: "_Cursor") -> None:
        while cursor.more() and not cursor.take("on"):
            cursor.skip()
        cursor.take("table")
        for name in self._names(cursor):
            self._must_be_made("table", name, "takes away rights to")
        if not cursor.at("from"):
            raise _ObjectionError("takes away rights")

    def _set(self, cursor: "_Cursor") -> None:
        if not cursor.take("local") or cursor.word() not in _WAITS:
            raise _ObjectionError("sets something other than, locally, how long it waits")

    # --- rows ---------------------------------------------------------------------------------------------------

    def _insert(self, cursor: "_Cursor") -> None:
        cursor.take("into")
        cursor.name()
        if cursor.take("as"):
            cursor.skip()
        _only_reads(cursor.rest())

    def _delete(self, cursor: "_Cursor") -> None:
        cursor.take("from")
        cursor.take("only")
        table = cursor.name()
        if table != (self._service, _VERSIONS):
            self._must_be_made("table", table, "deletes rows of")
        _only_reads(cursor.rest())

    def _truncate(self, cursor: "_Cursor") -> None:
        cursor.take("table")
        cursor.take("only")
        for name in self._names(cursor):
            self._must_be_made("table", name, "deletes rows of")
        if any(token.is_word("cascade") for token in cursor.rest()):
            raise _ObjectionError("deletes rows of whatever refers to a table")

    def _update(self, cursor: "_Cursor") -> None:
        cursor.take("only")
        table = cursor.name()
        if table != (self._service, _VERSIONS):
            self._must_be_made("table", table, "changes rows of")
        _only_reads(cursor.rest())

    def _names(self, cursor: "_Cursor") -> list[tuple[str, str]]:
        found = [cursor.name()]
        while cursor.take(","):
            cursor.take("only")
            found.append(cursor.name())
        cursor.take("*")
        return found


class _Cursor:
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

    def word(self) -> str:
        """Pass a token; return it if it is a word, otherwise nothing."""
        token = self._tokens[self._place] if self.more() else None
        self.skip()
        return token.text if token is not None and token.kind == "word" else ""

    def identifier(self) -> str:
        """Pass a name's part and return it."""
        token = self._tokens[self._place] if self.more() else None
        if token is None or token.kind not in {"word", "quoted"}:
            raise _ObjectionError("isn't understood")
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
            raise _ObjectionError("isn't understood")
        return found


def _only_reads(tokens: Sequence[Token], calls: Collection[str] = _CALLS) -> None:
    """Refuse what changes rows within a query, and calls of functions that may."""
    for place, token in enumerate(tokens):
        if token.is_word(*_CHANGES):
            raise _ObjectionError(f"changes rows within a statement ({token.text.upper()})")
        before = tokens[place - 1] if place else None
        if not token.is_sign("(") or before is None or before.kind not in {"word", "quoted"}:
            continue
        known = before.kind == "word" and before.text in _BRACKETED | _TYPES | set(calls)
        qualified = place > 1 and tokens[place - 2].is_sign(".")
        if not known or (qualified and tokens[place - 3].text != "pg_catalog"):
            raise _ObjectionError(f"calls {before.text}, and what that does can't be judged")


def _cannot_fail(tokens: Sequence[Token]) -> None:
    """Refuse expressions over a row's values that may fail, and with them a write of running code."""
    _only_reads(tokens, _INDEXABLE | {"include"})
    for before, token, after in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        casts = token.is_sign(":") and not (before.kind == "text" or before.is_sign(":"))
        counts = token.is_sign("+*/%^") or (token.is_sign("-") and not (after and after.is_sign(">")))
        if casts or counts or token.is_word("cast"):
            raise _ObjectionError("has an expression that may fail on rows that running code writes")


def _add(action: _Cursor) -> None:
    """Refuse what is added to a table in use, but for columns that nobody need know."""
    if any(map(action.at, _CONSTRAINTS)):
        raise _ObjectionError("adds a constraint")
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
            raise _ObjectionError("adds a column with a constraint")
        if token.is_word("generated") or (place == 0 and token.is_word(*_SERIALS)):
            raise _ObjectionError("adds a column that numbers itself, or is made of others")
        after = tokens[place + 1 :]
        if token.is_word("not") and after[:1] == [Token("word", "null")]:
            demands = True
        elif token.is_word("default"):
            supplies = _is_something(_until(after, _CLAUSES), _TIMES)
    if demands and not supplies:
        raise _ObjectionError("adds a column that must be given a value")


def _alter_column(action: _Cursor) -> None:
    """Refuse alterations of a column, given without its name, but for those that ask less."""
    if action.take("drop", "not", "null"):
        return
    if action.take("set", "default"):
        if not _is_something(action.rest(), _DEFAULTS):
            raise _ObjectionError("drops a default")
        return
    raise _ObjectionError(_what([Token("word", "column"), *action.rest()]))


def _is_something(tokens: Sequence[Token], calls: Collection[str]) -> bool:
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
            raise _ObjectionError(f"has a default that isn't known to be a value ({token.text})")
    return something


def _until(tokens: Sequence[Token], words: Sequence[str]) -> Sequence[Token]:
    """Return what stands before the first of these words that is in no parentheses."""
    ends = (n for n, (token, depth) in enumerate(outline(tokens)) if depth == 0 and n and token.is_word(*words))
    return tokens[: next(ends, len(tokens))]


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


def _what(tokens: Sequence[Token]) -> str:
    """Return what is against an alteration that isn't known to only add."""
    words = tuple(token.text for token in tokens)
    known = next((why for begin, why in _TAKES_AWAY if words[: len(begin)] == begin), None)
    return known or f"alters a table in a way that isn't known to only add ({' '.join(words[:3]).upper()})"
