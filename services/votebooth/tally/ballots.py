"""From ballots to the counts that methods read: strict rankings, sums, and the pairwise matrix.

Everything here takes distinct ballots with how often each was cast, so its cost grows with the number
of different ballots, not with the number of voters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from services.votebooth.tally.matrix import Matrix
from services.votebooth.tally.model import (
    DEFAULT,
    Counts,
    Duplicate,
    Options,
    Overvote,
    Rank,
    Ranking,
    TallyError,
)

Strict = tuple[int, ...]
"""A ballot as IRV and STV count it: single options, best first, none twice."""


@dataclass(frozen=True, slots=True)
class Strictly:
    """Rankings after the rules for overvotes, skipped ranks and duplicates.

    Attributes:
        ballots: Ballots by strict ranking, none empty.
        abstentions: Ballots on which no preference is left.
        void: Ballots that a rule sets aside.
    """

    ballots: dict[Strict, int]
    abstentions: int
    void: int


def strict(
    rankings: Mapping[Ranking, int], options: Options = DEFAULT, standing: Collection[int] | None = None
) -> Strictly:
    """Apply the rules for overvotes, skipped ranks and duplicates, and merge ballots that become equal.

    Args:
        rankings: Ballots by ranking.
        options: The rules.
        standing: Options that stand; another one on a ballot is an error. None: don't check.

    Raises:
        TallyError: A number of ballots is negative, or a ballot names an option that doesn't stand.
    """
    ballots: dict[Strict, int] = {}
    abstentions = void = 0
    for ranking, count in rankings.items():
        if count <= 0:
            _refuse_negative(count)
            continue
        line = _strict_line(ranking, options)
        if line is None:
            void += count
        elif line:
            ballots[line] = ballots.get(line, 0) + count
        else:
            abstentions += count
    if standing is not None:
        _refuse_strangers(set().union(*ballots), standing)
    return Strictly(ballots, abstentions, void)


def _is_plain(ranking: Ranking) -> bool:
    """Return whether each rank holds one option and none returns, so that no rule applies."""
    if () in ranking:
        return False
    named = list(chain.from_iterable(ranking))
    return len(named) == len(ranking) == len(set(named))


def _strict_line(ranking: Ranking, options: Options) -> Strict | None:
    """Return one ballot as a strict ranking, or None where it is void."""
    if _is_plain(ranking):
        return tuple(chain.from_iterable(ranking))
    line: dict[int, None] = {}  # in order, and quick to ask
    skipped = 0
    ended = False
    longest = options.max_skipped
    for rank in ranking:
        if not rank:
            skipped += 1
            ended = ended or (longest is not None and skipped > longest)
            continue
        skipped = 0
        if len(rank) != 1:
            rule: str = options.overvote
        elif rank[0] in line:
            rule = options.duplicate
        else:
            if not ended:
                line[rank[0]] = None
            continue
        if rule == Overvote.VOID:
            return None
        ended = ended or rule == Overvote.EXHAUST
    return tuple(line)


def first_preferences(rankings: Mapping[Ranking, int], names: Mapping[int, str], options: Options = DEFAULT) -> Counts:
    """Return the counts of the single choice: each ballot's first preference under the rules."""
    lines = strict(rankings, options, names)
    totals = dict.fromkeys(names, 0)
    for line, count in lines.ballots.items():
        totals[line[0]] += count
    total = lines.abstentions + lines.void + sum(lines.ballots.values())
    return Counts(names=names, ballots=total, abstentions=lines.abstentions, void=lines.void, totals=totals)


def _grouped(ranking: Ranking, rule: Duplicate) -> Sequence[Rank] | None:
    """Return a ranking's groups of equal options without gaps or repeats; None where it is void."""
    if _is_plain(ranking):
        return ranking
    seen: set[int] = set()
    groups: list[Rank] = []
    for rank in ranking:
        fresh = tuple(option for option in rank if option >= 0 and option not in seen)
        if len(fresh) < len(rank) and rank[0] >= 0:
            if rule is Duplicate.VOID:
                return None
            if rule is Duplicate.EXHAUST:
                break
        if fresh:
            seen.update(fresh)
            groups.append(fresh)
    return groups


def pairwise_from_rankings(
    rankings: Mapping[Ranking, int], names: Mapping[int, str], options: Options = DEFAULT
) -> Counts:
    """Return the counts of the pairwise methods.

    Equal ranks are no overvote here: they prefer neither. A ballot prefers whatever it ranks to whatever
    it doesn't, and says nothing between two options it doesn't rank. Skipped ranks don't matter. A ballot that
    ranks all options level abstains.

    Raises:
        TallyError: There are more than `MAX_PAIRWISE_OPTIONS` options, a ballot names an option that
            doesn't stand, or a number of ballots is negative.
    """
    matrix = Matrix(names)
    total = abstentions = void = 0
    for ranking, count in rankings.items():
        if count <= 0:
            _refuse_negative(count)
            continue
        total += count
        groups = _grouped(ranking, options.duplicate)
        if groups is None:
            void += count
        elif groups and (len(groups) > 1 or not 1 < len(names) == len(groups[0])):
            matrix.add(groups, count)
        else:
            abstentions += count
    return Counts(names=names, ballots=total, abstentions=abstentions, void=void, pairwise=matrix.pairs())


