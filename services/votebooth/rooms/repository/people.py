"""Who has come into rooms, who is there, and which screens look."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, and_, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.repository import Repository, rows_of
from services.votebooth.models import RoomLease, RoomMember, RoomScreen

_here = func.statement_timestamp()


class MemberRepository(Repository[RoomMember]):
    """Who has come in."""

    model_type = RoomMember

    async def put(self, room: UUID, subject: UUID, name: str, *, guest: bool) -> None:
        """Let somebody in, or give them another name."""
        new = insert(RoomMember).values(room_id=room, subject_id=subject, name=name, guest=guest)
        changed = {"name": new.excluded.name, "guest": new.excluded.guest}
        await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=changed))

    async def of(self, room: UUID, subject: UUID) -> RoomMember | None:
        """Return how somebody came in; None if they haven't."""
        return await self.get_one_or_none(RoomMember.room_id == room, RoomMember.subject_id == subject)

    async def among(self, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
        """Return those of some pairs of a room and a person who has come in there, by one statement."""
        if not pairs:
            return set()
        rooms, people = zip(*pairs, strict=True)
        given = rows_of(("room", Uuid(), rooms), ("person", Uuid(), people))
        both = and_(RoomMember.room_id == given.c.room, RoomMember.subject_id == given.c.person)
        rows = await self.session.execute(select(RoomMember.room_id, RoomMember.subject_id).join(given, both))
        return {(row.room_id, row.subject_id) for row in rows}

    async def in_room(self, room: UUID) -> int:
        """Return how many have come in."""
        return await self.count(RoomMember.room_id == room)

    async def leave(self, room: UUID, subject: UUID) -> None:
        """Forget that somebody came in."""
        for table in (RoomMember, RoomLease):
            mine: Any = (table.room_id == room, table.subject_id == subject)
            await self.session.execute(delete(table).where(*mine))


class LeaseRepository(Repository[RoomLease]):
    """Who is here."""

    model_type = RoomLease

    async def renew(self, room: UUID, subject: UUID, seconds: float, *, host: bool = False) -> datetime:
        """Note that somebody is here; return until when that holds."""
        until = _here + timedelta(seconds=seconds)
        new = insert(RoomLease).values(room_id=room, subject_id=subject, until=until, host=host)
        values = {"until": new.excluded.until, "host": new.excluded.host}
        changed = new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=values)
        ends: datetime = (await self.session.execute(changed.returning(RoomLease.until))).scalar_one()
        return ends

    async def renew_hosts(self, here: Collection[tuple[UUID, UUID]], seconds: float) -> None:
        """Note, by one statement, which hosts are in which rooms; who said that they stay for longer does."""
        until = _here + timedelta(seconds=seconds)
        # In one order, or two processes could wait for each other.
        rows = [{"room_id": room, "subject_id": host, "until": until, "host": True} for room, host in sorted(here)]
        if rows:
            new = insert(RoomLease).values(rows)
            longer = {"until": func.greatest(RoomLease.until, new.excluded.until), "host": True}
            await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "subject_id"], set_=longer))

    async def here(self) -> dict[UUID, int]:
        """Return how many are in the audience of each room that somebody was in not long ago."""
        ahead = func.count().filter(RoomLease.until > _here)
        among = select(RoomLease.room_id, ahead).where(~RoomLease.host).group_by(RoomLease.room_id)
        return {row.room_id: row[1] for row in await self.session.execute(among)}

    async def hosted(self) -> dict[UUID, bool]:
        """Return whether a host is in each room that one was in, and that wasn't told yet that none is."""
        anybody = func.bool_or(RoomLease.until > _here)
        rows = await self.session.execute(
            select(RoomLease.room_id, anybody).where(RoomLease.host).group_by(RoomLease.room_id)
        )
        return {row.room_id: row[1] for row in rows}

    async def forget(self, seconds: float) -> None:
        """Drop the audience's leases that ended so long ago that everybody has seen it."""
        ended = RoomLease.until < _here - timedelta(seconds=seconds)
        await self.session.execute(delete(RoomLease).where(~RoomLease.host, ended))

    async def forget_hosts(self, room: UUID) -> None:
        """Drop the leases of a room's hosts that have ended."""
        ended = (RoomLease.room_id == room, RoomLease.host, RoomLease.until <= _here)
        await self.session.execute(delete(RoomLease).where(*ended))


class ScreenRepository(Repository[RoomScreen]):
    """Screens."""

    model_type = RoomScreen

    async def put(self, room: UUID, screen: UUID, token_hash: bytes, label: str) -> None:
        """Let a screen in, or give it another token."""
        new = insert(RoomScreen).values(room_id=room, id=screen, token_hash=token_hash, label=label)
        changed = {"token_hash": new.excluded.token_hash, "label": new.excluded.label}
        await self.session.execute(new.on_conflict_do_update(index_elements=["room_id", "id"], set_=changed))

    async def of(self, room: UUID) -> Sequence[RoomScreen]:
        """Return a room's screens, the earliest first."""
        statement = select(RoomScreen).where(RoomScreen.room_id == room).order_by(RoomScreen.made_at, RoomScreen.id)
        return (await self.session.scalars(statement)).all()

    async def is_let_in(self, room: UUID, token_hash: bytes) -> bool:
        """Say whether a screen with this token may look."""
        found = exists().where(RoomScreen.room_id == room, RoomScreen.token_hash == token_hash)
        return bool((await self.session.execute(select(found))).scalar_one())

    async def among(self, pairs: Collection[tuple[UUID, bytes]]) -> set[tuple[UUID, bytes]]:
        """Return those of some pairs of a room and a token with which a screen may look there, by one statement."""
        if not pairs:
            return set()
        rooms, tokens = zip(*pairs, strict=True)
        given = rows_of(("room", Uuid(), rooms), ("token", LargeBinary(), tokens))
        both = and_(RoomScreen.room_id == given.c.room, RoomScreen.token_hash == given.c.token)
        rows = await self.session.execute(select(RoomScreen.room_id, RoomScreen.token_hash).join(given, both))
        return {(row.room_id, bytes(row.token_hash)) for row in rows}

    async def remove(self, room: UUID, screen: UUID) -> bool:
        """Let a screen in no more; say whether it was."""
        this = (RoomScreen.room_id == room, RoomScreen.id == screen)
        gone = await self.session.execute(delete(RoomScreen).where(*this).returning(RoomScreen.id))
        return gone.first() is not None
