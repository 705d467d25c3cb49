"""Counting one file in a process of its own: `python -m services.votebooth.exchange.counter`.

It reads a line of JSON and then the file from standard input, writes JSON, and ends. The processor is its only
while nobody else wants it: in the server, a count of seconds would take the interpreter's lock from voters.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any

from services.votebooth.tally import Method, TallyError
from services.votebooth.tally.formats import FormatError, named, read, words_of
from services.votebooth.tally.render import to_dict

MAX_OPTIONS = 200
"""Of an uploaded file: the count's cost grows with their square or cube."""

REFUSED = 2
"""The exit code when the file or the request can't be counted."""

_MAX_MEMORY_BYTES = 1 << 30


def count(data: bytes, request: dict[str, Any]) -> dict[str, Any]:
    """Count a file.

    Args:
        data: The file.
        request: `method`, `seats`, `form`, `prefix`, `ignore`, `delimiter`, `words`, `options`, `max_score` and
            `seed`, as of `votewave tally`; lists are text.

    Raises:
        TallyError: It can't be counted.
    """
    top = request["max_score"]
    election = read(
        data,
        format=request["form"],
        prefix=request["prefix"],
        ignore=named(request["ignore"]),
        delimiter=request["delimiter"],
        words=words_of(request["words"]),
        options=named(request["options"]) or None,
        top=top,
    )
    if len(election.names) > MAX_OPTIONS:
        raise TallyError(f"here a file has at most {MAX_OPTIONS} options; count it with `votewave tally`")
    result = election.count(Method(request["method"]), seats=request["seats"], seed=request["seed"], top=top)
    return to_dict(result)


def main() -> int:
    """Count what comes in; return the exit code, 2 for a refusal."""
    os.nice(19)
    with contextlib.suppress(ValueError, OSError):  # a lower limit is set already
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    request = json.loads(sys.stdin.buffer.readline())
    code = 0
    try:
        answer = count(sys.stdin.buffer.read(), request)
    except FormatError as exc:
        answer, code = {"detail": str(exc), "where": {"line": exc.line, "column": exc.column}}, REFUSED
    except TallyError as exc:
        answer, code = {"detail": str(exc), "where": {}}, REFUSED
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())
    return code


if __name__ == "__main__":
    sys.exit(main())
