"""Every SQL statement of Comments.

Whoever adds, hides or deletes comments locks the thread first, then changes its comments.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, column, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from services.comments.events import PollChanged
from services.comments.models import AuditEntry, Block, Case, Comment, Follow, Report, Support, Thread
from services.comments.schemas import Order
from services.core.data.audit import AuditLog
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.ids import NOBODY
from services.core.personal import Part

_IDS = ARRAY(Uuid())
_LISTED: ColumnElement[bool] = Comment.listed.is_(True)


def _orders(name: str) -> dict[Order, Keyset]:
    return {
        "newest": Keyset(f"{name}-newest", Comment.id),
        "oldest": Keyset(f"{name}-oldest", Comment.id, ascending=True),
        "supported": Keyset(f"{name}-supported", Comment.support, Comment.id),
    }


TOP = _orders("comments")
REPLIES = _orders("replies")
MINE = Keyset("my-comments", Comment.id)
WAITING = Keyset("cases", Case.opened_at, Case.id, ascending=True)
REPORTS = Keyset("reports", Report.at, Report.reporter, ascending=True)
LOG = Keyset("thread-log", AuditEntry.position)


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


class CommentRepository(Repository[Comment]):
    """Comments."""

    model_type = Comment

    async def of_key(self, author: UUID, key: str) -> Comment | None:
        """Return the comment that an idempotency key has made."""
        return await self.get_one_or_none(author=author, request_key=key)

    async def thread_of(self, comment: UUID) -> UUID | None:
        """Return in which thread a comment is; its row isn't read, since it may change until it is locked."""
        return (await self.session.execute(select(Comment.thread).where(Comment.id == comment))).scalar_one_or_none()

    async def lock(self, comment: UUID) -> Comment | None:
        """Return a comment that nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(id=comment, with_for_update=True)

    async def change(self, comment: UUID, **values: Any) -> Comment:
        """Change a comment; values may be expressions. Return it as it is now."""
        [changed] = await self.update_where(Comment.id == comment, values=values)
        return changed

    async def top(self, page: PageFilter, thread: UUID) -> Page[Comment]:
        """Return a page of a thread's top level."""
        return await self.page(page, Comment.thread == thread, Comment.parent.is_(None), _LISTED)

    async def replies(self, page: PageFilter, parent: UUID) -> Page[Comment]:
        """Return a page of the answers to a comment."""
        return await self.page(page, Comment.parent == parent, _LISTED)

    async def best_replies(self, parents: Sequence[UUID], each: int) -> Sequence[Comment]:
        """Return the most supported answers to some comments, so many to each at most, with one statement."""
        asked = (
            func.unnest(bindparam("parents", parents, _IDS))
            .table_valued(column("parent", Uuid()))
            .render_derived("asked")
        )
        best = (
            select(Comment.id)
            .where(Comment.parent == asked.c.parent, Comment.listed)
            .order_by(Comment.support.desc(), Comment.id.desc())
            .limit(each)
            .lateral("best")
        )
        reply = aliased(Comment)
        statement = (
            select(reply)
            .select_from(asked)
            .join(best, true())
            .join(reply, reply.id == best.c.id)
            .order_by(reply.parent, reply.support.desc(), reply.id.desc())
        )
        return (await self.session.scalars(statement)).all()

    async def some_by(self, author: UUID, most: int) -> Sequence[UUID]:
        """Return some comments of an account, deleted ones too; their rows aren't read, since they may change."""
        statement = select(Comment.id).where(Comment.author == author).order_by(Comment.id).limit(most)
        return (await self.session.scalars(statement)).all()

    async def unsupport(self, account: UUID, most: int) -> bool:
        """Take back some of an account's support, with its counts; say whether there was any."""
        some = select(Support.comment).where(Support.account == account).limit(most)
        gone = delete(Support).where(Support.account == account, Support.comment.in_(some)).returning(Support.comment)
        comments = (await self.session.scalars(gone)).all()
        if comments:
            await self.update_where(Comment.id.in_(comments), values={"support": Comment.support - 1})
        return bool(comments)

    async def above(self, comment: Comment) -> Sequence[Comment]:
        """Return what a comment answers, the top of the thread first."""
        paths = [comment.path[:length] for length in range(4, len(comment.path), 4)]
        if not paths:
            return []
        statement = select(Comment).where(Comment.thread == comment.thread, Comment.path.in_(paths))
        return (await self.session.scalars(statement.order_by(Comment.path))).all()

    async def of(self, comments: Collection[UUID]) -> Sequence[Comment]:
        """Return some comments."""
        among: ColumnElement[bool] = Comment.id == any_(bindparam("comments", list(comments), _IDS))
        return (await self.session.scalars(select(Comment).where(among))).all()

    async def mine(self, page: PageFilter, author: UUID) -> Page[Comment]:
        """Return a page of what an account has said, without what it has deleted."""
        return await self.page(page, Comment.author == author, Comment.state != "deleted")


