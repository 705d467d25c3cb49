"""The table of settings: docs/settings.md."""

from click.testing import CliRunner
from services.cli import main


def contents() -> dict[str, str]:
    """Return the page, as `votewave settings --markdown` prints it."""
    return {"docs/settings.md": CliRunner().invoke(main, ["settings", "--markdown"], catch_exceptions=False).output}
