"""What is said about polls in a place that is filled for development."""

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import CommentChanged
from services.comments.models import Comment, Support, Thread
from services.comments.repository import ThreadRepository
from services.comments.service import Comments
from services.comments.service.steps import changed
from services.comments.service.writing import checked
from services.core.data.repository import add_missing
from services.core.seeding import Network, SeedError, Tell, parts
from services.core.seeding import Thread as Wanted

_AT_ONCE = 100


async def seed_comments(comments: Comments, network: Network, tell: Tell) -> None:
    """Say what is said about polls, thread by thread: one that was begun is left alone.

    Raises:
        SeedError: There is no such poll.
    """
    for some in parts(network.threads(), _AT_ONCE):
        told: list[CommentChanged] = []
        async with comments.kit.db.transaction() as session:
            for thread in sorted(some, key=lambda thread: thread.poll):
                told += await _add(session, thread)
        await tell(told, done=sum(len(thread.comments) for thread in some))


async def _add(session: AsyncSession, wanted: Wanted) -> list[CommentChanged]:
    thread = await ThreadRepository(session).lock(wanted.poll)
    if thread is None:
        raise SeedError(f"There is no poll {wanted.poll} to comment on")
    ids = [comment.id for comment in wanted.comments]
    of_these = select(Comment).where(Comment.id.in_(ids))
    if (await session.scalars(of_these.limit(1))).first() is None:
        await add_missing(session, Comment, _rows(wanted, thread.places))
        supports = [
            {"comment": comment.id, "account": account, "at": comment.at}
            for comment in wanted.comments
            for account in comment.supporters
        ]
        await add_missing(session, Support, supports)
        top = sum(comment.answers is None for comment in wanted.comments)
        counts = {"comments": Thread.comments + len(ids), "places": Thread.places + top}
        await ThreadRepository(session).change(thread.id, **counts)
    by_id = {comment.id: comment for comment in (await session.scalars(of_these)).all()}
    return [changed(thread, comment, by_id[comment.parent] if comment.parent else None) for comment in by_id.values()]


def _rows(wanted: Wanted, taken: int) -> list[dict[str, Any]]:
    """Return the rows of a thread's comments; so many places at its top are taken."""
    answers = Counter(comment.answers for comment in wanted.comments)
    places = Counter[int | None]({None: taken})
    paths: list[bytes] = []
    rows = []
    for number, comment in enumerate(wanted.comments):
        above = None if comment.answers is None else wanted.comments[comment.answers]
        places[comment.answers] += 1
        path = b"" if comment.answers is None else paths[comment.answers]
        paths.append(path + places[comment.answers].to_bytes(4, "big"))
        rows.append(
            {
                "id": comment.id,
                "thread": wanted.poll,
                "parent": above and above.id,
                "path": paths[number],
                "author": comment.author,
                "text": checked(comment.text),
                "state": "shown",
                "version": 1,
                "replies": answers[number],
                "places": answers[number],
                "support": len(comment.supporters),
                "created_at": comment.at,
            }
        )
    return rows
