"""Who follows threads, and whom of them a comment is news to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from services.core.data.repository import Repository, keep_newest
from services.notifications.events import ThreadFollowed
from services.notifications.models import Block, Following, Happening, Mute, Notification, Thing

_TOLD_APART = ("reply", "mention")


class FollowerRepository(Repository[Following]):
    """Who follows threads."""

    model_type = Following

    async def keep(self, told: Sequence[ThreadFollowed]) -> None:
        """Keep what events tell, unless what is known is as new."""
        rows = [
            {"thread": one.thread, "account": one.account, "following": one.following, "version": one.version}
            for one in told
        ]
        await keep_newest(self.session, Following, rows, "thread", "account")

    async def left(self, thread: UUID, account: UUID) -> bool:
        """Say whether somebody has chosen not to be told of a thread."""
        return await self.exists(Following.thread == thread, Following.account == account, ~Following.following)

    async def boundaries(self, thread: UUID, each: int) -> tuple[Sequence[UUID], int]:
        """Return each `each`th of those who follow a thread, by their ids, the last, and their number."""
        number = func.row_number().over(order_by=Following.account).label("number")
        total = func.count().over().label("total")
        every = select(Following.account, number, total).where(*_follows(thread)).subquery()
        ends = (every.c.number % each == 0) | (every.c.number == every.c.total)
        found = select(every.c.account, every.c.total).where(ends).order_by(every.c.account)
        rows = (await self.session.execute(found)).all()
        return [row.account for row in rows], rows[0].total if rows else 0

    async def audience(
        self, comment: Thing, thread: UUID, after: UUID, last: UUID, most: int
    ) -> tuple[Sequence[UUID], Sequence[UUID]]:
        """Return so many who follow a thread, in the order of their ids, and those of them who are to be told.

        Who was told of the thread and hasn't looked yet isn't told again: whatever is said meanwhile, it is the same
        news to them. So a thread in which many speak costs no more than one in which few do. Neither is somebody who is
        told of this very comment otherwise, because it answers or names them or is on a poll of theirs.
        """
        among = (*_follows(thread), Following.account > after, Following.account <= last)
        wanted = and_(
            Following.account != comment.owner, ~_apart(comment.owner), ~_told_apart(comment.id), ~_not_looked(thread)
        )
        statement = select(Following.account, wanted.label("wanted")).where(*among).order_by(Following.account)
        rows = (await self.session.execute(statement.limit(most))).all()
        return [row.account for row in rows], [row.account for row in rows if row.wanted]


def _follows(thread: UUID) -> tuple[ColumnElement[bool], ...]:
    return Following.thread == thread, Following.following.is_(True)


def _apart(author: UUID) -> ColumnElement[bool]:
    """Say whether a follower doesn't want to hear of somebody, or the other way round."""
    account: Any = Following.account
    return or_(
        exists().where(Block.account == account, Block.other == author, Block.blocked),
        exists().where(Block.account == author, Block.other == account, Block.blocked),
        exists().where(Mute.account == account, Mute.other == author, Mute.muted),
    )


def _told_apart(comment: UUID) -> ColumnElement[bool]:
    mine = Notification.recipient == Following.account
    as_owner = exists().where(
        mine, Notification.kind == "comment", Happening.notification == Notification.id, Happening.cause == comment
    )
    return or_(exists().where(mine, Notification.kind.in_(_TOLD_APART), Notification.subject == comment), as_owner)


def _not_looked(thread: UUID) -> ColumnElement[bool]:
    """Say whether a follower has news of a thread that they haven't looked at, and that still stands."""
    return exists().where(
        Notification.recipient == Following.account,
        Notification.kind == "thread",
        Notification.subject == thread,
        ~Notification.read,
        Happening.notification == Notification.id,
        Happening.present,
        Thing.id == Happening.cause,
        Thing.audience == "shown",
    )
