"""Write the files that are made of the code: routes, scopes, names, the table of settings, the catalogue of events."""

import argparse
import sys
from pathlib import Path

from tools.generate import event_versions, events, gateway, names, scopes, settings

ROOT = Path(__file__).resolve().parents[2]


def contents() -> dict[str, str]:
    """Return each file's content by its path below the project's root."""
    return {
        **gateway.contents(),
        **names.contents(ROOT),
        **scopes.contents(),
        **settings.contents(),
        **events.contents(),
        **event_versions.contents(ROOT),
    }


def main() -> int:
    """Write or check the files."""
    parser = argparse.ArgumentParser(
        prog="./just generate",
        description=str(__doc__),
        epilog="Example: ./just generate --check",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    check = parser.parse_args().check
    stale = {path: text for path, text in contents().items() if (ROOT / path).read_text() != text}
    for path, text in stale.items():
        if not check:
            (ROOT / path).write_text(text)
        sys.stderr.write(f"{path} {'is out of date; run ./just generate' if check else 'written'}\n")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
