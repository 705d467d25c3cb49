"""What the states and events of a poll's stream look like."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.votebooth.poll.definition import PollChanged
from services.votebooth.results import schemas
from services.votebooth.results.counting import Published, sums_by_option
from services.votebooth.results.hidden import hidden_details
from services.votebooth.results.visibility import Reason


class LiveSums(schemas.Sums, frozen=True, kw_only=True, tag_field="kind", tag="sums"):
    """The sums of a poll at one moment, as they stand in its result. The full one is at `GET …/results`."""


class LiveHidden(Struct, frozen=True, kw_only=True, tag_field="kind", tag="hidden"):
    """The results may not be seen; `shown_at` says when they will, where that is known."""

    status: schemas.Status
    reason: str
    detail: str
    shown_at: datetime | None


class SumsChanged(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="sums"):
    """New values of what changed, not differences; `sums` by option id."""

    ballots: int | None = None
    abstentions: int | None = None
    quorum_reached: bool | None = None
    sums: dict[str, int] = {}


def changed(poll: PollChanged, before: Published, now: Published) -> SumsChanged:
    """Return what leads from some counts of a poll to others."""
    old, new = sums_by_option(poll, before), sums_by_option(poll, now)
    reached = [counts.ballots >= poll.quorum for counts in (before, now)] if poll.quorum is not None else []
    different: Mapping[str, Any] = {
        name: getattr(now, name) for name in ("ballots", "abstentions") if getattr(now, name) != getattr(before, name)
    }
    return SumsChanged(
        **different,
        quorum_reached=reached[1] if reached and reached[0] != reached[1] else None,
        sums={str(option): new[option] for option in new if new[option] != old[option]},
    )


def hidden(poll: PollChanged, status: schemas.Status, reason: Reason) -> LiveHidden:
    """Return what stands for results that may not be seen."""
    detail, shown_at = hidden_details(poll, reason)
    return LiveHidden(status=status, reason=str(reason), detail=detail, shown_at=shown_at)
