"""A poll's status: what follows from its times and a clock, and is stored nowhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from services.polls.methods import Status
from services.polls.models import Poll


def status_of(poll: Poll | Row[*tuple[Any, ...]], now: datetime) -> Status:
    """Return a poll's status at a moment of the database's clock (`repository.status_is` says it in SQL)."""
    if poll.published_at is None or poll.opens_at is None:
        return Status.DRAFT
    if poll.archived_at is not None:
        return Status.ARCHIVED
    end = poll.closed_at or poll.closes_at
    if end is not None and end <= now:
        return Status.CLOSED
    return Status.OPEN if poll.opens_at <= now else Status.SCHEDULED
