"""Statements that are compiled once, by whoever has them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from sqlalchemy import ClauseElement, Row
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from services.core.data.repository import AnySession

_DIALECT: Any = cast(Any, dialect)()


class Compiled:
    """A statement that keeps its own SQL.

    SQLAlchemy keeps what it has compiled, too, but finding a statement of sixty tables there takes as long as executing
    it. Rows are as the driver gives them, which suits columns of ids, texts, numbers, moments and arrays of them.

    Args:
        statement: Its values are bound parameters by name, or constants; IN is written as `= any_(…)`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement

    async def rows(self, session: AnySession, values: Mapping[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Execute it; return its rows.

        Args:
            session: Of the transaction, or for reading.
            values: Of the parameters.
        """
        sql, names, constants = self._made
        connection = await session.connection()
        arguments = tuple(values[name] if name in values else constants[name] for name in names)
        return (await connection.exec_driver_sql(sql, arguments)).all()

    @cached_property
    def _made(self) -> tuple[str, Sequence[str], Mapping[str, Any]]:
        made: Any = self.statement.compile(dialect=_DIALECT)
        assert not made.post_compile_params, "it can't be kept: its SQL depends on the values"  # noqa: S101
        return str(made), made.positiontup or (), made.params
