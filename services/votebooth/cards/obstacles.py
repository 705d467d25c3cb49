"""Why somebody may not vote, in codes that a program can tell apart. Pure."""

from enum import StrEnum
from typing import Literal

from services.core.identity.subject import Kind, Subject
from services.votebooth.poll.rules import PollRules


class Obstacle(StrEnum):
    """Why a ballot wouldn't be taken."""

    NOT_OPEN = "not_open"
    OVER = "over"
    SIGN_IN = "sign_in"
    ACCOUNT_NEEDED = "account_needed"
    SCOPE_MISSING = "scope_missing"
    TOKEN_NEEDED = "token_needed"  # noqa: S105  (a code)
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105  (a code)
    FOLLOW_NEEDED = "follow_needed"
    NETWORK_VOTED = "network_voted"
    VOTED = "voted"


def obstacle(
    rules: PollRules,
    subject: Subject | None,
    status: Literal["scheduled", "live", "final"],
    *,
    token: bool | None,
    follows: bool,
    has_voted: bool,
    network_voted: bool,
) -> Obstacle | None:
    """Return what keeps somebody from casting or changing a ballot now; None if nothing does.

    Args:
        rules: The poll's.
        subject: Who asks; None without an access token.
        status: Where the poll stands.
        token: Whether the voting token that came along is one of the poll's; None if none came.
        follows: Whether they follow the poll's owner or are the owner, where that matters.
        has_voted: Whether they have a counted ballot.
        network_voted: Whether somebody else has one for their network.
    """
    if status != "live":
        return Obstacle.OVER if status == "final" else Obstacle.NOT_OPEN
    if subject is None:
        return Obstacle.SIGN_IN
    if not subject.may("votes:write"):
        return Obstacle.SCOPE_MISSING
    if rules.by_token:
        if not token:
            return Obstacle.TOKEN_NEEDED if token is None else Obstacle.TOKEN_UNKNOWN
    elif subject.kind is Kind.SERVICE or (rules.users_only and subject.kind is not Kind.USER):
        return Obstacle.ACCOUNT_NEEDED
    if rules.asks_follow and not follows:
        return Obstacle.FOLLOW_NEEDED
    if network_voted:
        return Obstacle.NETWORK_VOTED
    return Obstacle.VOTED if has_voted and not rules.change else None
