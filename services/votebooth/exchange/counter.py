"""Counting one file in a process of its own (`core.children.alone`).

In the server, a count of seconds would take the interpreter's lock from voters.
"""

import json
from typing import Any, BinaryIO

import msgspec

from services.votebooth.results.render import rendered
from services.votebooth.results.schemas import Results
from services.votebooth.tally import Method, TallyError
from services.votebooth.tally.formats import FormatError, named, read, words_of

MAX_OPTIONS = 200
"""Of an uploaded file: the count's cost grows with their square or cube."""

REFUSED = 2
"""The exit code when the file or the request can't be counted."""


def count(data: bytes, request: dict[str, Any]) -> Results:
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
    return rendered(result)


def answer_file(given: BinaryIO, answer: BinaryIO) -> int:
    """Count the file that follows a line of JSON, the request; write JSON, and return 0, or `REFUSED`."""
    request = json.loads(given.readline())
    code = 0
    try:
        said: Any = count(given.read(), request)
    except FormatError as exc:
        said, code = {"detail": str(exc), "where": {"line": exc.line, "column": exc.column}}, REFUSED
    except TallyError as exc:
        said, code = {"detail": str(exc), "where": {}}, REFUSED
    answer.write(msgspec.json.encode(said))
    return code
