"""Keeping back what is for moderators first (filters of words), and what is for its author alone (limits)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.models import Comment, Thread
from services.comments.repository import (
    CaseRepository,
    CommentRepository,
    FilterRepository,
    LimitRepository,
    RoundRepository,
    ThreadRepository,
)
from services.comments.service.steps import set_state
from services.comments.settings import CommentsSettings
from services.core.cases.rounds import Rounds, unsettled
from services.core.cases.service import Matter
from services.core.filters import matching
from services.core.kit import Kit


async def keep_back(session: AsyncSession, thread: Thread, comment: Comment) -> bool:
    """Hide what a shown comment must not say to others yet, or at all; say whether it is hidden now.

    Of an author who is limited nothing is put before moderators: they would have to look at it again and again.
    """
    if await LimitRepository(session).is_limited(comment.author):
        await set_state(session, thread, comment, "hidden", hidden_as="limit")
        return True
    matched = _matched(comment, await FilterRepository(session).words())
    if matched is None:
        return False
    await set_state(session, thread, comment, "hidden", hidden_as="filter")
    await _put_before_moderators(session, comment, matched)
    return True


async def looked_for(session: AsyncSession, comment: Comment) -> str | None:
    """Return which filtered words a comment from before has, about which moderators haven't decided; None for none."""
    filters = await FilterRepository(session).standing()
    case = await CaseRepository(session).get_one_or_none(about=comment.id) if filters else None
    return _matched(comment, unsettled(filters, case, Matter(comment.id, comment.edited_at)))


async def hold_for_moderators(session: AsyncSession, comment: Comment) -> bool:
    """Have a hidden comment that is to be shown wait for moderators, if it has filtered words; say whether it does."""
    matched = await looked_for(session, comment)
    if matched is None:
        return False
    await CommentRepository(session).change(comment.id, hidden_as="filter")
    await _put_before_moderators(session, comment, matched)
    return True


async def follow_limit(session: AsyncSession, account: UUID, most: int, *, limited: bool) -> bool:
    """Have some comments of an account follow its limit; say whether there may be more that don't.

    What comes back is held against filters as what is new: nobody but its author has seen it meanwhile.
    """
    comments = CommentRepository(session)
    found = await comments.to_limit(account, most, limited=limited)
    for comment_id in found:
        thread, comment = await _held(session, comment_id)
        if thread is None or comment is None:
            continue
        if limited and comment.state == "shown":
            await set_state(session, thread, comment, "hidden", hidden_as="limit")
        elif not limited and comment.hidden_as == "limit":
            matched = await looked_for(session, comment)
            if matched is None:
                await set_state(session, thread, comment, "shown", hidden_as=None)
            else:
                await set_state(session, thread, comment, "hidden", hidden_as="filter")
                await _put_before_moderators(session, comment, matched)
    return len(found) == most


class CommentRounds(Rounds):
    """Comments from before a filter."""

    def __init__(self, kit: Kit[CommentsSettings]) -> None:
        super().__init__(kit, FilterRepository, RoundRepository)

    async def texts(self, session: AsyncSession, after: UUID, most: int) -> Sequence[tuple[UUID, Sequence[str]]]:
        """Return what comments say."""
        return await CommentRepository(session).said(after, most)

    async def look_again(self, thing: UUID) -> None:
        """Hide a shown comment that has filtered words, and put it before moderators."""
        async with self._db.transaction() as session:
            await FilterRepository(session).share()
            thread, comment = await _held(session, thing)
            if thread is None or thread.deleted or comment is None or comment.state != "shown":
                return  # where the poll is gone, nobody sees it, and moderators couldn't decide about it
            matched = await looked_for(session, comment)
            if matched is not None:
                await set_state(session, thread, comment, "hidden", hidden_as="filter")
                await _put_before_moderators(session, comment, matched)


async def _held(session: AsyncSession, comment_id: UUID) -> tuple[Thread | None, Comment | None]:
    comments = CommentRepository(session)
    thread_id = await comments.thread_of(comment_id)
    thread = None if thread_id is None else await ThreadRepository(session).lock(thread_id)
    return thread, await comments.lock(comment_id)


def _matched(comment: Comment, filters: Mapping[str, str]) -> str | None:
    """Return the words of the first of some filters that a comment matches."""
    key = matching(comment.text, filters) if filters else None
    return None if key is None else filters[key]


async def _put_before_moderators(session: AsyncSession, comment: Comment, matched: str) -> None:
    cases = CaseRepository(session)
    case, _ = await cases.hold(comment.id)
    await cases.put(case, again=True, matched=matched)
