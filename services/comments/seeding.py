"""What is said about polls in a place that is filled for development."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import CommentChanged
from services.comments.models import Comment, Support, Thread
from services.comments.service import Comments
from services.comments.service.steps import changed
from services.comments.service.writing import checked
from services.core.data.repository import add_missing, one_of, rows_of
from services.core.seeding import Network, SeedError, Tell, parts
from services.core.seeding import Thread as Wanted

_AT_ONCE = 100


async def seed_comments(comments: Comments, network: Network, tell: Tell) -> None:
    """Say what is said about polls, thread by thread: one that was begun is left alone.

    Raises:
        SeedError: There is no such poll.
    """
    for some in parts(network.threads(), _AT_ONCE):
        async with comments.kit.db.transaction() as session:
            told = await _add(session, {thread.poll: thread for thread in some})
        await tell(told, done=sum(len(thread.comments) for thread in some))


async def _add(session: AsyncSession, wanted: Mapping[UUID, Wanted]) -> list[CommentChanged]:
    """Add the comments of threads; return what has been told of them."""
    held = select(Thread).where(one_of(Thread.id, wanted)).order_by(Thread.id).with_for_update()
    threads = {thread.id: thread for thread in (await session.scalars(held)).all()}
    if missing := wanted.keys() - threads.keys():
        raise SeedError(f"There is no poll {min(missing)} to comment on")
    of_these = one_of(Comment.id, [comment.id for thread in wanted.values() for comment in thread.comments])
    begun = set((await session.scalars(select(Comment.thread).where(of_these).distinct())).all())
    new = [thread for poll, thread in wanted.items() if poll not in begun]
    rows = [row for thread in new for row in _rows(thread, threads[thread.poll].places)]
    await add_missing(session, Comment, rows)
    supports = [
        {"comment": comment.id, "account": account, "at": comment.at}
        for thread in new
        for comment in thread.comments
        for account in comment.supporters
    ]
    await add_missing(session, Support, supports)
    await _count(session, new)
    by_id = {comment.id: comment for comment in (await session.scalars(select(Comment).where(of_these))).all()}
    return [
        changed(threads[comment.thread], comment, by_id[comment.parent] if comment.parent else None)
        for comment in by_id.values()
    ]


async def _count(session: AsyncSession, new: Sequence[Wanted]) -> None:
    """Add to the counts of threads, whose rows are held."""
    more = rows_of(
        ("thread", Uuid(), [thread.poll for thread in new]),
        ("comments", Integer(), [len(thread.comments) for thread in new]),
        ("places", Integer(), [sum(comment.answers is None for comment in thread.comments) for thread in new]),
    )
    values = {"comments": Thread.comments + more.c.comments, "places": Thread.places + more.c.places}
    counted = update(Thread).where(Thread.id == more.c.thread).values(values)
    await session.execute(counted.execution_options(synchronize_session=False))


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
