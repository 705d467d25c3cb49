"""The statements that migrations need and Alembic has no operation for. The guard knows each by its name.

    from services.core.data.expand.helpers import append_only

    def upgrade() -> None:
        op.create_table("audit", …)
        append_only("audit")

Landed migrations call these too, so what one does never changes.
"""

from typing import Any, Literal

from alembic import op
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement

from services.core.data.expand.errors import ObjectionError

_STORAGE = ("autovacuum_", "fillfactor", "parallel_workers", "toast.autovacuum_", "toast_tuple_target", "vacuum_")


class Named(ExecutableDDLElement):
    """A helper's statement.

    Attributes:
        helper: Which.
        tables: Those that it is about; in the service's schema.
        sql: What is run.
        takes_away: Whether it is for tables of the same run alone.
    """

    def __init__(self, helper: str, tables: tuple[str, ...], sql: str, *, takes_away: bool = False) -> None:
        self.helper = helper
        self.tables = tables
        self.sql = sql
        self.takes_away = takes_away


@compiles(Named)
def _compile(element: Named, _compiler: object, **_: object) -> str:
    return element.sql


def append_only(table: str) -> None:
    """Let the service add to a table and read it, and neither change nor delete rows: a log nobody can rewrite."""
    sql = f"REVOKE UPDATE, DELETE, TRUNCATE ON {_quoted(table)} FROM {_role()}"
    op.execute(Named("append_only", (table,), sql, takes_away=True))


def grant(right: Literal["MAINTAIN", "SELECT", "INSERT", "UPDATE", "DELETE"], *tables: str) -> None:
    """Give the service a right to tables that it doesn't have by itself, such as to vacuum them."""
    op.execute(Named("grant", tables, f"GRANT {right} ON {', '.join(map(_quoted, tables))} TO {_role()}"))


def set_storage(table: str, **parameters: float) -> None:
    """Set how a table is stored and vacuumed.

    Args:
        table: Which.
        parameters: Postgres's storage parameters, such as `fillfactor` in percent.

    Raises:
        ObjectionError: One of them is about something else.
    """
    other = [name for name in parameters if not name.startswith(_STORAGE)]
    if other:
        raise ObjectionError(f"sets {', '.join(other)}, which isn't a storage parameter", "Leave it unchanged.")
    settings = ", ".join(f"{name} = {float(value):g}" for name, value in parameters.items())
    op.execute(Named("set_storage", (table,), f"ALTER TABLE {_quoted(table)} SET ({settings})"))


def churn(table: str, **parameters: float) -> None:
    """Have a table vacuumed after a fixed number of changed rows, however large it is, and as fast as it goes.

    It is for tables whose rows are replaced all the time: what was replaced is history that should go soon.

    Args:
        table: Which.
        parameters: More of `set_storage`'s. `fillfactor` leaves room on a page for the rows that replace others there.
    """
    vacuum = {"autovacuum_vacuum_scale_factor": 0, "autovacuum_vacuum_threshold": 50, "autovacuum_vacuum_cost_delay": 0}
    set_storage(table, **parameters, **vacuum)


def add_enum_value(enum: str, value: str) -> None:
    """Add a value to a type, behind the others. It can be used once the migrations have committed."""
    literal = "'" + value.replace("'", "''") + "'"
    op.execute(Named("add_enum_value", (), f"ALTER TYPE {_quoted(enum)} ADD VALUE IF NOT EXISTS {literal}"))


def validate_constraint(table: str, constraint: str) -> None:
    """Look whether old rows keep a constraint that was added as NOT VALID; new ones are held to it already."""
    sql = f"ALTER TABLE {_quoted(table)} VALIDATE CONSTRAINT {_quoted(constraint)}"
    op.execute(Named("validate_constraint", (table,), sql))


def wait_for_locks(seconds: float) -> None:
    """Set how long the statements after this one wait for a lock before all of the service's migrations give way."""
    op.execute(Named("wait_for_locks", (), f"SET LOCAL lock_timeout = {int(seconds * 1000)}"))


def _quoted(name: str) -> str:
    return op.get_context().dialect.identifier_preparer.quote(name)


def _role() -> str:
    options: dict[str, Any] = op.get_context().opts
    return _quoted(options["service"])
