"""Comments, whom they name, and who supports them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    any_,
    bindparam,
    case,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.comments.models import Block, Comment, Mention, Person, Support
from services.comments.repository.people import apart_from
from services.core import circles
from services.core.data.compiled import Compiled
from services.core.data.database import Database
from services.core.data.pagination import Page, PageFilter
from services.core.data.repository import AnySession, Repository

_IDS = ARRAY(Uuid())
_LIMITED: ColumnElement[bool] = Comment.hidden_as == "limit"


_COMMENTS = bindparam("comments", type_=_IDS)
_NAMED = Compiled(select(Mention.comment, Mention.handle, Mention.account).where(Mention.comment == any_(_COMMENTS)))


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

    async def unlisted(self, author: UUID, thread: UUID) -> dict[UUID | None, int]:
        """Return how many comments of a limited account lists leave out, by what they answer."""
        mine = (Comment.author == author, Comment.thread == thread, _LIMITED, ~Comment.listed)
        counted = select(Comment.parent, func.count()).where(*mine).group_by(Comment.parent)
        return {row[0]: row[1] for row in await self.session.execute(counted)}

    async def limited(self, author: UUID, thread: UUID) -> int:
        """Return how many comments of a limited account a thread's count leaves out."""
        counted = select(func.count()).where(Comment.author == author, Comment.thread == thread, _LIMITED)
        return int((await self.session.execute(counted)).scalar_one())

    async def to_limit(self, author: UUID, most: int, *, limited: bool) -> Sequence[UUID]:
        """Return some comments of an account that don't follow its limit yet."""
        others = Comment.state == "shown" if limited else _LIMITED
        statement = select(Comment.id).where(Comment.author == author, others).order_by(Comment.id).limit(most)
        return (await self.session.scalars(statement)).all()

    async def said(self, after: UUID, most: int) -> Sequence[tuple[UUID, Sequence[str]]]:
        """Return so many comments after one by their ids, with what those say that are shown."""
        shown = case((Comment.state == "shown", Comment.text))
        statement = select(Comment.id, shown).where(Comment.id > after).order_by(Comment.id).limit(most)
        return [(row[0], [row[1]] if row[1] else []) for row in await self.session.execute(statement)]

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


class MentionRepository(Repository[Mention]):
    """Whom comments name."""

    model_type = Mention

    async def called(self, author: UUID, handles: Collection[str]) -> dict[str, UUID]:
        """Return accounts by handle in lower case, without those with whom the author is apart."""
        if not handles:
            return {}
        handle = func.lower(Person.handle)
        apart = circles.apart(Block, author, Person.id)
        statement = select(handle, Person.id).where(handle.in_(handles), ~Person.deleted, ~apart)
        return {row[0]: row[1] for row in await self.session.execute(statement.order_by(Person.changed_at))}

    async def replace(self, comment: UUID, accounts: Mapping[str, UUID]) -> None:
        """Keep whom a comment names now, by handle."""
        await self.delete_where(Mention.comment == comment)
        if accounts:
            rows = [{"comment": comment, "handle": handle, "account": one} for handle, one in accounts.items()]
            await self.session.execute(insert(Mention).values(rows))

    async def leave(self, account: UUID) -> None:
        """Have no comment name an account."""
        await self.session.execute(delete(Mention).where(Mention.account == account))


async def named_by(where: AnySession | Database, comments: Collection[UUID]) -> dict[UUID, dict[str, UUID]]:
    """Return whom some comments name, by comment and handle, with one statement."""
    found: dict[UUID, dict[str, UUID]] = {}
    for row in await _NAMED.rows(where, {"comments": list(comments)}):
        found.setdefault(row.comment, {})[row.handle] = row.account
    return found


class SupportRepository(Repository[Support]):
    """Who supports which comments."""

    model_type = Support

    async def remove(self, comment: UUID, account: UUID) -> bool:
        """Take support back; say whether there was any."""
        statement = delete(Support).where(Support.comment == comment, Support.account == account)
        return (await self.session.execute(statement.returning(Support.comment))).first() is not None

    async def relation(
        self, viewer: UUID, authors: Collection[UUID], comments: Collection[UUID]
    ) -> tuple[set[UUID], set[UUID]]:
        """Return from which authors a viewer is apart, and which comments they support, with one statement."""
        values = {"viewer": viewer, "authors": list(authors), "comments": list(comments)}
        [row] = await _RELATION.rows(self.session, values)
        return set(row.apart), set(row.supported)


def _relation() -> Select[*tuple[Any, ...]]:
    """Select from which of `authors` a viewer is `apart`, and which of `comments` they have `supported`."""
    viewer = bindparam("viewer", type_=Uuid())
    authors, comments = (bindparam(name, type_=_IDS) for name in ("authors", "comments"))
    supported = select(Support.comment).where(Support.account == viewer, Support.comment == any_(comments))
    apart = apart_from(viewer, authors).scalar_subquery()
    return select(
        func.array(apart, type_=_IDS).label("apart"),
        func.array(supported.scalar_subquery(), type_=_IDS).label("supported"),
    )


_RELATION = Compiled(_relation())
