"""Notes: what an owner may add to a poll whose question is locked. They stand beside it and are never changed."""

from datetime import datetime
from typing import Any

from services.core.problems import conflict, over_quota
from services.core.refusals import Refusals
from services.core.text import clean_text
from services.polls import schemas, texts
from services.polls.methods import Status
from services.polls.models import Poll


def checked(text: str) -> str:
    """Return a note cleaned.

    Raises:
        Problem: 422.
    """
    found = Refusals(texts.SLUG)
    cleaned = found.text("text", clean_text, text, schemas.MAX_NOTE)
    found.check()
    return cleaned


def with_note(poll: Poll, status: Status, text: str, now: datetime) -> list[dict[str, Any]]:
    """Return a poll's notes with one more.

    Raises:
        Problem: 409 of a draft or an archived poll, 429 if it has as many as it may.
    """
    if status is Status.DRAFT:
        raise conflict("not-published", "Nobody has seen this draft. Change its description instead.")
    if status is Status.ARCHIVED:
        raise conflict("locked", "It is archived, so nothing can be added. Take it out of the archive first.")
    if len(poll.notes) >= schemas.MAX_NOTES:
        raise over_quota(f"A poll has {schemas.MAX_NOTES} notes at most.")
    return [*poll.notes, {"text": text, "at": now.isoformat()}]
