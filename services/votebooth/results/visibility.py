"""Who may see a poll's results: the one function that every path asks.

Pure: it reads no clock and no database; the caller says what those say. What isn't plainly allowed is
hidden.

Decisions that the names of the rules leave open (docs/api/votebooth.md gives the reasons):

- `after_vote` shows the results to who has a counted ballot, and to everybody once the poll is over: then
  nothing can be steered any more, and whoever missed it isn't shut out for ever.
- `after_close` and `after_vote` bind the owner too. Whoever sees an interim result can steer the rest.
- `owner` shows them to the owner at any time, to nobody else at any time.
- A moderator or an administrator is a viewer like any other.
- The minimum binds everybody, the owner included, and comes last: who may not see the results by the rule
  doesn't learn whether the minimum has been reached.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Rule(StrEnum):
    """When results are shown, as the poll's definition says (`results`)."""

    ALWAYS = "always"
    AFTER_VOTE = "after_vote"
    AFTER_CLOSE = "after_close"
    OWNER = "owner"


class Reason(StrEnum):
    """Why results are hidden."""

    AFTER_VOTE = "after_vote"
    AFTER_CLOSE = "after_close"
    OWNER = "owner"
    MINIMUM = "minimum"


@dataclass(frozen=True, slots=True)
class VisibilityRules:
    """What a poll's definition says about seeing its results.

    Attributes:
        results: A `Rule`; any other text hides.
        minimum: Minimum-k: with fewer ballots nothing is released. 0 or 1: no minimum.
        owner: The owner's account.
    """

    results: str
    minimum: int
    owner: UUID


@dataclass(frozen=True, slots=True)
class Visible:
    """The results may be seen."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The results may not be seen, for this reason."""

    reason: Reason


Verdict = Visible | Hidden

VISIBLE = Visible()


def may_see(rules: VisibilityRules, viewer: UUID | None, *, has_voted: bool, is_over: bool, ballots: int) -> Verdict:
    """Say whether somebody may see a poll's results now.

    Args:
        rules: The poll's.
        viewer: The account that looks; None without one.
        has_voted: Whether the viewer has a counted ballot in the poll (one that was withdrawn is none).
        is_over: Whether the poll is over by the database's clock, and its ballots can't change any more.
        ballots: How many ballots count at this moment.
    """
    reason = _by_rule(rules, viewer, has_voted=has_voted, is_over=is_over)
    if reason is None and rules.minimum > 1 and ballots < rules.minimum:
        reason = Reason.MINIMUM
    return VISIBLE if reason is None else Hidden(reason)


def _by_rule(rules: VisibilityRules, viewer: UUID | None, *, has_voted: bool, is_over: bool) -> Reason | None:
    match rules.results:
        case Rule.ALWAYS:
            return None
        case Rule.AFTER_VOTE:
            return None if has_voted or is_over else Reason.AFTER_VOTE
        case Rule.AFTER_CLOSE:
            return None if is_over else Reason.AFTER_CLOSE
        case _:
            mine = rules.results == Rule.OWNER and viewer is not None and viewer == rules.owner
            return None if mine else Reason.OWNER


def needs_vote(rules: VisibilityRules, *, is_over: bool) -> bool:
    """Say whether `has_voted` matters, so that it needn't be looked up otherwise."""
    return rules.results == Rule.AFTER_VOTE and not is_over
