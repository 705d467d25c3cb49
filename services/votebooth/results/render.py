"""A count as the wire carries it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Literal, cast

from services.votebooth import tally
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results import schemas
from services.votebooth.results.counting import RULE, Published, counted, sums_by_option
from services.votebooth.results.seed import UNTOLD, Seed
from services.votebooth.tally.explain import explain
from services.votebooth.tally.render import decimal, exact, labels

Status = Literal["scheduled", "live", "final"]


def shape(
    poll: PollChanged, published: Published, result: tally.Result, status: Status, seed: Seed = UNTOLD
) -> schemas.Results:
    """Return a result for the wire.

    Args:
        poll: The poll.
        published: Its counts.
        result: What they were counted to.
        status: Where the poll stands.
        seed: Where the seed it was counted with comes from; without one it is provisional.
    """
    label = labels(result.names)
    return schemas.Results(
        poll=poll.poll,
        version=poll.version,
        status=status,
        seq=published.seq,
        method=poll.method,
        seats=result.seats,
        ballots=published.ballots,
        abstentions=result.abstentions,
        quorum=quorum(poll, published),
        counted=counted(poll.method),
        options=option_sums(poll, published),
        winners=list(result.winners),
        rounds=[_round(number, each, result, label) for number, each in enumerate(result.rounds, 1)],
        runoff=_runoff(result),
        pairwise=_matrix(result.pairwise, result.names),
        strengths=_matrix(result.strengths, result.names),
        rules={key: _plain(value) for key, value in asdict(result.rules).items()},
        tie_break=schemas.TieBreak(
            seed=result.seed,
            provisional=seed.receipts is None,
            commitment=seed.commitment,
            receipts=seed.receipts,
            salt=seed.salt,
            rule=RULE,
            order=list(tally.order(result.names, result.seed)),
            ties=[
                schemas.Tie(number, tie.purpose, list(tie.tied), list(tie.chosen), tie.by)
                for number, each in enumerate(result.rounds, 1)
                for tie in each.ties
            ],
        ),
    )


def quorum(poll: PollChanged, published: Published) -> schemas.Quorum | None:
    """Return the poll's quorum and whether these counts reach it; None if it has none."""
    if poll.quorum is None:
        return None
    return schemas.Quorum(poll.quorum, published.ballots >= poll.quorum)


def option_sums(poll: PollChanged, published: Published) -> list[schemas.OptionSum]:
    """Return the poll's options in its own order, each with its sum."""
    sums = sums_by_option(poll, published)
    return [schemas.OptionSum(option.id, option.label, sums[option.id]) for option in poll.options]


def _plain(value: object) -> int | str | None:
    return value if value is None or isinstance(value, int) else str(value)


def _matrix(pairs: tally.Pairwise | None, names: Iterable[int]) -> list[list[int]] | None:
    if pairs is None:
        return None
    ids = tuple(names)
    return [[pairs.get((above, below), 0) for below in ids] for above in ids]


def _decimal(votes: tally.Number) -> str | None:
    return None if votes.denominator == 1 else decimal(votes)


def _tallies(tallies: Mapping[int, tally.Number]) -> list[schemas.Tally]:
    ranked = sorted(tallies, key=lambda option: (-tallies[option], option))
    return [schemas.Tally(option, exact(tallies[option]), _decimal(tallies[option])) for option in ranked]


def _runoff(result: tally.Result) -> schemas.Runoff | None:
    if result.runoff is None:
        return None
    return schemas.Runoff(_tallies(result.runoff.tallies), result.runoff.no_preference, result.runoff.winner)


def _round(number: int, each: tally.Round, result: tally.Result, label: Mapping[int, str]) -> schemas.Round:
    return schemas.Round(
        number=number,
        kind=cast("Any", each.kind),
        tallies=_tallies(each.tallies),
        elected=list(each.elected),
        elected_by=each.elected_by,
        eliminated=list(each.eliminated),
        exhausted=exact(each.exhausted),
        quota=None if each.quota is None else exact(each.quota),
        transfers=[
            schemas.Transfer(move.source, move.target, exact(move.votes), exact(move.value), _decimal(move.votes))
            for move in each.transfers
        ],
        notes=list(explain(each, result, label, _short)),
    )


def _short(number: tally.Number) -> str:
    """Return a number for reading: grouped digits, four decimals where it isn't whole."""
    if number.denominator == 1:
        return f"{int(number):,}"
    whole, _, part = decimal(number, 4).partition(".")
    return f"{int(whole):,}.{part}"
