"""Send requests made of the API's description, and say where the API and its description differ."""

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tools.fuzz.identity import Identity
from tools.fuzz.report import Report
from tools.fuzz.run import PHASES, fetch_document, run
from tools.fuzz.server import running, unhandled

SHARES = {"user": 0.6, "guest": 0.2, "anonymous": 0.2}
_EVERY_SECONDS = 2.0


def main() -> int:
    """Run; return 1 if something was found."""
    parser = argparse.ArgumentParser(
        prog="./just fuzz", description=str(__doc__), epilog="Example: ./just fuzz --requests 2000 --json found.json"
    )
    parser.add_argument("--requests", type=int, default=20_000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="of all that is made by chance (default: a new one, which is printed)")
    parser.add_argument("--as", dest="identities", action="append", choices=SHARES, help="only as this; repeatable")
    parser.add_argument("--phases", default=",".join(PHASES), help="of Schemathesis (default: %(default)s)")
    parser.add_argument("--examples", type=int, default=20, help="requests of a route in a turn (default: %(default)s)")
    parser.add_argument("--path", default="", help="only paths that begin so")
    parser.add_argument("--url", help="a VoteWave that runs already; it will be full of rubbish")
    parser.add_argument("--json", type=Path, help="write the report there")
    asked = parser.parse_args()
    seed = random.getrandbits(32) if asked.seed is None else asked.seed
    report = Report(seed)
    began = told = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="votewave-fuzz-")))
        url = asked.url or stack.enter_context(running(folder))
        document = fetch_document(url)
        document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(asked.path)}
        _say(f"{len(document['paths'])} paths, {asked.requests:,} requests, seed {seed}")
        kinds = asked.identities or list(SHARES)
        whole = sum(SHARES[kind] for kind in kinds)
        for kind in kinds:

            def tell(phase: str, kind: str = kind) -> None:
                nonlocal told
                if time.monotonic() - told > _EVERY_SECONDS:
                    told = time.monotonic()
                    done = f"{report.requests:,}/{asked.requests:,} requests"
                    _say(f"{done} · {kind} · {phase} · {len(report.findings)} findings")

            run(
                url,
                document,
                Identity(url, kind),
                report,
                requests=round(asked.requests * SHARES[kind] / whole),
                phases=asked.phases.split(","),
                examples=asked.examples,
                tell=tell,
            )
        for line in [] if asked.url else unhandled(folder):
            report.add("log", line.partition(":")[0], "the server didn't foresee this", line, sent_by="anybody")
    if asked.json:
        asked.json.write_text(json.dumps(report.document(), indent=2))
    sys.stdout.write(f"{report.text()}\n")
    _say(f"It took {time.monotonic() - began:.0f} s.")
    return 1 if report.findings else 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
