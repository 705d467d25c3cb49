"""Statements about filters of words, and about the round in which texts from before are held against them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import insert

from services.core.cases.tables import FilterTable, RoundTable
from services.core.data.repository import Repository, one_of

FilterT = TypeVar("FilterT", bound=FilterTable)
RoundT = TypeVar("RoundT", bound=RoundTable)

BEFORE_ALL = UUID(int=0)
_LOCK = "hashtextextended(:what, 0))"
_EXCLUDE = text(f"SELECT pg_advisory_xact_lock({_LOCK}")
_SHARE = text(f"SELECT pg_advisory_xact_lock_shared({_LOCK}")


class FilterRepository(Repository[FilterT]):
    """Words whose texts wait for a moderator.

    Whoever writes a text and whoever adds a filter exclude each other: a text that was checked without the filter is
    committed when the filter is, and so is found by the round that begins after it.

    Attributes:
        lock_name: What the service's writers lock.
    """

    lock_name: ClassVar[str]

    async def share(self) -> None:
        """Have no filter added until the transaction ends. It is its first lock: it may be waited for."""
        await self.session.execute(_SHARE, {"what": self.lock_name})

    async def exclude(self) -> None:
        """Have nobody write, nor add a filter, until the transaction ends."""
        await self.session.execute(_EXCLUDE, {"what": self.lock_name})

    async def words(self) -> dict[str, str]:
        """Return the words of all filters, by key."""
        table = self.model_type
        rows = await self.session.execute(select(table.key, table.words).where(self._stands()).order_by(table.id))
        return {row.key: row.words for row in rows}

    async def standing(self) -> Sequence[FilterT]:
        """Return the filters, the oldest first."""
        return await self._of(self._stands())

    async def are_left(self) -> bool:
        """Say whether there may be texts that weren't held against a filter."""
        return await self.exists(self._left())

    async def begin(self, after: UUID) -> Sequence[FilterT]:
        """Return the filters against which texts are to be held; a round of those that are new begins here."""
        await self.update_where(self._left(), self.model_type.begun.is_(None), values={"begun": after})
        return await self._of(self._left())

    async def finish(self, filters: Collection[UUID], after: UUID, until: UUID | None) -> None:
        """Keep of which of some filters the round is complete with a step.

        Args:
            filters: Those against which the texts of the step were held.
            after: Behind which text the step began.
            until: The last text of the step; None if there were no more.
        """
        begun = self.model_type.begun
        # Behind the step's beginning stands only who has come round already.
        done = or_(begun > after, begun == BEFORE_ALL) if until is None else and_(begun > after, begun <= until)
        await self.update_where(one_of(self.model_type.id, filters), done, values={"left": False})

    async def _of(self, *which: ColumnElement[bool]) -> Sequence[FilterT]:
        statement = select(self.model_type).where(*which).order_by(self.model_type.id)
        return (await self.session.scalars(statement)).all()

    def _left(self) -> ColumnElement[bool]:
        return and_(self.model_type.left, self._stands())

    def _stands(self) -> ColumnElement[bool]:
        """Say whether a filter wasn't removed."""
        return true()


@dataclass(frozen=True)
class Step:
    """Some texts that somebody holds against filters.

    Attributes:
        after: The text behind which they begin.
        version: The step's.
    """

    after: UUID
    version: int


class RoundRepository(Repository[RoundT]):
    """Where whoever holds texts against new filters is."""

    async def claim(self, seconds: float) -> Step | None:
        """Return the next step, which nobody else takes for so long; None while somebody is at it."""
        table = self.model_type
        new = insert(table).values(only=True, after=BEFORE_ALL, version=0, busy_until=func.clock_timestamp())
        await self.session.execute(new.on_conflict_do_nothing())
        until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        taken = {"version": table.version + 1, "busy_until": until}
        rows = await self.update_where(table.busy_until <= func.clock_timestamp(), values=taken)
        return next((Step(row.after, row.version) for row in rows), None)

    async def advance(self, step: Step, until: UUID | None) -> bool:
        """Keep that a step is done, and let others take the next; say whether it was still this one's to do."""
        table = self.model_type
        done = {"after": until or BEFORE_ALL, "version": table.version + 1, "busy_until": func.clock_timestamp()}
        return bool(await self.update_where(table.version == step.version, values=done))
