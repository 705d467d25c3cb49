"""Repositories: reading and writing the rows of one table, on Advanced Alchemy's.

    class ProfileRepository(Repository[Profile]):
        model_type = Profile

    async with self.kit.db.transaction() as session:
        profile = await ProfileRepository(session).get(account)

A repository is made of the session of one transaction, and commits nothing: `Database.transaction()` does, before
anybody is answered. It raises `DuplicateKeyError` and `NotFoundError` (`advanced_alchemy.exceptions`), which are
answered with 409 and 404 unless a use case says it better.

Of what is inherited, `update` reads before it writes, and `upsert` and `get_or_upsert` read, then write, which
two at once do wrongly. `update_where`, `add_or_ignore` and `upsert_many` are one statement each.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from advanced_alchemy.exceptions import wrap_sqlalchemy_exception
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import ResultConverter
from msgspec import Struct
from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    SQLColumnExpression,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from services.core.data.models import TableBase
from services.core.data.pagination import Page, PageFilter

RowT = TypeVar("RowT", bound=TableBase)
S = TypeVar("S", bound=Struct)
AnySession = AsyncSession | async_scoped_session[AsyncSession]

_converter = ResultConverter()

# What the database returns is the row, whatever the session has read of it before.
_AS_RETURNED = {"synchronize_session": False, "populate_existing": True}


class Repository(SQLAlchemyAsyncRepository[RowT]):
    """The rows of one table, within one transaction.

    Args:
        session: The transaction's session.
    """

    _made: ClassVar[dict[type, dict[str, Any]]] = {}

    def __init__(self, session: AsyncSession) -> None:
        # One is made for each transaction, and all of a class differ in their session alone; finding out the rest takes
        # half as long as a short statement.
        if (made := self._made.get(type(self))) is None:
            # Without `auto_refresh` an `add` is one INSERT; what the database fills in comes back by RETURNING.
            all_rows: Any = select(self.model_type)  # what Advanced Alchemy calls it isn't what SQLAlchemy 2.1 does
            super().__init__(statement=all_rows, session=session, auto_refresh=False)
            self.id_attribute = self._pk_attr_names[0]
            made = self._made[type(self)] = {name: value for name, value in vars(self).items() if name != "session"}
        vars(self).update(made, session=session)

    async def add_or_ignore(self, values: Mapping[str, Any], *, key: Sequence[str] | None = None) -> RowT | None:
        """Add a row; None if there is one with the same key.

        Args:
            values: The row, by attribute.
            key: The columns of the unique key that may be taken; None for any key.

        Raises:
            DuplicateKeyError: Another unique key than `key` is taken.
        """
        statement = (
            insert(self.model_type)
            .values(**values)
            .on_conflict_do_nothing(index_elements=key)
            .returning(self.model_type)
        )
        with self._wrapped():
            return (await self.session.execute(statement)).scalar_one_or_none()

    async def update_where(self, *where: ColumnElement[bool], values: Mapping[str, Any]) -> Sequence[RowT]:
        """Change the rows that meet the conditions, in one statement; return them as they are now.

        Args:
            where: The conditions.
            values: By attribute; SQL expressions are fine.

        Raises:
            DuplicateKeyError: A value is taken that may stand once only.
        """
        statement = update(self.model_type).where(*where).values(**values).returning(self.model_type)
        with self._wrapped():
            return (await self.session.execute(statement, execution_options=_AS_RETURNED)).scalars().all()

    async def clock(self) -> datetime:
        """Return the database's time now, not the transaction's: a lock may have been waited for."""
        now: datetime = (await self.session.execute(select(func.clock_timestamp()))).scalar_one()
        return now

    async def page(self, page: PageFilter, *where: ColumnElement[bool]) -> Page[RowT]:
        """Return a page of the rows that meet the conditions."""
        return page.of(await self.get_many(page, *where))

    def _wrapped(self) -> Any:
        return wrap_sqlalchemy_exception(error_messages=self.error_messages, dialect_name=self._dialect.name)


_ONE, _NONE = literal_column("1", Integer()), literal_column("0", Integer())


def is_there(*conditions: SQLColumnExpression[bool]) -> ColumnElement[bool]:
    """Say in SQL whether there is a row that meets conditions, which name a key of its table.

    It is one look into an index for each row that asks. With EXISTS, Postgres may take a page of 20 for all that there
    is to come, and read the whole table once to have the answer for each of them.

    It takes equality for rare, and its negation for common, as they are where somebody is blocked or gone. IS NOT NULL
    would have it take both for rare, and so go through all that there is, rather than the newest, for a page.
    """
    found = select(_ONE).where(*conditions).scalar_subquery()
    return func.coalesce(found, _NONE) == _ONE


def one_of(key: SQLColumnExpression[Any], ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Say in SQL whether a key is one of some ids, which are one parameter.

    So the statement is the same however many there are, and is prepared once; `in_` makes another one for each number,
    and fails with more than 32,767.
    """
    return key == any_(bindparam("ids", list(ids), ARRAY(Uuid()), unique=True))


