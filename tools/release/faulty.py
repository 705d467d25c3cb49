"""The real program with a fault put in, as a release might have it: `faulty.py FAULT …` in place of `votewave …`.

slow=200: every answer takes 200 ms longer. errors=5: five answers of a hundred are a 500, by chance. unready: it never
is. contract: it comes with a migration that drops a column.
"""

import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from services.cli import main
from services.core.data import migrations
from services.core.http import application as app

_PROBES = ("/health/", "/metrics")
_CONTRACT = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
def upgrade():
    op.drop_column("polls", "deleted")
"""


def put_in(fault: str) -> None:
    """Stand between the server and the application."""
    serve = app.Application.__call__
    what, _, number = fault.partition("=")
    much = float(number or 0)

    async def answer(self: Any, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and what == "unready" and path == "/health/ready":
            return await _refuse(send, 503)
        if scope["type"] == "http" and not path.startswith(_PROBES):
            if what == "slow":
                await asyncio.sleep(much / 1_000)
            if what == "errors" and random.random() * 100 < much:  # noqa: S311  (no secret)
                return await _refuse(send, 500)
        return await serve(self, scope, receive, send)

    app.Application.__call__ = answer  # type: ignore[method-assign]  (what makes it faulty)


async def _refuse(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def add_migration() -> None:
    """Put a revision on top of VoteBooth's."""
    real = migrations.configuration

    def configuration(name: str) -> Config:
        config = real(name)
        if name == "votebooth":
            folder = Path(tempfile.mkdtemp())
            head = ScriptDirectory.from_config(config).get_current_head()
            (folder / "9999_contract.py").write_text(_CONTRACT.format(head=head))
            known = config.get_main_option("version_locations")
            config.set_main_option("version_locations", f"{known}{os.pathsep}{folder}")
        return config

    migrations.configuration = configuration


if __name__ == "__main__":
    fault = sys.argv.pop(1)
    if fault == "contract":
        add_migration()
    else:
        put_in(fault)
    os.umask(0o077)
    main()
