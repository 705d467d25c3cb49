"""Draws docs/first-vote.svg: the README's first example, run against a VoteWave that is up, and what it printed.

Run it with the project's Python: `.venv/bin/python docs/picture.py http://127.0.0.1:8000`.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent


def main(url: str) -> None:
    """Run the example and write the picture."""
    script = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "VOTEWAVE_URL": url},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ballot, *sums = done.stdout.splitlines()
    setup, guest = script.split("# A guest", 1)
    voting, showing = guest.split("# … and", 1)
    console = Console(record=True, width=128, file=StringIO())
    for part, printed in (
        ("$ ./just up", [f"VoteWave is up at {url}  Reference: {url}/docs  Stop: Ctrl-C", ""]),
        (setup.rstrip(), [""]),
        ("# A guest" + voting.rstrip(), [ballot, ""]),
        ("# … and" + showing.rstrip(), sums),
    ):
        for line in part.splitlines():
            console.print(Text(line, style="green" if line.startswith("#") else "bold"), soft_wrap=True)
        for line in printed:
            console.print(Text(line, style="cyan"), soft_wrap=True)
    svg = console.export_svg(title="From nothing to a counted vote")
    # The picture asks no other site for fonts.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (ROOT / "docs" / "first-vote.svg").write_text(svg)


if __name__ == "__main__":
    main(sys.argv[1])
