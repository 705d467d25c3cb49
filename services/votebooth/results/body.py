"""A result as JSON, made of a poll's counts: in this process, or, of a large poll, in one of its own.

Patterns of fifty thousand ballots with five hundred options are more than a process that takes votes has memory for,
and what decodes and counts them holds Python's lock, also in a thread.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal

import msgspec
from msgspec import Struct

from services.votebooth.poll.choices import PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results.counting import Published, count_parts
from services.votebooth.results.seed import Seed
from services.votebooth.results.shown import shape
from services.votebooth.tally import TallyError

LARGE_BYTES = 200_000
"""Of patterns that are counted in a process of their own."""

MANY_OPTIONS = 60
"""As many options as that are counted in a process of their own: the count's cost grows with their square or cube."""

REFUSED = 2
"""The exit code when the method can't count the poll."""

_PART_BYTES = 1_000_000
_BETWEEN = b"],[{"
"""What stands between two patterns and nowhere inside of one: choices hold numbers, in lists or in one object."""


class Given(Struct, frozen=True):
    """What a result is made of beside patterns."""

    poll: PollChanged
    status: Literal["scheduled", "live", "final"]
    published: Published
    seed: Seed


def is_large(poll: PollChanged, size: int) -> bool:
    """Say whether a poll is counted in a process of its own, given the bytes of its patterns."""
    return poll.method in PATTERN_METHODS and (size > LARGE_BYTES or len(poll.options) > MANY_OPTIONS)


def most_bytes(poll: PollChanged, ballots: int) -> int:
    """Return what so many ballots' patterns take at most: each option with its number and a score or brackets."""
    return ballots * (30 + 20 * len(poll.options))


def make(given: Given, patterns: Iterable[bytes]) -> bytes:
    """Return a result.

    Args:
        given: What it is made of.
        patterns: JSON `[[choice, count], …]`, in parts; none where sums decide.

    Raises:
        TallyError: The method can't count it.
    """
    result = count_parts(given.poll, given.published, patterns, given.seed.text)
    return msgspec.json.encode(shape(given.poll, given.published, result, given.status, given.seed))


def make_alone(given: BinaryIO, answer: BinaryIO) -> int:
    """Make a result of a line of JSON, `Given`, and an array of patterns, as `children.alone` has it done."""
    head = msgspec.json.decode(given.readline(), type=Given)
    try:
        answer.write(make(head, _parts(given)))
    except TallyError as exc:
        answer.write(str(exc).encode())
        return REFUSED
    return 0


def _parts(given: BinaryIO) -> Iterator[bytes]:
    """Cut an array of patterns into arrays of some of them."""
    rest = b""
    while piece := given.read(_PART_BYTES):
        rest += piece
        end = rest.rfind(_BETWEEN)
        if end > 0:
            yield rest[:end] + b"]]"
            rest = b"[" + rest[end + 2 :]
    yield rest
