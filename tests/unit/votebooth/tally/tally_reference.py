"""Slow and plain counts, one ballot at a time, to hold the fast ones against."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, permutations

from hypothesis import strategies as st
from services.votebooth.tally import Ranking

Ballots = dict[Ranking, int]
NAMES = {1: "Ada", 2: "Bo", 3: "Cy", 4: "Di", 5: "Ed"}


def tie_order(names: Mapping[int, str], seed: str) -> list[int]:
    return sorted(names, key=lambda option: hashlib.sha256(f"{seed}\0{names[option]}".encode()).hexdigest())


def rankings(
    options: Sequence[int] = (1, 2, 3, 4, 5), *, untidy: bool = False, most: int = 12
) -> st.SearchStrategy[Ballots]:
    """Ballot counts: strict and short, or with skipped ranks, overvotes and repeats."""
    strict = st.permutations(options).flatmap(
        lambda order: st.integers(0, len(order)).map(lambda size: tuple((option,) for option in order[:size]))
    )
    rank = st.one_of(
        st.just(()),
        st.sampled_from(options).map(lambda option: (option,)),
        st.sets(st.sampled_from(options), min_size=2, max_size=3).map(lambda group: tuple(sorted(group))),
        st.just((-1, -1)),
    )
    ballot = st.lists(rank, max_size=6).map(tuple) if untidy else strict
    return st.dictionaries(ballot, st.integers(0, 6), max_size=most)


def spread(counts: Ballots) -> list[tuple[int, ...]] | list[Ranking]:
    """Single ballots."""
    return [ballot for ballot, times in counts.items() for _ in range(times)]


def cleaned(
    ballot: Ranking, overvote: str = "skip", duplicate: str = "skip", max_skipped: int | None = None
) -> list[int] | None:
    """A ballot as a list of single options; None where void."""
    line, gap, ended = [], 0, False
    for rank in ballot:
        if len(rank) == 0:
            gap += 1
            if max_skipped is not None and gap > max_skipped:
                ended = True
            continue
        gap = 0
        rule = overvote if len(rank) > 1 else duplicate if rank[0] in line else None
        if rule == "void":
            return None
        if rule == "exhaust":
            ended = True
        if rule is None and not ended:
            line.append(rank[0])
    return line


def naive_irv(ballots: Sequence[Ranking], names: Mapping[int, str], seed: str) -> int | None:
    """The winner, and the options in the order they left; those without votes leave together."""
    order = tie_order(names, seed)
    left = set(names)
    lines = [line for line in map(cleaned, ballots) if line]
    while lines:
        votes = dict.fromkeys(left, 0)
        for line in lines:
            top = next((option for option in line if option in left), None)
            if top is not None:
                votes[top] += 1
        for option in left:
            if 2 * votes[option] > sum(votes.values()):
                return option
        least = min(votes.values())
        left.remove(max((option for option in left if votes[option] == least), key=order.index))
    return None


def naive_stv(  # noqa: C901 - told in one piece on purpose
    ballots: Sequence[Ranking], names: Mapping[int, str], seats: int, seed: str, *, hare: bool = False
) -> list[int]:
    """Winners by weighted inclusive Gregory, every ballot an own object with an own weight."""
    order = tie_order(names, seed)
    papers = [[Fraction(1), line] for line in map(cleaned, ballots) if line]
    if not papers:
        return []
    quota = Fraction(len(papers), seats) if hare else Fraction(len(papers) // (seats + 1) + 1)
    held = {option: [] for option in names}
    for paper in papers:
        held[paper[1][0]].append(paper)
    left, elected, waiting = set(names), [], []

    def total(option: int) -> Fraction:
        return sum((paper[0] for paper in held[option]), Fraction(0))

    def move(option: int) -> None:
        for paper in held[option]:
            target = next((other for other in paper[1] if other in left), None)
            if target is not None and paper[0]:
                held[target].append(paper)
        held[option] = []

    while len(elected) < seats and left:
        ranked = sorted(left, key=lambda option: (-total(option), order.index(option)))
        reached = [option for option in ranked if total(option) >= quota]
        if len(left) <= seats - len(elected):
            elected += ranked
            break
        elected += reached
        waiting += reached
        left -= set(reached)
        if len(elected) == seats:
            break
        if len(left) <= seats - len(elected):
            elected += sorted(left, key=lambda option: (-total(option), order.index(option)))
            break
        waiting = [option for option in waiting if total(option) > quota]
        if waiting:
            best = max(total(option) for option in waiting)
            option = min((o for o in waiting if total(o) == best), key=order.index)
            part = (best - quota) / best
            for paper in held[option]:
                paper[0] *= part
            move(option)
            waiting.remove(option)
        else:
            least = min(total(option) for option in left)
            option = max((o for o in left if total(o) == least), key=order.index)
            left.remove(option)
            move(option)
    return elected


def naive_pairwise(ballots: Sequence[Ranking], names: Mapping[int, str]) -> dict[tuple[int, int], int]:
    pairs = Counter()
    for ballot in ballots:
        place = {}
        for position, rank in enumerate(ballot):
            for option in rank:
                if option >= 0:
                    place.setdefault(option, position)
        for a, b in permutations(names, 2):
            pairs[a, b] += place.get(a, 99) < place.get(b, 99)
    return {pair: pairs[pair] for pair in permutations(names, 2)}


def naive_strengths(
    pairs: Mapping[tuple[int, int], int], names: Mapping[int, str], *, margins: bool
) -> dict[tuple[int, int], int]:
    """The strongest paths, by walking every path."""

    def link(a: int, b: int) -> int:
        wins, losses = pairs[a, b], pairs[b, a]
        return 0 if wins <= losses else wins - losses if margins else wins

    best = {}
    for a, b in permutations(names, 2):
        others = [option for option in names if option not in (a, b)]
        paths = [(a, *via, b) for size in range(len(others) + 1) for via in permutations(others, size)]
        best[a, b] = max(min(link(x, y) for x, y in pairwise(path)) for path in paths)
    return best
