"""Which operations pass while tables are in use, and what a run has made."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NoReturn

from alembic.ddl import base as alter
from sqlalchemy import Column, Delete, ForeignKey, ForeignKeyConstraint, Insert, Select, Update, schema
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.dialects.postgresql.named_types import CreateEnumType, DropEnumType
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from services.core.data.expand.errors import ContractError, ObjectionError
from services.core.data.expand.expressions import NEW_VALUES, TIMES, is_value, must_not_fail, must_only_add_rows
from services.core.data.expand.helpers import Named

_VERSIONS = "alembic_version"
_LONGEST_NAME = 63  # bytes
_LATER = "Stop using it in this release, and take it away in a later one."
_NEW_TABLE = "Only a table that the same migrations make can have it; otherwise let the code see to it."


class Guard:
    """Refuses operations that aren't known to only add.

    It is SQLAlchemy's `before_cursor_execute`, so it sees whatever goes to the database, however a migration came to
    it, as the object that Alembic or SQLAlchemy made of it. What has no object is raw SQL.

    Args:
        service: Whose migrations these are; names without a schema are in its.
        existing: What the database had before: (schema, name) of each relation and type, and (schema, table, column,
            "primary key") of each column of a primary key.
    """

    def __init__(self, service: str, existing: Collection[tuple[str, ...]] = ()) -> None:
        self._service = service
        self._existing = existing
        self._made: set[tuple[str, str, str]] = set()  # kind, schema, name
        self._judges: dict[type, tuple[str, Callable[[Any], None]]] = {
            alter.AddColumn: ("add_column", self._add_column),
            alter.ColumnComment: ("alter_column", _pass),
            alter.ColumnDefault: ("alter_column", self._column_default),
            alter.ColumnNullable: ("alter_column", self._column_nullable),
            alter.DropColumn: ("drop_column", self._table_made("drops a column")),
            alter.ColumnName: ("alter_column", self._table_made("renames a column")),
            alter.RenameTable: ("rename_table", self._table_made("renames a table")),
            alter.AlterColumn: ("alter_column", self._table_made("changes a column's type, or how it is filled")),
            schema.CreateTable: ("create_table", self._create_table),
            schema.CreateIndex: ("create_index", self._create_index),
            schema.CreateSequence: ("CreateSequence", self._make("sequence")),
            schema.CreateSchema: ("CreateSchema", _pass),
            CreateEnumType: ("Enum.create", self._make("type")),
            schema.AddConstraint: ("create_constraint", self._add_constraint),
            schema.DropConstraint: ("drop_constraint", self._drop_constraint),
            schema.DropTable: ("drop_table", self._drop("table")),
            schema.DropIndex: ("drop_index", self._drop("index")),
            schema.DropSequence: ("DropSequence", self._drop("sequence")),
            DropEnumType: ("Enum.drop", self._drop("type")),
            **dict.fromkeys((schema.SetTableComment, schema.DropTableComment), ("create_table_comment", _pass)),
            **dict.fromkeys((schema.SetColumnComment, schema.DropColumnComment), ("alter_column", _pass)),
            Insert: ("insert", must_only_add_rows),
            Select: ("select", must_only_add_rows),
            Update: ("update", self._change_rows),
            Delete: ("delete", self._change_rows),
            Named: ("", self._named),
        }

    def __call__(self, _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        """Judge what is about to run.

        Raises:
            ContractError: It isn't known to only add.
        """
        self.judge(context.compiled.statement if context.compiled is not None else statement)

    def refuse_commit(self, _connection: Any) -> NoReturn:
        """Refuse a commit; SQLAlchemy's `commit` calls it.

        Raises:
            ContractError: Always.
        """
        raise ContractError(
            f"{self._service}: commit by a migration leaves the service's others half done when one of them fails. "
            "Nothing of it was run. Remove it: all of them run in one transaction."
        )

    def judge(self, element: object) -> None:
        """Judge an operation's object; what it makes is remembered.

        Raises:
            ContractError: It isn't known to only add.
        """
        operation, judge = next(
            (self._judges[kind] for kind in type(element).__mro__ if kind in self._judges), ("execute", _refuse)
        )
        try:
            judge(element)
        except ObjectionError as exc:
            operation = element.helper if isinstance(element, Named) else operation
            raise ContractError(
                f"{self._service}: {operation} on {_subject(element)} {exc.why}, and instances of the release before "
                f"still run. Nothing of it was run.\n{exc.instead} docs/release.md lists what is accepted."
                " If nothing uses it any more, pass --allow-contract REASON"
            ) from None

    # --- what is made -------------------------------------------------------------------------------------------

    def _name(self, thing: Any) -> tuple[str, str]:
        """Return schema and name of a table, an altered table, a sequence or a type."""
        return thing.schema or self._service, thing.table_name if isinstance(thing, alter.AlterTable) else thing.name

    def _remember(self, kind: str, name: tuple[str, str]) -> None:
        # With IF NOT EXISTS nothing may have been made, and Postgres cuts a longer name, which then is another's.
        if name not in self._existing and len(name[1].encode()) <= _LONGEST_NAME:
            self._made.add((kind, *name))

    def _is_made(self, table: Any) -> bool:
        return ("table", *self._name(table)) in self._made

    def _make(self, kind: str) -> Callable[[Any], None]:
        return lambda create: self._remember(kind, self._name(create.element))

    def _table_made(self, why: str) -> Callable[[Any], None]:
        def judge(change: Any) -> None:
            if not self._is_made(change):
                raise ObjectionError(why, _LATER)

        return judge

    def _create_table(self, create: schema.CreateTable) -> None:
        table = create.element
        prefixes = set(table._prefixes) - {"UNLOGGED"}  # noqa: SLF001  (nothing public says that it is TEMPORARY)
        if prefixes or table.dialect_kwargs.get("postgresql_inherits"):
            raise ObjectionError("makes a temporary table or a partition", "Make a plain table.")
        self._remember("table", self._name(table))
        self._judge_references(key for constraint in table.foreign_key_constraints for key in constraint.elements)

    def _create_index(self, create: schema.CreateIndex) -> None:
        index: Any = create.element
        options = index.dialect_options["postgresql"]
        if options["concurrently"]:
            raise ObjectionError(
                "asks for CONCURRENTLY, which isn't possible because a service's migrations run in one transaction",
                "Build a large table's index by hand beforehand, and pass if_not_exists=True here.",
            )
        if not self._is_made(index.table):
            if index.unique:
                raise ObjectionError("makes values unique that running code may write twice", _NEW_TABLE)
            for expression in index.expressions:
                must_not_fail(expression)
            if options["where"] is not None:
                must_not_fail(options["where"])
        if index.name is not None:
            self._remember("index", (self._name(index.table)[0], index.name))

    def _add_constraint(self, add: schema.AddConstraint) -> None:
        constraint: Any = add.element
        if not self._is_made(constraint.table):
            raise ObjectionError("adds a constraint, which applies to new rows even if it is NOT VALID", _NEW_TABLE)
        if isinstance(constraint, ForeignKeyConstraint):
            self._judge_references(constraint.elements)

    def _judge_references(self, keys: Iterable[ForeignKey]) -> None:
        """See to it that rows can still be deleted from tables that are in use, whatever refers to them.

        SET NULL and SET DEFAULT fail where the column can't have that, and a key other than the primary one may be
        changed. Tables of the same run are held to it as well: what refers to them stands in the way of a CASCADE.
        """
        for key in keys:
            if (key.ondelete or "").upper() != "CASCADE":
                raise ObjectionError(
                    "refers to rows that running code may delete", 'Set ondelete="CASCADE", which allows it.'
                )
            table, _, column = key.target_fullname.rpartition(".")
            name = (self._service, table) if "." not in table else tuple(table.rsplit(".", 1))
            if ("table", *name) not in self._made and (*name, column, "primary key") not in self._existing:
                raise ObjectionError(
                    f"refers to {key.target_fullname}, and running code may change a key other than the primary one",
                    "Refer to the primary key.",
                )

    # --- columns ------------------------------------------------------------------------------------------------

    def _add_column(self, add: alter.AddColumn) -> None:
        column = add.column
        if self._is_made(add):
            self._judge_references(column.foreign_keys)
        elif column.primary_key or column.unique or column.foreign_keys or column.constraints:
            raise ObjectionError("adds a column with a constraint", _NEW_TABLE)
        elif column.identity is not None or column.computed is not None:
            raise ObjectionError(
                "adds an identity or generated column, and that rewrites the table",
                "Add it empty, and fill it in a job of the new release.",
            )
        elif _may_have_rules(column.type):
            raise ObjectionError(
                "adds a column of a type with its own constraints", "Use one of PostgreSQL's own types."
            )
        elif not is_value(column.server_default, TIMES) and not column.nullable:
            raise ObjectionError(
                "adds a column that requires a value, which running code doesn't provide",
                "Make it nullable, or give it a constant server_default.",
            )

    def _column_nullable(self, change: alter.ColumnNullable) -> None:
        if not self._is_made(change) and not change.nullable:
            raise ObjectionError("no longer allows NULL, which running code may write", _LATER)

    def _column_default(self, change: alter.ColumnDefault) -> None:
        if not self._is_made(change) and not is_value(change.default, NEW_VALUES):
            raise ObjectionError("drops a default that running code may rely on", _LATER)

    # --- drops, rows, helpers -----------------------------------------------------------------------------------

    def _drop(self, kind: str) -> Callable[[Any], None]:
        def judge(drop: Any) -> None:
            thing = drop.element
            name = (self._name(thing.table)[0], thing.name) if kind == "index" else self._name(thing)
            if (kind, *name) not in self._made:
                raise ObjectionError(f"drops {'an' if kind == 'index' else 'a'} {kind}", _LATER)

        return judge

    def _drop_constraint(self, drop: schema.DropConstraint) -> None:
        constraint: Any = drop.element
        if not self._is_made(constraint.table):
            raise ObjectionError("drops a constraint, which an ON CONFLICT may need", _LATER)
        if drop.cascade:
            raise ObjectionError("also drops what depends on it", "Drop each by its name.")

    def _change_rows(self, change: Update | Delete) -> None:
        if not self._is_made(change.table) and self._name(change.table) != (self._service, _VERSIONS):
            raise ObjectionError(
                "changes or deletes rows that running code uses, and holds the table until all are written",
                "Do it in a job of the new release, some thousand rows per transaction.",
            )
        must_only_add_rows(change)

    def _named(self, statement: Named) -> None:
        in_use = [table for table in statement.tables if ("table", self._service, table) not in self._made]
        if statement.takes_away and in_use:
            raise ObjectionError("takes away rights that running code uses", _NEW_TABLE)


def _pass(_: object) -> None:
    """Nothing is against it."""


def _refuse(element: object) -> NoReturn:
    raise ObjectionError(
        f"isn't known to be a pure addition ({type(element).__name__})",
        "Use Alembic's operations with SQLAlchemy's objects, or a helper in core.data.expand.helpers.",
    )


def _may_have_rules(kind: "TypeEngine[Any]") -> bool:
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return isinstance(kind, (DOMAIN, UserDefinedType))


def _subject(element: Any) -> str:
    """Return what an operation is about, for an error: a table with its column or index, or a statement's begin."""
    if isinstance(element, alter.AlterTable):
        column = getattr(element, "column_name", None) or getattr(getattr(element, "column", None), "name", None)
        return f"{element.table_name}.{column}" if column else element.table_name
    if isinstance(element, Named):
        return ", ".join(element.tables)
    thing: Any = getattr(element, "element", getattr(element, "table", None))
    table: Any = getattr(thing, "table", None)
    if table is not None and table.name == "no_table":  # that of Alembic's drop_index when it isn't told which
        return str(thing.name)
    if table is not None and not isinstance(thing, Column):
        return f"{table.name} ({thing.name})" if isinstance(thing.name, str) else str(table.name)
    return str(getattr(thing, "name", None) or " ".join(str(element).split())[:200])
