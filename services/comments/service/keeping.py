"""Keeping back what is for moderators first (filters of words), and what is for its author alone (limits)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Case, Comment, Thread
from services.comments.repository import (
    CaseRepository,
    CommentRepository,
    FilterRepository,
    LimitRepository,
    ThreadRepository,
)
from services.comments.service.steps import set_state
from services.core.filters import matching
from services.core.ids import new_id


async def keep_back(session: AsyncSession, thread: Thread, comment: Comment) -> bool:
    """Hide what a shown comment must not say to others yet, or at all; say whether it is hidden now.

    Of an author who is limited nothing is put before moderators: they would have to look at it again and again.
    """
    if await LimitRepository(session).is_limited(comment.author):
        await set_state(session, thread, comment, "hidden", hidden_as="limit")
        return True
    filters = await FilterRepository(session).words()
    matched = matching(comment.text, filters) if filters else None
    if matched is None:
        return False
    await set_state(session, thread, comment, "hidden", hidden_as="filter")
    cases = CaseRepository(session)
    now = await cases.clock()
    case = await cases.lock_of(comment.id)
    await open_case(session, case, comment, now, again=True, reports=0)
    case = await cases.lock_of(comment.id)
    if case is not None:
        await cases.change(case.id, matched=filters[matched])
    return True


async def open_case(
    session: AsyncSession, case: Case | None, comment: Comment, now: datetime, *, again: bool, reports: int
) -> UUID:
    """Count reports in a comment's case, and put it before moderators if it is new or is to be decided again."""
    cases = CaseRepository(session)
    if case is None:
        new = await cases.add(Case(id=new_id(), comment=comment.id, reports=reports, opened_at=now))
        return new.id
    anew = {"opened_at": now, "decided_at": None, "decided_by": None, "outcome": None, "matched": None}
    reopened = again and case.decided_at is not None
    await cases.change(case.id, reports=Case.reports + reports, **(anew if reopened else {}))
    return case.id


async def follow_limit(session: AsyncSession, account: UUID, most: int, *, limited: bool) -> bool:
    """Have some comments of an account follow its limit; say whether there may be more that don't."""
    comments = CommentRepository(session)
    found = await comments.to_limit(account, most, limited=limited)
    for comment_id in found:
        thread_id = await comments.thread_of(comment_id)
        thread = None if thread_id is None else await ThreadRepository(session).lock(thread_id)
        comment = await comments.lock(comment_id)
        if thread is None or comment is None:
            continue
        if limited and comment.state == "shown":
            await set_state(session, thread, comment, "hidden", hidden_as="limit")
        elif not limited and comment.hidden_as == "limit":
            await set_state(session, thread, comment, "shown", hidden_as=None)
    return len(found) == most
