"""Keeping back what is for moderators first (filters of words), and what is for its author alone (limits)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Comment, Thread
from services.comments.repository import (
    CaseRepository,
    CommentRepository,
    FilterRepository,
    LimitRepository,
    ThreadRepository,
)
from services.comments.service.steps import set_state
from services.core.filters import matching


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
    case, _ = await cases.hold(comment.id)
    await cases.put(case, again=True, matched=filters[matched])
    return True


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
