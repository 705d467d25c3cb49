"""Statements and lists that are compiled once, by whoever has them."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import asyncpg
from sqlalchemy import ClauseElement, Integer, Row, Select, bindparam, tuple_
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from services.core.data.database import READS, Database
from services.core.data.pagination import Keyset, PageFilter
from services.core.data.repository import AnySession

_DIALECT: Any = cast(Any, dialect)()


class Compiled:
    """A statement that keeps its own SQL.

    SQLAlchemy keeps what it has compiled, too, but finding a statement of sixty tables there takes as long as executing
    it. Values are as the driver gives them, which suits columns of ids, texts, numbers, moments and arrays of them.

    Args:
        statement: Its values are bound parameters by name, or constants; IN is written as `= any_(…)`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._row: Any = None

    async def rows(self, where: AnySession | Database, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Execute it; return its rows.

        Args:
            where: The session of the transaction, or for reading; or the database, for reading.
            values: Of the parameters.
        """
        sql, names, constants = self._made
        arguments = tuple(values[name] if name in values else constants[name] for name in names)
        database = where if isinstance(where, Database) else where.info.get(READS)
        if isinstance(database, Database):  # what a session costs is a multiple of what reading costs
            return self._named(await database.fetch(sql, arguments))
        connection = await cast(AnySession, where).connection()
        return (await connection.exec_driver_sql(sql, arguments)).all()

    async def holds(self, where: AnySession | Database) -> bool:
        """Execute it, and return what its one row says in its one column; see `rows`."""
        return bool((await self.rows(where, {}))[0][0])

    def _named(self, records: Sequence[asyncpg.Record]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return rows whose columns are attributes, too."""
        if records and self._row is None:
            names = records[0].keys()  # known once it has been executed
            self._row = namedtuple("_row", names, rename=True)  # type: ignore[misc]
        return [self._row._make(record) for record in records]

    @cached_property
    def _made(self) -> tuple[str, Sequence[str], Mapping[str, Any]]:
        made: Any = self.statement.compile(dialect=_DIALECT)
        assert not made.post_compile_params, "it can't be kept: its SQL depends on the values"  # noqa: S101
        return str(made), made.positiontup or (), made.params


class CompiledList:
    """A list that is compiled once: its first page, and those after it.

    Args:
        keyset: Its order.
        statement: What is in it, without order and limit; see `Compiled`.
        around: Makes the whole statement of one for a page of the list.
    """

    def __init__(
        self,
        keyset: Keyset,
        statement: Select[*tuple[Any, ...]],
        around: Callable[[Select[*tuple[Any, ...]]], ClauseElement],
    ) -> None:
        after: Any = tuple_(*(bindparam(_after(column), type_=column.type) for column in keyset.columns))
        page = keyset.ordered(statement).limit(bindparam("rows", type_=Integer()))
        self._names = [_after(column) for column in keyset.columns]
        self._first, self._later = Compiled(around(page)), Compiled(around(keyset.later(page, after)))

    async def rows(
        self, where: AnySession | Database, page: PageFilter, values: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return what a page is made of: its rows, one more if there are more, and what was put around them.

        Args:
            where: See `Compiled.rows`.
            page: Which; of the same keyset.
            values: Of the statement's parameters.
        """
        values = {**values, "rows": page.limit + 1}
        if page.after is None:
            return await self._first.rows(where, values)
        return await self._later.rows(where, values | dict(zip(self._names, page.after, strict=True)))


def _after(column: Any) -> str:
    return f"after_{column.key}"
