"""`./just web build|dev|check|test|words|packages`: the build, hot reload, types, tests, catalogues, packages."""

import argparse
import os
import subprocess
import sys

from services.web import node
from services.web.build import FRONTEND, build, install
from services.web.node import WebError


def main() -> int:
    """Do what the first argument says."""
    parser = argparse.ArgumentParser(prog="./just web", description="The web client.")
    parser.add_argument("action", choices=["build", "dev", "check", "test", "words", "packages"])
    parser.add_argument(
        "rest", nargs="*", help="for dev, test: what Vite and Vitest take; for check: the API's document"
    )
    asked = parser.parse_args()
    try:
        if asked.action == "build":
            build(_say)
            return 0
        tools = node.find(_say)
        install(tools, _say)
        if asked.action == "packages":
            return 0
    except WebError as exc:
        _say(str(exc))
        return 1

    def run(*arguments: str) -> int:
        command = [str(tools.program), *arguments]
        return subprocess.run(command, cwd=FRONTEND, env=tools.environment, check=False).returncode  # noqa: S603

    if asked.action == "dev":
        return run("node_modules/vite/bin/vite.js", *asked.rest)
    if asked.action == "test":
        return run("node_modules/vitest/vitest.mjs", "run", *asked.rest)
    if asked.action == "words":
        return run("node_modules/.bin/lingui", "extract", "--clean", *asked.rest)
    url = os.environ.get("VOTEWAVE_URL", "http://127.0.0.1:8000")
    source = asked.rest[0] if asked.rest else f"{url}/openapi.json"
    made = run("node_modules/openapi-typescript/bin/cli.js", source, "-o", "src/api/schema.d.ts")
    # Several checkers would each work out the API's types, and take twice as long in all.
    compiler = ("node_modules/typescript-7/bin/tsc", "--singleThreaded", "-p")
    checked = [run(*compiler, folder) for folder in (".", "worker", "build", "tests")]
    return made or max(checked)


def _say(line: str) -> None:
    sys.stderr.write(f"votewave: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
