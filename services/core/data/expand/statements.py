"""Which statements pass, and what a run has made."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from services.core.data.expand.columns import add, alter_column, why_not
from services.core.data.expand.cursor import Cursor
from services.core.data.expand.errors import ContractError, ObjectionError
from services.core.data.expand.expressions import only_reads
from services.core.data.expand.indexes import judge_index
from services.core.data.expand.sql_tokens import Token, UnreadableError, outline, split, statements, until

_VERSIONS = "alembic_version"
_KINDS = ("index", "sequence", "table", "type")  # no views: under a made table's name one would free another's rows
_PARAMETERS = ("autovacuum_", "fillfactor", "parallel_workers", "toast", "vacuum_")
_WAITS = ("lock_timeout", "statement_timeout", "maintenance_work_mem")
_CASCADE = [Token("word", "on"), Token("word", "delete"), Token("word", "cascade")]

Made = tuple[str, str, str]
"""What a run has made: its kind, schema and name."""


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
                self._judge(Cursor(tokens, self._service))
        except (ObjectionError, UnreadableError) as exc:
            return str(exc)
        return None

    def _judge(self, cursor: Cursor) -> None:
        judges: dict[str, Callable[[Cursor], None]] = {
            "alter": self._alter,
            "comment": lambda _: None,
            "create": self._create,
            "delete": self._delete,
            "drop": self._drop,
            "grant": self._grant,
            "insert": self._insert,
            "revoke": self._revoke,
            "select": lambda cursor: only_reads(cursor.rest()),
            "set": self._set,
            "truncate": self._truncate,
            "update": self._update,
        }
        first = cursor.word()
        if first not in judges:
            raise ObjectionError(f"runs {first.upper() or 'something'}, which isn't known to only add")
        judges[first](cursor)

    # --- what is made -------------------------------------------------------------------------------------------

    def _create(self, cursor: Cursor) -> None:
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
                raise ObjectionError("makes more than a schema with CREATE SCHEMA")
        elif kind in {"sequence", "type"}:
            cursor.take("if", "not", "exists")
            self._make(kind, cursor.name())
        elif kind == "trigger":
            while cursor.more() and not cursor.take("on"):
                cursor.skip()
            self._must_be_made("table", cursor.name(), "has code run on changes of")
        else:
            raise ObjectionError(f"runs CREATE {kind.upper()}, which isn't known to only add")

    def _create_table(self, cursor: Cursor) -> None:
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
                raise ObjectionError("makes a table part of another")
            if token.is_word("as"):
                only_reads(rest[place + 1 :])
        self._judge_references(rest)

    def _create_index(self, cursor: Cursor, *, unique: bool) -> None:
        if cursor.take("concurrently"):
            raise ObjectionError("wants CONCURRENTLY, which a service's migrations, all in one transaction, can't have")
        cursor.take("if", "not", "exists")
        index = None if cursor.at("on") else cursor.name()
        if not cursor.take("on"):
            raise ObjectionError("makes an index in an unknown way")
        cursor.take("only")
        table = cursor.name()
        if not self._is_made("table", table):
            if unique:
                raise ObjectionError("makes values unique")
            judge_index(cursor)
        if index is not None:
            self._make("index", (table[0], index[1]))

    def _make(self, kind: str, name: tuple[str, str]) -> None:
        if name not in self._there:  # IF NOT EXISTS, or an error that somebody catches: then nothing was made
            self._made.add((kind, *name))

    def _is_made(self, kind: str, name: tuple[str, str]) -> bool:
        return (kind, *name) in self._made

    def _must_be_made(self, kind: str, name: tuple[str, str], why: str) -> None:
        if not self._is_made(kind, name):
            raise ObjectionError(f"{why} what it hasn't made itself")

    def _judge_references(self, tokens: Sequence[Token]) -> None:
        """See to it that rows can still be deleted from tables that are in use, whatever refers to them.

        SET NULL and SET DEFAULT fail where the column can't have that, and a key other than the primary one may be
        changed. Tables of the same run are held to it as well: what refers to them stands in the way of a CASCADE.
        """
        for place, token in enumerate(tokens):
            if not token.is_word("references"):
                continue
            cursor = Cursor(until(tokens[place + 1 :], ("references",)), self._service)
            table = cursor.name()
            named = cursor.names() if cursor.take("(") else []
            clauses = [token for token, depth in outline(split(cursor.rest())[0]) if depth == 0]
            if not any(clauses[begin : begin + 3] == _CASCADE for begin in range(len(clauses))):
                raise ObjectionError("refers to rows that running code may delete (ON DELETE CASCADE lets it)")
            known = all((*table, column, "primary key") in self._there for column in named)
            if not known and not self._is_made("table", table):
                raise ObjectionError("refers to a key other than the primary one, which running code may change")

    # --- what is altered and dropped ----------------------------------------------------------------------------

    def _alter(self, cursor: Cursor) -> None:
        kind = cursor.word()
        cursor.take("if", "exists")
        if kind not in _KINDS:
            raise ObjectionError(f"runs ALTER {kind.upper()}, which isn't known to only add")
        cursor.take("only")
        name = cursor.name()
        cursor.take("*")
        made = self._is_made(kind, name)
        if kind == "table":
            for action in split(cursor.rest()):
                self._alter_table(name, Cursor(action, self._service), made=made)
        elif kind == "type" and cursor.take("add", "value"):
            return
        elif not made:
            raise ObjectionError(f"alters {'an' if kind == 'index' else 'a'} {kind}")

    def _alter_table(self, table: tuple[str, str], action: Cursor, *, made: bool) -> None:
        if made:
            if action.at("inherit") or action.at("attach"):
                raise ObjectionError("makes a table part of another")
            self._judge_references(action.rest())
        elif action.take("add"):
            add(action)
        elif action.take("alter"):
            action.take("column")
            action.skip()
            alter_column(action)
        elif action.take("set", "("):
            if not all(one[:1] and one[0].text.startswith(_PARAMETERS) for one in split(action.rest()[:-1])):
                raise ObjectionError("sets something other than how a table is stored")
        elif not action.take("validate", "constraint"):
            raise ObjectionError(why_not(action.rest()))

    def _drop(self, cursor: Cursor) -> None:
        kind = cursor.word()
        cursor.take("if", "exists")
        if kind not in _KINDS:
            raise ObjectionError(f"drops a {kind}")
        for name in self._names(cursor):
            self._must_be_made(kind, name, "drops")
        if cursor.more() and not cursor.take("restrict"):
            raise ObjectionError("drops what depends on it, too")

    # --- who may do what ----------------------------------------------------------------------------------------

    def _grant(self, cursor: Cursor) -> None:
        if not any(token.is_word("on") for token in cursor.rest()):
            raise ObjectionError("changes who is a member of a role")

    def _revoke(self, cursor: Cursor) -> None:
        while cursor.more() and not cursor.take("on"):
            cursor.skip()
        cursor.take("table")
        for name in self._names(cursor):
            self._must_be_made("table", name, "takes away rights to")
        if not cursor.at("from"):
            raise ObjectionError("takes away rights")

    def _set(self, cursor: Cursor) -> None:
        if not cursor.take("local") or cursor.word() not in _WAITS:
            raise ObjectionError("sets something other than, locally, how long it waits")

    # --- rows ---------------------------------------------------------------------------------------------------

    def _insert(self, cursor: Cursor) -> None:
        cursor.take("into")
        cursor.name()
        if cursor.take("as"):
            cursor.skip()
        only_reads(cursor.rest())

    def _delete(self, cursor: Cursor) -> None:
        cursor.take("from")
        cursor.take("only")
        table = cursor.name()
        if table != (self._service, _VERSIONS):
            self._must_be_made("table", table, "deletes rows of")
        only_reads(cursor.rest())

    def _truncate(self, cursor: Cursor) -> None:
        cursor.take("table")
        cursor.take("only")
        for name in self._names(cursor):
            self._must_be_made("table", name, "deletes rows of")
        if any(token.is_word("cascade") for token in cursor.rest()):
            raise ObjectionError("deletes rows of whatever refers to a table")

    def _update(self, cursor: Cursor) -> None:
        cursor.take("only")
        table = cursor.name()
        if table != (self._service, _VERSIONS):
            self._must_be_made("table", table, "changes rows of")
        only_reads(cursor.rest())

    def _names(self, cursor: Cursor) -> list[tuple[str, str]]:
        found = [cursor.name()]
        while cursor.take(","):
            cursor.take("only")
            found.append(cursor.name())
        cursor.take("*")
        return found
