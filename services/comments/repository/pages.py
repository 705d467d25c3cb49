"""Pages of threads: comments, the best answers to each, and what a viewer has to do with them, in one statement.

They are read as rows that look like comments and are never changed. Mapped objects, and statements that are put
together anew, would take two thirds of the time that a page takes.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Uuid,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from services.comments.models import Block, Comment, Support
from services.comments.schemas import BEST_REPLIES
from services.core import circles
from services.core.data.compiled import CompiledList
from services.core.data.database import Database
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.ids import NOBODY

_UNREAD = {"request_key", "request_hash"}
_COLUMNS: Sequence[ColumnElement[Any]] = [
    column for column in cast(Table, Comment.__table__).c if column.key not in _UNREAD
]
_THREAD, _PARENT, _VIEWER = (bindparam(name, type_=Uuid()) for name in ("thread", "parent", "viewer"))

_AT_TOP = and_(Comment.thread == _THREAD, Comment.parent.is_(None))
_BELOW: ColumnElement[bool] = Comment.parent == _PARENT
_LISTED: ColumnElement[bool] = Comment.listed.is_(True)
_LISTED_OR_MINE = or_(_LISTED, and_(Comment.hidden_as == "limit", Comment.author == _VIEWER))


class SeenPage(NamedTuple):
    """A page of a thread, as a viewer sees it.

    Attributes:
        page: Comments.
        answers: The best ones to them.
        apart: The authors of both whom the viewer blocks, or who block the viewer.
        supported: Of both, those that the viewer supports.
    """

    page: Page[Comment]
    answers: Sequence[Comment]
    apart: set[UUID]
    supported: set[UUID]


class Pages:
    """Reads pages of threads.

    Args:
        db: The service's.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def top(self, page: PageFilter, thread: UUID, viewer: UUID | None, *, limited: bool) -> SeenPage:
        """Return a page of a thread's top level; with what a limited viewer has said there."""
        return await self._read(_list(page.keyset, _AT_TOP, limited=limited), page, viewer, thread=thread)

    async def replies(self, page: PageFilter, parent: UUID, viewer: UUID | None, *, limited: bool) -> SeenPage:
        """Return a page of the answers to a comment; with those of a limited viewer."""
        return await self._read(_list(page.keyset, _BELOW, limited=limited), page, viewer, parent=parent)

    async def _read(self, statement: CompiledList, page: PageFilter, viewer: UUID | None, **of: UUID) -> SeenPage:
        rows = await statement.rows(self._db, page, {**of, "viewer": viewer or NOBODY})
        comments = cast(Page[Comment], page.of([row for row in rows if not row.is_answer]))
        shown = {comment.id for comment in comments.items}
        answers = [row for row in rows if row.is_answer and row.parent in shown]
        return SeenPage(
            comments,
            cast(Sequence[Comment], answers),
            {row.author for row in rows if row.apart},
            {row.id for row in rows if row.supported},
        )


@cache
def _list(keyset: Keyset, of: ColumnElement[bool], *, limited: bool) -> CompiledList:
    """Return a list. Lists are made at first use: a dozen of them would take 5 MB of each process."""
    listed = _LISTED_OR_MINE if limited else _LISTED
    place = func.row_number().over(order_by=keyset.order).label("place")
    return CompiledList(keyset, select(*_COLUMNS, place).where(of, listed), around=_with_answers)


def _with_answers(page: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Select a page, the most supported answers to each of its comments, and what the viewer has to do with them."""
    asked = page.cte("page")
    best = (Comment.support.desc(), Comment.id.desc())
    some = select(*_COLUMNS).where(Comment.parent == asked.c.id, Comment.listed).order_by(*best).limit(_EACH)
    answer = some.lateral("answer")
    answers = select(*answer.c, asked.c.place, true().label("is_answer")).join_from(asked, answer, true())
    both = union_all(select(asked, false().label("is_answer")), answers.where(asked.c.replies > 0)).subquery("seen")
    supported = select(Support.comment).where(Support.comment == both.c.id, Support.account == _VIEWER).exists()
    apart = circles.apart(Block, cast(UUID, _VIEWER), both.c.author)
    order = (both.c.is_answer, both.c.place, both.c.support.desc(), both.c.id.desc())
    return select(both, supported.label("supported"), apart.label("apart")).order_by(*order)


_EACH: Any = literal_column(str(BEST_REPLIES))
