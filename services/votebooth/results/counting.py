"""From a poll's counters and patterns to its result. Pure: the same counts give the same result."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from services.votebooth import tally
from services.votebooth.poll.choices import PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Published:
    """A poll's counts at one moment, as they may be shown.

    Attributes:
        seq: The counter's sequence number at that moment.
        ballots: Ballots counted, abstentions included.
        abstentions: Of these, ballots that express no preference.
        sums: By option, the element of option 1 first; options beyond its end have 0.
    """

    seq: int
    ballots: int
    abstentions: int
    sums: tuple[int, ...]


def seats_of(poll: PollChanged) -> int:
    """Return how many options a poll elects."""
    return 1 if poll.method == "irv" else poll.seats


def sums_by_option(poll: PollChanged, published: Published) -> dict[int, int]:
    """Return each option's sum, by its id."""
    sums = published.sums
    return {option.id: sums[option.id - 1] if option.id <= len(sums) else 0 for option in poll.options}


def count(poll: PollChanged, published: Published, patterns: bytes | None, seed: str) -> tally.Result:
    """Count a poll.

    Args:
        poll: Its definition.
        published: Its counts.
        patterns: For methods that sums don't decide: JSON `[[choice, count], …]` of the same moment.
        seed: Of the tie-break order (`seeds.py`).

    Raises:
        TallyError: The numbers contradict each other, or pass a limit of the method.
    """
    return count_parts(poll, published, (patterns or b"[]",), seed)


def count_parts(poll: PollChanged, published: Published, patterns: Iterable[bytes], seed: str) -> tally.Result:
    """Count a poll as `count` does, its patterns in parts, which are decoded one after the other.

    Raises:
        TallyError: As `count`.
    """
    counts = _counts(poll, published, patterns)
    result = tally.count(poll.method, counts, seats=seats_of(poll), seed=seed)
    return replace(result, sums=sums_by_option(poll, published))


def _counts(poll: PollChanged, published: Published, patterns: Iterable[bytes]) -> tally.Counts:
    names = {option.id: option.label for option in poll.options}
    if poll.method not in PATTERN_METHODS:
        return tally.Counts(
            names=names,
            ballots=published.ballots,
            abstentions=published.abstentions,
            totals=sums_by_option(poll, published),
        )
    if poll.method == "star":
        scores = score_patterns(patterns, tuple(names))
        _add_unmarked(scores, (0,) * len(names), published)
        return tally.sums_from_scores(scores, names, top=poll.max_score, pairwise=True)
    rankings = ranking_patterns(patterns)
    _add_unmarked(rankings, (), published)
    if poll.method in {"irv", "stv"}:
        return tally.Counts(names=names, ballots=published.ballots, rankings=rankings)
    return tally.pairwise_from_rankings(rankings, names)


def _add_unmarked(patterns: dict[K, int], empty: K, published: Published) -> None:
    """Add the ballots that are in no pattern: those that say of themselves that they abstain."""
    unmarked = published.ballots - sum(patterns.values())
    if unmarked:
        patterns[empty] = patterns.get(empty, 0) + unmarked


class _Ranked(msgspec.Struct, frozen=True):
    ranking: tuple[tuple[int, ...], ...]


class _Scored(msgspec.Struct, frozen=True):
    scores: dict[int, int]


def ranking_patterns(parts: Iterable[bytes]) -> dict[tally.Ranking, int]:
    """Return ballots by ranking; equal ranks are one object, or long rankings would take ten times as much memory."""
    patterns: dict[tally.Ranking, int] = {}
    ranks: dict[tally.Rank, tally.Rank] = {}
    for part in parts:
        for choice, number in _ranked.decode(part):
            patterns[tuple([ranks.setdefault(rank, rank) for rank in choice.ranking])] = number
    return patterns


def score_patterns(parts: Iterable[bytes], ids: tuple[int, ...]) -> dict[tuple[int, ...], int]:
    """Return ballots by scores, one for each of `ids`, in that order."""
    return {
        tuple([choice.scores.get(option, 0) for option in ids]): number
        for part in parts
        for choice, number in _scored.decode(part)
    }


_ranked = msgspec.json.Decoder(list[tuple[_Ranked, int]])
_scored = msgspec.json.Decoder(list[tuple[_Scored, int]])
