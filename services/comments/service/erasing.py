"""Erasing an account: its comments are deleted as if by themselves, so threads stay; what it supported counts less."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Block, Follow, Limit
from services.comments.repository import (
    CaseRepository,
    CommentRepository,
    FollowingRepository,
    LimitRepository,
    MentionRepository,
    ReportRepository,
    ThreadRepository,
)
from services.comments.service.steps import set_state
from services.core import circles
from services.core.cases.repository import leave
from services.core.ids import NOBODY

_AT_ONCE = 20
"""Comments; their threads wait meanwhile."""
_SUPPORT_AT_ONCE = 200


async def erase(session: AsyncSession, account: UUID) -> bool:
    """Erase some of what there is of an account; say whether there may be more."""
    comments = CommentRepository(session)
    found = await comments.some_by(account, _AT_ONCE)
    for comment in found:
        await _erase_comment(session, comment)
    if found or await comments.unsupport(account, _SUPPORT_AT_ONCE):
        return True
    await MentionRepository(session).leave(account)
    await FollowingRepository(session).leave(account)
    await LimitRepository(session).delete_where(Limit.account == account)
    await leave(CaseRepository(session), ReportRepository(session), account)
    await ThreadRepository(session).leave(account)
    await circles.forget(session, account, Block, Follow)
    return False


async def _erase_comment(session: AsyncSession, comment_id: UUID) -> None:
    """Delete a comment, whatever its thread's state is, and have it be nobody's."""
    comments = CommentRepository(session)
    thread_id = await comments.thread_of(comment_id)
    if thread_id is None:
        return
    thread = await ThreadRepository(session).lock(thread_id)
    comment = await comments.lock(comment_id)
    if thread is None or comment is None:
        return
    nothing = {"author": NOBODY, "text": "", "request_key": None, "request_hash": None}
    await CaseRepository(session).forget_appeal(comment_id)
    await MentionRepository(session).replace(comment_id, {})
    comment = await comments.change(comment_id, **nothing)
    if comment.state != "deleted":
        await set_state(session, thread, comment, "deleted", hidden_as=None)
