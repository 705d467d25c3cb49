"""A round in English sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from services.votebooth.tally.model import Number, Result, Round, Tie

Show = Callable[[Number], str]


def explain(each: Round, result: Result, label: Mapping[int, str], show: Show) -> Iterator[str]:
    """Tell what happened in a round and why.

    Args:
        each: The round.
        result: The result it belongs to.
        label: What to call each option.
        show: Formats a number.
    """
    for tie in each.ties:
        yield _tie(tie, label)
    if not result.winners:
        yield "No ballot expresses a preference that counts, so nobody is elected."
        return
    yield from _elected(each, result, label, show)
    yield from _finalists(each, result, label, show)
    yield from _moved(each, label, show)
    if each.exhausted:
        yield f"{show(each.exhausted)} votes had left the count before this round."
    if each.rounded:
        yield f"{show(each.rounded)} votes were lost to rounding before this round."


def _names(options: tuple[int, ...], label: Mapping[int, str]) -> str:
    names = [label[option] for option in options]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_TIED = {
    "elect": "for a seat",
    "eliminate": "for the fewest votes",
    "surplus": "for the largest surplus",
    "finalist": "for a place in the runoff",
    "runoff": "in the runoff",
}
_BY = {
    "seed": "the published order",
    "earlier-round": "an earlier round",
    "head-to-head": "the matches between them",
    "score": "the higher total",
    "top-scores": "the number of top scores",
    "margin": "the total margin",
}


def _tie(tie: Tie, label: Mapping[int, str]) -> str:
    chosen = f"{_names(tie.chosen, label)} {'is' if len(tie.chosen) == 1 else 'are'} taken"
    return f"{_names(tie.tied, label)} tie {_TIED[tie.purpose]}; by {_BY[tie.by]} {chosen}."


def _elected(each: Round, result: Result, label: Mapping[int, str], show: Show) -> Iterator[str]:
    for option in each.elected:
        name, votes = label[option], show(each.tallies[option])
        if each.elected_by == "quota" and each.quota is not None:
            yield f"{name} reaches the quota of {show(each.quota)} with {votes} votes and is elected."
        elif each.elected_by == "majority":
            active = show(sum(each.tallies.values()))
            yield f"{name} has a majority, {votes} of {active} votes, and is elected."
        elif each.elected_by == "remaining":
            reached = each.quota is not None and each.tallies[option] >= each.quota
            why = "reaches the quota" if reached else "is one of no more options than seats are left"
            yield f"{name} {why} with {votes} votes and is elected."
        elif each.elected_by == "preferred":
            yield f"{name} is preferred by {votes} ballots and is elected."
        elif each.elected_by == "beatpath":
            yield f"{name} beats {votes} options by its strongest paths and is elected."
        elif each.elected_by == "wins":
            yield f"{name} wins {votes} matches and is elected."
        else:
            level = sum(total >= each.tallies[option] for total in each.tallies.values())
            most = "the most" if level == 1 else "no less than any other"
            if result.seats > 1:
                most = f"one of the {result.seats} highest sums"
            yield f"{name} has {votes}, {most}, and is elected."


def _finalists(each: Round, result: Result, label: Mapping[int, str], show: Show) -> Iterator[str]:
    if each.kind == "scoring" and not each.elected:
        finalists = tuple(option for option in each.tallies if option not in each.eliminated)
        lowest = min(each.tallies[option] for option in finalists)
        level = any(each.tallies[option] >= lowest for option in each.eliminated)
        yield f"{_names(finalists, label)} {'' if level else 'have the highest totals and '}go to the runoff."
    if each.kind == "runoff":
        rest = result.ballots - result.abstentions - result.void - sum(each.tallies.values())
        yield f"{show(rest)} ballots prefer neither."


def _why(each: Round) -> str:
    """Say why the options of a round are eliminated."""
    gone = [each.tallies[option] for option in each.eliminated]
    if len(gone) > 1:
        return "have no vote and are" if not any(gone) else "together have fewer votes than any other option and are"
    level = sum(votes == gone[0] for votes in each.tallies.values())
    return "is" if level > 1 else "has the fewest votes and is"


def _moved(each: Round, label: Mapping[int, str], show: Show) -> Iterator[str]:
    if each.kind == "count" and each.eliminated:
        yield f"{_names(each.eliminated, label)} {_why(each)} eliminated."
    for source in dict.fromkeys(transfer.source for transfer in each.transfers):
        mine = [transfer for transfer in each.transfers if transfer.source == source]
        value = mine[0].value
        at = "" if value == 1 else f", each ballot at {show(value)} of its value"
        moves = [
            f"{show(transfer.votes)} to {label[transfer.target]}"
            if transfer.target is not None
            else f"{show(transfer.votes)} exhausted"
            for transfer in sorted(mine, key=lambda transfer: (-transfer.votes, label.get(transfer.target or 0, "")))
        ]
        yield f"From {label[source]}{at}: {', '.join(moves)}."
