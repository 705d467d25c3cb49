"""What notifications are about."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.closing import LONGEST
from services.core.data.models import utc_now
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

    async def closing(self, most: int) -> Sequence[tuple[Thing, bool]]:
        """Take polls of which people are to be reminded now, held.

        Returns:
            Those that aren't over yet, as they were, and whether people were reminded of an earlier end of theirs.
        """
        due = select(Thing).where(Thing.remind_at <= func.now()).order_by(Thing.remind_at).limit(most)
        things = (await self.session.scalars(due.with_for_update(skip_locked=True))).all()
        taken = []
        for thing in things:
            self.session.expunge(thing)
            closes_at, now = thing.closes_at, utc_now()
            is_wanted = closes_at is not None and closes_at > now and is_put_off(thing)
            values = {"remind_at": None, **({"reminded": closes_at} if is_wanted else {})}
            await self.session.execute(update(Thing).where(Thing.id == thing.id).values(**values))
            if is_wanted:
                taken.append((thing, thing.reminded is not None))
        return taken

    async def may_see_poll(self, viewer: UUID, poll: UUID) -> bool | None:
        """Say whether somebody may see a poll; None if it isn't known here."""
        statement = select(seen.poll(Thing)).where(Thing.id == poll)
        return (await self.session.execute(statement, {"viewer": viewer})).scalar_one_or_none()


def is_put_off(poll: Thing) -> bool:
    """Say whether people are to be reminded of a poll's end, for the first time or because it was put off since.

    By half of the notice at least: whoever puts an end off by minutes, again and again, would wear people out.
    """
    if poll.reminded is None:
        return True
    if poll.closes_at is None or poll.remind_at is None:
        return False
    return poll.closes_at - poll.reminded >= min(LONGEST, poll.closes_at - poll.remind_at) / 2


def _short(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "text": values["text"][:_MOST_TEXT]}
