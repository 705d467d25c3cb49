"""A count as the wire carries it, whoever counted: a poll, `POST /count`, or `votewave tally`.

It imports little, since the command and the process that counts a file begin with it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast
from uuid import UUID

from services.votebooth import tally
from services.votebooth.results import schemas
from services.votebooth.tally.explain import explain
from services.votebooth.tally.render import decimal, labels, short

RULE = (
    "Ties that the method's own rules leave are broken by the ascending order of SHA-256(seed, a zero byte, "
    "option's label), both in UTF-8: whoever stands earlier wins, whoever stands later is eliminated first."
)

RANKED = frozenset({"irv", "stv", "schulze", "ranked_robin"})
_POINTS = frozenset({"score", "points", "star"})
_DIVIDED = frozenset({tally.Method.STV, tally.Method.RANKED_ROBIN})
_SEAT = frozenset({"elect", "runoff"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a poll's result says beside the count. Nothing of it is known of a file.

    Attributes:
        poll: The poll.
        version: Of its definition.
        seq: Of its counts.
        status: Where it stands.
        quorum: How many ballots it wants.
        owner_notes: What its owner has added.
        provisional: Whether the seed will be another at its end.
        commitment: What the server has committed to; `receipts` and `salt`: what else the seed is made of.
    """

    poll: UUID | None = None
    version: int = 0
    seq: int = 0
    status: schemas.Status = "final"
    quorum: schemas.Quorum | None = None
    provisional: bool = False
    commitment: str | None = None
    receipts: str | None = None
    salt: str | None = None
    owner_notes: tuple[schemas.ResultNote, ...] = ()


OF_A_FILE = Told()


def rendered(result: tally.Result, told: Told = OF_A_FILE) -> schemas.Results:
    """Return a count for the wire; what polls say beside it is `told`."""
    label = labels(result.names)
    return schemas.Results(
        poll=told.poll,
        version=told.version,
        status=told.status,
        seq=told.seq,
        method=counted_by(result.method, result.seats),
        ballots=result.ballots,
        abstentions=result.abstentions,
        void=result.void,
        quorum=told.quorum,
        counted=counted(result.method),
        options=[schemas.OptionSum(option, name, result.sums.get(option, 0)) for option, name in result.names.items()],
        outcome=_outcome(result, told.quorum),
        decided_by=_decided_by(result),
        winners=[schemas.Winner(option, result.names[option]) for option in result.winners],
        rounds=[_round(number, each, result, label) for number, each in enumerate(result.rounds, 1)],
        runoff=_runoff(result),
        pairwise=_pairs(result.pairwise, result.names),
        strengths=_pairs(result.strengths, result.names),
        rules={key: _plain(value) for key, value in asdict(result.rules).items()},
        tie_break=_tie_break(result, told),
        notes=list(result.notes),
        owner_notes=list(told.owner_notes),
    )


def counted_by(method: str, seats: int) -> schemas.CountMethod:
    """Return a method as results name it."""
    return schemas.CountMethod(cast("Any", str(method)), seats)


def counted(method: str) -> schemas.Counted:
    """Return what a method's sums add up."""
    return "first_preferences" if method in RANKED else "points" if method in _POINTS else "picks"


def _outcome(result: tally.Result, quorum: schemas.Quorum | None) -> schemas.Outcome:
    if not result.winners:
        return "empty"
    if quorum is not None and not quorum.reached:
        return "quorum_missed"
    return "tied" if any(tie.by == "seed" and tie.purpose in _SEAT for tie in result.ties) else "decided"


def _decided_by(result: tally.Result) -> schemas.DecidedBy:
    if not result.winners:
        return None
    return "lot" if any(tie.by == "seed" for tie in result.ties) else "votes"


def _tie_break(result: tally.Result, told: Told) -> schemas.TieBreak:
    return schemas.TieBreak(
        seed=result.seed,
        provisional=told.provisional,
        commitment=told.commitment,
        receipts=told.receipts,
        salt=told.salt,
        rule=RULE,
        order=list(tally.order(result.names, result.seed)),
        ties=[
            schemas.Tie(number, tie.purpose, list(tie.tied), list(tie.chosen), tie.by)
            for number, each in enumerate(result.rounds, 1)
            for tie in each.ties
        ],
    )


def _plain(value: object) -> int | str | None:
    return value if value is None or isinstance(value, int) else str(value)


def _pairs(pairs: tally.Pairwise | None, names: Mapping[int, str]) -> schemas.Pairs:
    if pairs is None:
        return None
    return {above: {below: pairs.get((above, below), 0) for below in names if below != above} for above in names}


def _votes(number: tally.Number, method: tally.Method) -> schemas.Votes:
    if method not in _DIVIDED:
        return int(number)
    whole = number.denominator == 1
    return schemas.Amount(str(number), str(number) if whole else decimal(number))


def _sorted(tallies: Mapping[int, tally.Number]) -> list[int]:
    return sorted(tallies, key=lambda option: (-tallies[option], option))


def _runoff(result: tally.Result) -> schemas.Runoff | None:
    runoff = result.runoff
    if runoff is None:
        return None
    tallies = [schemas.RunoffTally(option, runoff.tallies[option]) for option in _sorted(runoff.tallies)]
    return schemas.Runoff(tallies, runoff.no_preference, schemas.Winner(runoff.winner, result.names[runoff.winner]))


def _round(number: int, each: tally.Round, result: tally.Result, label: Mapping[int, str]) -> schemas.Round:
    def votes(value: tally.Number) -> schemas.Votes:
        return _votes(value, result.method)

    return schemas.Round(
        number=number,
        kind=cast("Any", each.kind),
        tallies=[schemas.Tally(option, votes(each.tallies[option])) for option in _sorted(each.tallies)],
        elected=list(each.elected),
        elected_by=each.elected_by,
        eliminated=list(each.eliminated),
        exhausted=votes(each.exhausted),
        rounded=votes(each.rounded),
        quota=None if each.quota is None else votes(each.quota),
        transfers=[
            schemas.Transfer(move.source, move.target, votes(move.votes), votes(move.value)) for move in each.transfers
        ],
        notes=list(explain(each, result, label, short)),
    )
