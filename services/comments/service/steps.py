"""What several use cases do in their transactions. The thread is locked before."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import CommentChanged, State
from services.comments.models import Comment, Thread
from services.comments.repository import (
    AuditRepository,
    CommentRepository,
    ModerationLog,
    ThreadRepository,
    named_by,
)
from services.comments.service.threads import is_moderator, refuse_unknown
from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.problems import not_found


async def locked(session: AsyncSession, subject: Subject, comment_id: UUID) -> tuple[Thread, Comment]:
    """Return a comment and its thread, which nobody else changes until the transaction ends.

    What somebody has said themselves they may delete wherever it is, and have looked at again.

    Raises:
        Problem: 404, also for who may not know of the thread and isn't the comment's author.
    """
    thread_id = await CommentRepository(session).thread_of(comment_id)
    if thread_id is None:
        raise not_found("comment")
    thread = await ThreadRepository(session).lock(thread_id)
    comment = await CommentRepository(session).lock(comment_id)
    if thread is None or thread.deleted or comment is None:
        raise not_found("comment")
    if comment.author != subject.id:
        await refuse_unknown(session, subject, thread, "comment")
    return thread, comment


async def tell(session: AsyncSession, thread: Thread, comment: Comment, parent: Comment | None) -> None:
    """Publish what a comment is now."""
    named = await named_by(session, [comment.id]) if comment.state == "shown" else {}
    mentions = sorted(set(named.get(comment.id, {}).values()))
    await publish(session, changed(thread, comment, parent, mentions))


def changed(thread: Thread, comment: Comment, parent: Comment | None, mentions: Sequence[UUID] = ()) -> CommentChanged:
    """Return what is told of a comment."""
    return CommentChanged(
        comment=comment.id,
        version=comment.version,
        thread=thread.id,
        kind="poll",
        owner=thread.owner,
        parent=comment.parent,
        answered=parent.author if parent else None,
        author=comment.author,
        text=comment.text if comment.state == "shown" else "",
        mentions=list(mentions),
        state=_told_state(comment),
        created_at=comment.created_at,
    )


def _told_state(comment: Comment) -> State:
    # As if it weren't there: neither its author nor others are to be told that it was hidden.
    return "deleted" if comment.hidden_as == "limit" else comment.state  # type: ignore[return-value]  # no others


async def set_state(session: AsyncSession, thread: Thread, comment: Comment, state: str, **more: Any) -> Comment:
    """Show, hide or delete a comment, with the counts that follow from it; publish it, and return it as it is now.

    Lists leave out what isn't shown and has no listed answers. So what leaves the lists may take along those above it,
    which were there for its sake alone, and what comes back brings them back.
    """
    comments = CommentRepository(session)
    above = await comments.above(comment)
    # Before it is changed: the row that is returned is this very object.
    was_shown, was_listed = comment.state == "shown", comment.listed
    listed = state == "shown" or comment.replies > 0
    changed = await comments.change(comment.id, state=state, listed=listed, version=Comment.version + 1, **more)
    by = (state == "shown") - was_shown
    values: dict[str, Any] = {"comments": Thread.comments + by} if by else {}
    if state != "shown" and thread.pinned == comment.id:
        values["pinned"] = None
    if values:
        await ThreadRepository(session).change(thread.id, **values)
    if listed != was_listed:
        await _carry(comments, above, 1 if listed else -1)
    await tell(session, thread, changed, above[-1] if above else None)
    return changed


async def _carry(comments: CommentRepository, above: Sequence[Comment], by: int) -> None:
    """Count one listed answer more or fewer, upwards for as long as that lists what is above, or takes it out."""
    for comment in reversed(above):
        was = comment.state == "shown" or comment.replies > 0
        now = comment.state == "shown" or comment.replies + by > 0
        await comments.change(comment.id, replies=Comment.replies + by, listed=now)
        if was == now:
            return


async def record(
    session: AsyncSession, act: str, subject: Subject, thread: Thread, comment: Comment | None = None, **more: str
) -> None:
    """Log what an owner or moderator does to a thread; what moderators do to others' is in their own log as well.

    Decisions about cases are there already.
    """
    details = {**({"comment": str(comment.id)} if comment else {}), **more}
    await AuditRepository(session).record(act, subject.id, details, thread=thread.id)
    if is_moderator(subject) and subject.id != thread.owner and not act.startswith("case."):
        details = {"thread": str(thread.id), **more}
        await ModerationLog(session).record(act, subject.id, details, comment=comment.id if comment else None)
