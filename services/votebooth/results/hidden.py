"""What is said in the place of results that may not be seen: why, and until when. Never a number of ballots."""

from datetime import datetime

from services.core.problems import Problem
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results.visibility import Reason

_DETAILS = {
    Reason.AFTER_VOTE: "The results are shown to those who have voted, and to everybody once the poll is over.",
    Reason.AFTER_CLOSE: "The results are shown once the poll is over.",
    Reason.OWNER: "The results are for the poll's owner.",
    Reason.MINIMUM: "Fewer than {minimum} ballots have been cast; below that nothing is shown.",
}


def hidden_details(poll: PollChanged, reason: Reason) -> tuple[str, datetime | None]:
    """Return why results are hidden, in a sentence, and when they will show, where that is known."""
    until = poll.ends_at if reason in {Reason.AFTER_CLOSE, Reason.AFTER_VOTE} else None
    return _DETAILS[reason].format(minimum=poll.minimum), until


def hidden_problem(poll: PollChanged, reason: Reason) -> Problem:
    """Return the 403 of hidden results; it holds no number that depends on ballots."""
    detail, until = hidden_details(poll, reason)
    shown_at = None if until is None else until.isoformat().replace("+00:00", "Z")
    return Problem(
        403,
        "results-hidden",
        "The results are hidden",
        detail,
        extensions={"reason": str(reason), "shown_at": shown_at},
    )
