"""What is commented on, and who follows it."""

from collections.abc import Collection, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, Uuid, any_, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.comments.events import PollChanged
from services.comments.models import Follow, Following, Limit, Thread
from services.core import circles
from services.core.data.compiled import Compiled
from services.core.data.database import Database
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY, new_id

_IDS = ARRAY(Uuid())
_VIEWER_LIMITED = exists().where(Limit.account == bindparam("viewer", type_=Uuid()), Limit.limited)
_THREAD = Compiled(
    select(cast(Table, Thread.__table__), _VIEWER_LIMITED.label("viewer_limited")).where(
        Thread.id == bindparam("thread", type_=Uuid())
    )
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 0))")


async def find(db: Database, thread: UUID, viewer: UUID) -> tuple[Thread, bool] | None:
    """Return a thread, and whether a viewer is limited, or None if it isn't known.

    It is a row with a thread's columns, for reading alone.
    """
    rows = await _THREAD.rows(db, {"thread": thread, "viewer": viewer})
    return (cast(Thread, rows[0]), rows[0].viewer_limited) if rows else None


class ThreadRepository(Repository[Thread]):
    """What is commented on."""

    model_type = Thread

    async def keep(self, poll: PollChanged) -> None:
        """Keep what is told of a poll, unless what is known is as new."""
        new = insert(Thread).values(
            id=poll.poll,
            kind="poll",
            owner=poll.owner,
            title=poll.title,
            listing=poll.listing,
            known_version=poll.version,
            deleted=poll.deleted,
        )
        values = {name: new.excluded[name] for name in ("owner", "title", "listing", "known_version", "deleted")}
        newer = Thread.known_version < new.excluded.known_version
        await self.session.execute(new.on_conflict_do_update(index_elements=["id"], set_=values, where=newer))

    async def of(self, threads: Collection[UUID]) -> Sequence[Thread]:
        """Return those of some threads that are known."""
        among: ColumnElement[bool] = Thread.id == any_(bindparam("threads", list(threads), _IDS))
        return (await self.session.scalars(select(Thread).where(among))).all()

    async def lock(self, thread: UUID) -> Thread | None:
        """Return a thread that nobody else adds to until the transaction ends; None if it isn't known."""
        return await self.get_one_or_none(id=thread, with_for_update=True)

    async def leave(self, owner: UUID) -> None:
        """Have an owner's threads be nobody's."""
        await self.session.execute(update(Thread).where(Thread.owner == owner).values(owner=NOBODY))

    async def change(self, thread: UUID, **values: Any) -> None:
        """Change a thread; values may be expressions."""
        await self.update_where(Thread.id == thread, values=values)


class FollowingRepository(Repository[Following]):
    """Who follows which threads."""

    model_type = Following

    async def begin(self, thread: UUID, account: UUID, most: int) -> Following | None:
        """Have an account follow a thread, unless it has ever chosen, or follows as many as it may.

        Returns:
            That it does, where it is new.
        """
        if await self.get_one_or_none(thread=thread, account=account) is not None:
            return None
        if await self.held(account) >= most:
            return None
        return await self.add_or_ignore({"thread": thread, "account": account, "following": True})

    async def put(self, thread: UUID, account: UUID, *, following: bool) -> Following | None:
        """Keep whether an account follows a thread; return it as it is now, or None where nothing changes."""
        values = {"thread": thread, "account": account, "following": following}
        new = insert(Following).values(**values, version=1, ordinal=new_id())
        changes = {"following": following, "version": Following.version + 1, "ordinal": new.excluded.ordinal}
        changed = new.on_conflict_do_update(
            index_elements=["thread", "account"], set_=changes, where=Following.following != following
        )
        return (await self.session.execute(changed.returning(Following))).scalar_one_or_none()

    async def held(self, account: UUID) -> int:
        """Return how many threads an account follows; nobody else changes that until the transaction ends."""
        await self.session.execute(_ONE_AT_A_TIME, {"account": str(account)})
        counted = select(func.count()).where(Following.account == account, Following.following)
        return int((await self.session.execute(counted)).scalar_one())

    async def thread(self, thread: UUID) -> Thread | None:
        """Return a thread, if it is known."""
        return (await self.session.scalars(select(Thread).where(Thread.id == thread))).one_or_none()

    async def follows(self, thread: UUID, account: UUID) -> bool | None:
        """Say whether an account follows a thread; None if it has never chosen."""
        statement = select(Following.following).where(Following.thread == thread, Following.account == account)
        return (await self.session.execute(statement)).scalar_one_or_none()

    async def of(self, page: PageFilter, account: UUID) -> Page[Row[*tuple[Any, ...]]]:
        """Return a page of `thread`, `title`, `ordinal` of what an account follows and may see, the latest first."""
        statement = select(Following.thread, Following.ordinal, Thread.title).join(
            Thread, Thread.id == Following.thread
        )
        for_them = or_(
            Thread.listing != "followers", Thread.owner == account, circles.follows(Follow, account, Thread.owner)
        )
        wanted = (Following.account == account, Following.following, ~Thread.deleted, for_them)
        return page.of((await self.session.execute(page.append_to_statement(statement.where(*wanted)))).all())

    async def leave(self, account: UUID) -> None:
        """Have an account follow nothing."""
        await self.session.execute(delete(Following).where(Following.account == account))