def rankings_from_scores(scores: Mapping[tuple[int, ...], int], ids: Sequence[int]) -> dict[Ranking, int]:
    """Turn scores into rankings: a higher score is a better rank, equal scores an equal rank, 0 unranked.

    Args:
        scores: Ballots by scores, one for each of `ids`, in that order.
        ids: The options.
    """
    rankings: dict[Ranking, int] = {}
    for ballot, count in scores.items():
        ranking = tuple(_by_score(ballot, ids))
        rankings[ranking] = rankings.get(ranking, 0) + count
    return rankings


def _by_score(ballot: Sequence[int], ids: Sequence[int]) -> Iterable[Rank]:
    levels: dict[int, list[int]] = {}
    for option, score in zip(ids, ballot, strict=True):
        if score:
            levels.setdefault(score, []).append(option)
    return (tuple(levels[score]) for score in sorted(levels, reverse=True))


def sums_from_scores(
    scores: Mapping[tuple[int, ...], int],
    names: Mapping[int, str],
    *,
    top: int | None = None,
    pairwise: bool = False,
) -> Counts:
    """Return the counts of score and points, and of STAR where `pairwise` is asked for.

    A ballot that gives all options the same abstains: nothing of it is in the sums, nor in STAR's runoff.

    Args:
        scores: Ballots by scores, one for each option of `names`, in that order.
        names: The options.
        top: The highest score of the scale, whose number breaks STAR's ties. None: there is no such scale, and
            none counts as the highest.
        pairwise: Whether to make the pairwise matrix too.

    Raises:
        TallyError: As `pairwise_from_rankings`; or a score is above `top` or negative.
    """
    ids = tuple(names)
    totals = [0] * len(ids)
    _refuse_off_scale(scores, top)
    top_scores = dict.fromkeys(names, 0)
    matrix = Matrix(names) if pairwise else None
    total = abstentions = 0
    for ballot, count in scores.items():
        if count <= 0:
            _refuse_negative(count)
            continue
        total += count
        if not any(ballot) or (len(ids) > 1 and len(set(ballot)) == 1):
            abstentions += count
            continue
        for position, score in enumerate(ballot):
            if score:
                totals[position] += score * count
                if score == top:
                    top_scores[ids[position]] += count
        if matrix is not None:
            matrix.add_scores(ballot, count)
    return Counts(
        names=names,
        ballots=total,
        abstentions=abstentions,
        totals=dict(zip(ids, totals, strict=True)),
        pairwise=matrix.pairs() if matrix is not None else None,
        top_scores=None if top is None else top_scores,
    )


def marks_from_scores(
    scores: Mapping[tuple[int, ...], int], names: Mapping[int, str], options: Options, *, single: bool
) -> Counts:
    """Return the counts of approval (any score above 0 approves) or, if `single`, of the single choice.

    In a single choice a ballot that marks several options is an overvote: void under that rule, else an abstention.
    """
    totals = dict.fromkeys(names, 0)
    total = abstentions = void = 0
    for ballot, count in scores.items():
        _refuse_negative(count)
        total += count
        marked = [option for option, score in zip(names, ballot, strict=True) if score > 0]
        if not marked:
            abstentions += count
        elif single and len(marked) > 1:
            void += count if options.overvote is Overvote.VOID else 0
            abstentions += count if options.overvote is not Overvote.VOID else 0
        else:
            for option in marked:
                totals[option] += count
    return Counts(names=names, ballots=total, abstentions=abstentions, void=void, totals=totals)


def _refuse_off_scale(scores: Iterable[tuple[int, ...]], top: int | None) -> None:
    given = {score for ballot in scores for score in ballot}
    if given and min(given) < 0:
        raise TallyError(f"a score is negative: {min(given)}")
    if given and top is not None and max(given) > top:
        raise TallyError(
            f"a ballot gives {max(given)}, and the highest score is {top}; name another with --max-score (max_score)"
        )


def _refuse_negative(count: int) -> None:
    if count < 0:
        raise TallyError(f"a ballot can't be cast {count} times")


def _refuse_strangers(named: set[int], standing: Collection[int]) -> None:
    strangers = named.difference(standing)
    if strangers:
        raise TallyError(f"a ballot names option {min(strangers)}, which doesn't stand")
