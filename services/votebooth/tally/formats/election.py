"""What a file of ballots holds, and how it is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.votebooth.tally.ballots import (
    first_preferences,
    marks_from_scores,
    pairwise_from_rankings,
    rankings_from_scores,
    sums_from_scores,
)
from services.votebooth.tally.dispatch import count
from services.votebooth.tally.formats.hints import like_ranks, mostly_ranked
from services.votebooth.tally.model import (
    DEFAULT,
    STAR_TOP,
    Counts,
    Method,
    Options,
    Ranking,
    Result,
    TallyError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Election:
    """Ballots of a file, counted by kind: ranked or scored.

    Attributes:
        format: The format it was read from.
        names: The options that stand, by id.
        rankings: Ballots by ranking, if ranked.
        scores: Ballots by scores, one for each of `names` in that order, if scored.
        seats: Options to elect, if the file says.
        method: How it is to be counted, if the file says.
        top: The highest score of the scale, if the file says.
        seed: The seed of the order that breaks ties, if the file says.
        title: Of the election, if the file says.
        withdrawn: Names of options that withdrew and were taken off the ballots.
        notes: What reading left out or took for granted, in sentences.
        guessed: Whether the format was guessed, and not named.
    """

    format: str
    names: Mapping[int, str]
    rankings: Mapping[Ranking, int] | None = None
    scores: Mapping[tuple[int, ...], int] | None = None
    seats: int | None = None
    method: Method | None = None
    top: int | None = None
    seed: str | None = None
    title: str = ""
    withdrawn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def ballots(self) -> int:
        """How many ballots the file holds."""
        return sum((self.rankings or self.scores or {}).values())

    def counts(self, method: Method | str, options: Options = DEFAULT, *, top: int | None = None) -> Counts:
        """Return what a method counts from.

        Scores serve every method: a score above 0 is a mark in single, multiple and approval, and a higher
        score a better rank in the others. Ranks serve single (the first preference), IRV, STV and
        the pairwise methods.

        Args:
            method: The method.
            options: The rules for overvotes, skipped ranks and duplicates.
            top: The highest score of the scale. None: the file's, else 5 in STAR and any otherwise.

        Raises:
            TallyError: The ballots don't say what the method asks, or pass its limits.
        """
        method = Method(method)
        top = self.top if top is None else top
        if self.scores is not None:
            return self._from_scores(self.scores, method, options, top)
        rankings = self.rankings or {}
        if method is Method.SINGLE:
            return first_preferences(rankings, self.names, options)
        if method in {Method.IRV, Method.STV}:
            return Counts(names=self.names, ballots=self.ballots, rankings=rankings)
        if method in {Method.SCHULZE, Method.RANKED_ROBIN}:
            return pairwise_from_rankings(rankings, self.names, options)
        raise TallyError(f"{method} counts scores, and these ballots are ranked")

    def _from_scores(
        self, scores: Mapping[tuple[int, ...], int], method: Method, options: Options, top: int | None
    ) -> Counts:
        scored = method in {Method.SCORE, Method.POINTS, Method.STAR}
        if self.guessed and scores and (mostly_ranked(scores) if scored else like_ranks(scores)):
            reason = "the numbers on a ballot differ, like ranks"
            raise TallyError(f"{reason}; if 1 is the best: --format grid; if a higher one is better: --format scores")
        if method in {Method.SINGLE, Method.MULTIPLE, Method.APPROVAL}:
            return marks_from_scores(scores, self.names, options, single=method is Method.SINGLE)
        if method in {Method.IRV, Method.STV}:
            rankings = rankings_from_scores(scores, tuple(self.names))
            return Counts(names=self.names, ballots=self.ballots, rankings=rankings)
        if method is Method.STAR and top is None:
            top = STAR_TOP
        pairwise = method not in {Method.SCORE, Method.POINTS}
        return sums_from_scores(scores, self.names, top=top, pairwise=pairwise)

    def count(
        self,
        method: Method | str | None = None,
        *,
        seats: int | None = None,
        options: Options = DEFAULT,
        seed: str | None = None,
        top: int | None = None,
    ) -> Result:
        """Count the election; what isn't given is what the file says, else one seat and an empty seed.

        Raises:
            TallyError: As `counts` and `tally.count`, or neither file nor caller names a method.
        """
        method = self.method if method is None else Method(method)
        if method is None:
            raise TallyError("the file doesn't say how it is to be counted; name a method with --method")
        if seats is None:
            seats = 1 if method is Method.IRV else self.seats or 1
        if seed is None:
            seed = self.seed or ""
        counts = self.counts(method, options, top=top)
        result = count(method, counts, seats=seats, options=options, seed=seed)
        return replace(result, notes=self.notes, sums=counts.totals or self._first_preferences(result))

    def _first_preferences(self, result: Result) -> Mapping[int, int]:
        """Return how many ballots like no option more than each; those that like all alike are left out."""
        if result.method in {Method.IRV, Method.STV}:
            return {option: int(votes) for option, votes in result.rounds[0].tallies.items()} if result.rounds else {}
        sums = dict.fromkeys(self.names, 0)
        for ranking, number in (self.rankings or {}).items():
            first = next((rank for rank in ranking if rank), ())
            if len(first) < len(self.names):
                _add(sums, first, number)
        for scores, number in (self.scores or {}).items():
            best = max(scores, default=0)
            first = tuple(option for option, score in zip(self.names, scores, strict=True) if score == best)
            if len(first) < len(self.names):
                _add(sums, first, number)
        return sums


def _add(sums: dict[int, int], options: Iterable[int], number: int) -> None:
    for option in options:
        if option in sums:  # an overvote may not say of what
            sums[option] += number