class SupportRepository(Repository[Support]):
    """Who supports which comments."""

    model_type = Support

    async def remove(self, comment: UUID, account: UUID) -> bool:
        """Take support back; say whether there was any."""
        statement = delete(Support).where(Support.comment == comment, Support.account == account)
        return (await self.session.execute(statement.returning(Support.comment))).first() is not None

    async def mine(self, account: UUID, comments: Sequence[UUID]) -> set[UUID]:
        """Return which of some comments an account supports."""
        among: ColumnElement[bool] = Support.comment == any_(bindparam("comments", comments, _IDS))
        statement = select(Support.comment).where(Support.account == account, among)
        return set((await self.session.scalars(statement)).all())


class CaseRepository(Repository[Case]):
    """What moderators have to decide."""

    model_type = Case

    async def lock_of(self, comment: UUID) -> Case | None:
        """Return a comment's case, which nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(comment=comment, with_for_update=True)

    async def lock(self, case: UUID) -> Case | None:
        """Return a case that nobody else changes until the transaction ends; None if there is none."""
        return await self.get_one_or_none(id=case, with_for_update=True)

    async def comment_of(self, case: UUID) -> UUID | None:
        """Return what a case is about; its row isn't read, since it may change until it is locked."""
        return (await self.session.execute(select(Case.comment).where(Case.id == case))).scalar_one_or_none()

    async def change(self, case: UUID, **values: Any) -> None:
        """Change a case; values may be expressions."""
        await self.update_where(Case.id == case, values=values)

    async def forget_appeal(self, comment: UUID) -> None:
        """Let the author of a comment that is shown again appeal when it is hidden once more."""
        await self.update_where(Case.comment == comment, values={"appeal": None})

    async def leave(self, moderator: UUID) -> None:
        """Have what a moderator has decided be decided by nobody in particular."""
        await self.session.execute(update(Case).where(Case.decided_by == moderator).values(decided_by=NOBODY))

    async def waiting(self, page: PageFilter) -> Page[Case]:
        """Return a page of the cases that wait."""
        return await self.page(page, Case.decided_at.is_(None))


class ReportRepository(Repository[Report]):
    """Reports of comments."""

    model_type = Report

    async def keep(self, report: Mapping[str, Any]) -> bool:
        """Keep a report, in place of an earlier one of its reporter; say whether it is their first of the comment."""
        if await self.add_or_ignore(report) is not None:
            return True
        mine = (Report.comment == report["comment"], Report.reporter == report["reporter"])
        await self.update_where(*mine, values={"reason": report["reason"], "note": report["note"]})
        return False

    async def withdraw(self, reporter: UUID) -> None:
        """Drop an account's reports, with their numbers."""
        gone = delete(Report).where(Report.reporter == reporter).returning(Report.comment)
        comments = (await self.session.scalars(gone)).all()
        counted = update(Case).where(Case.comment.in_(comments)).values(reports=Case.reports - 1)
        await self.session.execute(counted)

    async def reasons(self, comments: Collection[UUID]) -> dict[UUID, dict[str, int]]:
        """Return how often each reason was given, by comment, with one statement."""
        among: ColumnElement[bool] = Report.comment == any_(bindparam("comments", list(comments), _IDS))
        counted = select(Report.comment, Report.reason, func.count()).where(among)
        found: dict[UUID, dict[str, int]] = {}
        for comment, reason, number in await self.session.execute(counted.group_by(Report.comment, Report.reason)):
            found.setdefault(comment, {})[reason] = number
        return found

    async def of(self, page: PageFilter, comment: UUID) -> Page[Report]:
        """Return a page of the reports of a comment."""
        return await self.page(page, Report.comment == comment)


class BlockRepository(Repository[Block]):
    """Who blocks whom."""

    model_type = Block

    async def apart(self, viewer: UUID, accounts: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts whom a viewer blocks, or who block the viewer."""
        ids = bindparam("accounts", list(accounts), _IDS)
        mine = select(Block.other).where(Block.account == viewer, Block.other == any_(ids), Block.blocked)
        theirs = select(Block.account).where(Block.account == any_(ids), Block.other == viewer, Block.blocked)
        return set((await self.session.scalars(mine.union(theirs))).all())


class FollowRepository(Repository[Follow]):
    """Who follows whom."""

    model_type = Follow

    async def followed(self, viewer: UUID, accounts: Collection[UUID]) -> set[UUID]:
        """Return those of some accounts whom a viewer follows."""
        among: ColumnElement[bool] = Follow.followee == any_(bindparam("accounts", list(accounts), _IDS))
        statement = select(Follow.followee).where(Follow.follower == viewer, among, Follow.accepted)
        return set((await self.session.scalars(statement)).all())


class AuditRepository(AuditLog[AuditEntry]):
    """What owners and moderators did."""

    model_type = AuditEntry

    async def of_thread(self, page: PageFilter, thread: UUID) -> Page[AuditEntry]:
        """Return a page of what was done to a thread."""
        return await self.page(page, AuditEntry.thread == thread)


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    comments = select(
        Comment.id, Comment.thread, Comment.parent, Comment.text, Comment.state, Comment.created_at, Comment.edited_at
    ).where(Comment.author == account, Comment.state != "deleted")
    support = select(Support.comment, Support.at).where(Support.account == account)
    reports = select(Report.comment, Report.reason, Report.note, Report.at).where(Report.reporter == account)
    return [
        Part("comments", comments, Comment.id),
        Part("support", support, Support.comment),
        Part("reports", reports, Report.comment),
    ]
