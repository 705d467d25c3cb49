"""What others import and nobody here needs: the dialects of Oracle, SQL Server and MySQL.

Advanced Alchemy imports them for types of its own, and Litestar imports Advanced Alchemy. They take 3 MB of each
process, and each service has processes of its own. In their place stand modules in which everything is a class that
does nothing.
"""

import sys
from types import ModuleType

_DIALECTS = ("mssql", "mysql", "oracle")


class _Absent(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def leave_out() -> None:
    """Put something empty in their place, unless they are imported already."""
    for dialect in _DIALECTS:
        name = f"sqlalchemy.dialects.{dialect}"
        sys.modules.setdefault(name, _Absent(name))
