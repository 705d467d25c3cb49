"""What nobody here needs isn't imported."""

import subprocess
import sys

_LOOK = """
import services.core.data.repository, services.core.http.application, sys
print([name for name in sys.modules if name.startswith("sqlalchemy.dialects.") and name.count(".") > 2])
"""


def test_the_dialects_of_other_databases_take_no_memory() -> None:
    found = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True)
    assert "postgresql.base" in found.stdout
    assert not any(f"{dialect}.base" in found.stdout for dialect in ("mssql", "mysql", "oracle"))