def rows_of(*columns: tuple[str, Any, Iterable[Any]]) -> FromClause:
    """Return a table that is made of lists, of which each is one parameter, to be joined with.

    Args:
        columns: Of each its name, its type, and its values.
    """
    given = [bindparam(name, list(values), ARRAY(kind), unique=True) for name, kind, values in columns]
    named = [column(name, kind) for name, kind, _ in columns]
    return func.unnest(*given).table_valued(*named).render_derived("given")


async def keep_newest(
    session: AnySession,
    table: type[TableBase],
    rows: Sequence[Mapping[str, Any]],
    *key: str,
    version: str = "version",
    computed: Mapping[str, Any] | None = None,
    also: Mapping[str, Any] | None = None,
) -> None:
    """Add rows to a projection, or put them in the place of older versions.

    Args:
        session: The transaction's session.
        table: The projection's model.
        rows: By column, all of the same ones.
        key: The columns of the primary key.
        version: The column that tells what is newer.
        computed: Columns that SQL makes of a row's further values, which it names as bound parameters.
        also: What else changes where an older version is replaced, as SQL.
    """
    if not rows:
        return
    columns = table.__table__.c
    new = insert(table.__table__).values(**(computed or {}))  # type: ignore[arg-type]  # a table of ours, not a join
    names = (rows[0].keys() & columns.keys() | (computed or {}).keys()) - set(key)
    proposed = _proposed(table)
    changes = {name: proposed[name] for name in sorted(names)} | dict(also or {})
    newer = columns[version] < proposed[version]
    # In one order, so that two who write the same don't wait for each other.
    ordered = sorted(rows, key=lambda row: [row[name] for name in (*key, version)])
    if computed or not _as_arrays(table, rows):
        await session.execute(new.on_conflict_do_update(index_elements=list(key), set_=changes, where=newer), ordered)
        return
    last = {tuple(row[name] for name in key): row for row in ordered}  # one statement writes each row once
    new = _of_arrays(table, list(last.values()))
    await session.execute(new.on_conflict_do_update(index_elements=list(key), set_=changes, where=newer))


@cache
def _proposed(table: type[TableBase]) -> ReadOnlyColumnCollection[str, Any]:
    """Return what ON CONFLICT calls `excluded`: a row that was to be inserted. SQLAlchemy takes long to make it."""
    return insert(table.__table__).excluded  # type: ignore[arg-type]  # a table of ours, not a join


async def add_missing(session: AnySession, table: type[TableBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add those of some rows whose keys aren't taken; they are given by column, all of the same ones."""
    if rows and _as_arrays(table, rows):
        await session.execute(_of_arrays(table, rows).on_conflict_do_nothing())
    elif rows:
        await session.execute(insert(table.__table__).on_conflict_do_nothing(), rows)  # type: ignore[arg-type]  # as above


_MANY = 20
"""From so many rows on, one statement that takes arrays is quicker than one for each row, by five to ten times."""


def _as_arrays(table: type[TableBase], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether rows are so many, and such, that their columns can be sent as an array each.

    Arrays of arrays can't, and what Python fills in has to be there for each row.
    """
    if len(rows) < _MANY:
        return False
    columns = table.__table__.columns
    given = [columns[name] for name in rows[0].keys() & columns.keys()]
    filled = (column for column in columns if column.default is not None)
    return not any(isinstance(column.type, _UNNESTABLE) for column in given) and all(
        column.name in rows[0] for column in filled
    )


_UNNESTABLE = (ARRAY, JSON, TSVECTOR)


def _of_arrays(table: type[TableBase], rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Return an INSERT of rows whose columns are sent as an array each."""
    columns = table.__table__.columns
    names = sorted(rows[0].keys() & columns.keys())
    arrays = [bindparam(f"{name}_all", [row[name] for row in rows], ARRAY(columns[name].type)) for name in names]
    given = func.unnest(*arrays).table_valued(*(column(name, columns[name].type) for name in names))
    source = select(*given.render_derived("given").c)
    into: Any = table.__table__
    return insert(into).from_select(names, source, include_defaults=False)


def to_schema(row: Any, schema: type[S]) -> S:
    """Return a row as the struct that goes over the wire; fields are taken from the attributes of the same name.

    Args:
        row: A model's instance, or a row of some columns.
        schema: The struct.
    """
    if isinstance(row, Row):  # the converter takes it for a sequence of many
        row = row._mapping  # noqa: SLF001  (public; its name keeps it apart from columns)
    shaped: S = _converter.to_schema(row, schema_type=schema)
    return shaped
