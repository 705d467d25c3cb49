"""What notifications are about."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository, keep_newest
from services.notifications.models import Thing
from services.notifications.repository import seen

_MOST_TEXT = 200
"""Characters of what something says that are kept of it."""


class ThingRepository(Repository[Thing]):
    """Waves, polls and comments."""

    model_type = Thing

    async def keep(self, values: dict[str, Any]) -> bool:
        """Keep what an event tells of a thing, unless what is known is as new; say whether it is kept."""
        new = insert(Thing).values(**_short(values))
        changes = {name: new.excluded[name] for name in values if name != "id"}
        newer = Thing.version < new.excluded.version
        kept = new.on_conflict_do_update(index_elements=["id"], set_=changes, where=newer).returning(Thing.id)
        return (await self.session.execute(kept)).first() is not None

    async def keep_past(self, things: Sequence[dict[str, Any]]) -> None:
        """Keep what events of long ago tell of things, unless what is known is as new."""
        await keep_newest(self.session, Thing, [_short(values) for values in things], "id")

    async def owner(self, thing: UUID) -> UUID | None:
        """Return whose a thing is; None if it isn't known."""
        return (await self.session.execute(select(Thing.owner).where(Thing.id == thing))).scalar_one_or_none()

    async def shown(self, comment: UUID) -> Thing | None:
        """Return a comment, if it is known and everybody may read it."""
        return await self.get_one_or_none(id=comment, type="comment", audience="shown")

    async def ripples(self, wave: UUID) -> Sequence[Thing]:
        """Return what shares a Wave on, as far as it is known."""
        return (await self.session.scalars(select(Thing).where(Thing.type == "wave", Thing.of == wave))).all()

    async def closing(self, most: int) -> Sequence[Row[Any]]:
        """Take polls of which people are to be reminded now, held: `id` and `owner` of those that aren't over yet."""
        due = select(Thing.id).where(Thing.remind_at <= func.now()).order_by(Thing.remind_at).limit(most)
        ids = (await self.session.scalars(due.with_for_update(skip_locked=True))).all()
        if not ids:
            return ()
        taken = update(Thing).where(Thing.id.in_(ids)).values(remind_at=None)
        rows = await self.session.execute(taken.returning(Thing.id, Thing.owner, Thing.closes_at > func.now()))
        return [row for row in rows if row[2]]

    async def may_see_poll(self, viewer: UUID, poll: UUID) -> bool | None:
        """Say whether somebody may see a poll; None if it isn't known here."""
        statement = select(seen.poll(Thing)).where(Thing.id == poll)
        return (await self.session.execute(statement, {"viewer": viewer})).scalar_one_or_none()


def _short(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "text": values["text"][:_MOST_TEXT]}
