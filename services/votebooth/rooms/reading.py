"""What is seen of a room: a snapshot with its position, what came after it, the code as a picture, an export."""

import asyncio
import csv
import io
import time
from collections.abc import Collection, Sequence
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import closed, not_found
from services.core.sized_cache import SizedCache
from services.votebooth.models import Room, RoomEntry
from services.votebooth.rooms import schemas
from services.votebooth.rooms.doors import Seat
from services.votebooth.rooms.repository import (
    EntryRepository,
    MemberRepository,
    QuestionRepository,
    RoomRepository,
    VoteRepository,
    head_of,
    steady,
)
from services.votebooth.rooms.state import AskedQuestion, RoomPart, RoomRole, in_order, seen_by
from services.votebooth.settings import VoteBoothSettings

MOST_CHANGES = 300
_QUIET_ZONE = 4
"""Light modules around a QR code (ISO/IEC 18004)."""


_KEPT_BYTES = 8_000_000
_KEPT_SECONDS = 5.0
"""How long a snapshot is used at most: what is erased of an account moves no log."""


class _Kept(msgspec.Struct, frozen=True):
    """A room as it was put together for many."""

    snapshot: schemas.RoomSnapshot
    size: int
    at: float

    def holds(self, seq: int, code: str | None) -> bool:
        """Say whether it is what is to be seen where the log stands there."""
        same = self.snapshot.seq >= seq and self.snapshot.code == code
        return same and self.at + _KEPT_SECONDS > time.monotonic()


class Reading:
    """Rooms, for those who look. All of an answer is of one moment, but for what somebody has done themselves."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit
        self._kept: SizedCache[tuple[UUID, RoomRole], _Kept] = SizedCache(_KEPT_BYTES, lambda kept: kept.size)
        self._making: WeakValueDictionary[tuple[UUID, RoomRole], asyncio.Lock] = WeakValueDictionary()

    async def snapshot(self, seat: Seat, subject: Subject | None) -> schemas.RoomSnapshot:
        """Return a room as it is for somebody.

        Raises:
            Problem: 404 if it is gone.
        """
        if seat.role is not RoomRole.HOST:
            return await self._together(seat, subject)
        async with self._kit.db.reading() as session:
            await steady(session)
            return await self._snapshot(session, seat, subject)

    async def _together(self, seat: Seat, subject: Subject | None) -> schemas.RoomSnapshot:
        """Return a room as all of the audience, or all screens, have it: put together once for those who come at once.

        Each asks where the log stands; what was put together holds while that is so. What somebody has done themselves
        is read for each, and may be newer than the rest.
        """
        async with self._kit.db.reading() as session:
            standing = await RoomRepository(session).standing(seat.room_id)
            mine = await self._mine(session, seat, subject)
        if standing is None:
            raise not_found("room")
        seq, code, now = standing
        key = (seat.room_id, seat.role)
        async with self._making.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is None or not kept.holds(seq, code):
                kept = await self._put_together(key)
        # Put together after the clock was read, it may be the newer of the two.
        return replace(kept.snapshot, now=max(now, kept.snapshot.now), mine=mine)

    async def _put_together(self, key: tuple[UUID, RoomRole]) -> "_Kept":
        async with self._kit.db.reading() as session:
            await steady(session)
            snapshot = await self._snapshot(session, Seat(*key), None)
        kept = _Kept(snapshot, len(msgspec.json.encode(snapshot)), time.monotonic())
        self._kept.put(key, kept)
        return kept

    async def changes(self, seat: Seat, subject: Subject | None, after: int) -> schemas.RoomChanges:
        """Return what came after a position, or the room anew if that is too much or the position isn't one of it.

        Raises:
            Problem: 404 if it is gone.
        """
        async with self._kit.db.reading() as session:
            await steady(session)
            room = await _room(session, seat.room_id)
            if not room.seq - MOST_CHANGES <= after <= room.seq:
                return schemas.RoomChanges(room.seq, [], await self._snapshot(session, seat, subject))
            entries = await EntryRepository(session).after(seat.room_id, after, MOST_CHANGES)
        return schemas.RoomChanges(room.seq, _changes(entries, seat.role), None)

    async def entries(self, spans: Collection[tuple[UUID, int, int]]) -> dict[UUID, list[schemas.RoomChange]]:
        """Return the entries of rooms, of each after one position up to another, as hosts see them."""
        async with self._kit.db.reading() as session:
            entries = await EntryRepository(session).between(spans)
        by_room: dict[UUID, list[RoomEntry]] = {room: [] for room, _, _ in spans}
        for entry in entries:
            by_room[entry.room_id].append(entry)
        return {room: _changes(some, RoomRole.HOST) for room, some in by_room.items()}

    def shown(self, role: RoomRole, change: schemas.RoomChange) -> schemas.RoomChange | None:
        """Return an entry that hosts see as somebody sees it; None if it isn't for them."""
        return _seen(role, change)

    async def heads(self, rooms: Sequence[UUID]) -> dict[UUID, int]:
        """Return where the logs of rooms stand."""
        async with self._kit.db.reading() as session:
            return await RoomRepository(session).heads(rooms)

    async def _snapshot(self, session: AsyncSession, seat: Seat, subject: Subject | None) -> schemas.RoomSnapshot:
        room = await _room(session, seat.room_id)
        head, host = head_of(room), seat.role is RoomRole.HOST
        questions = await QuestionRepository(session).all(room.id)
        seen = [part for each in questions if isinstance(part := seen_by(seat.role, each), AskedQuestion)]
        return schemas.RoomSnapshot(
            room=room.id,
            seq=room.seq,
            now=await RoomRepository(session).clock(),
            code=room.code,
            link=None if room.code is None else self._link(room.code),
            role=seat.role,
            settings=head.settings,
            hosts=head.hosts,
            agenda=head.agenda if host else None,
            stage=head.stage,
            timer=head.timer,
            questions=in_order(seen),
            reactions=head.reactions,
            audience=head.audience,
            ended=head.ended,
            mine=None if subject is None or seat.role is RoomRole.SCREEN else await self._mine(session, seat, subject),
        )

    async def _mine(self, session: AsyncSession, seat: Seat, subject: Subject | None) -> schemas.MyPart | None:
        if subject is None or seat.role is RoomRole.SCREEN:
            return None
        member = await MemberRepository(session).of(seat.room_id, subject.id)
        return schemas.MyPart(
            name="" if member is None else member.name,
            questions=await QuestionRepository(session).by(seat.room_id, subject.id),
            votes=await VoteRepository(session).by(seat.room_id, subject.id),
        )

    async def picture(self, seat: Seat) -> bytes:
        """Return the link to join by as a QR code, an SVG that takes any size.

        Raises:
            Problem: 404 if the room is gone, 410 if its code was released.
        """
        import segno  # noqa: PLC0415  (for few requests, and 2 MB)

        async with self._kit.db.reading() as session:
            room = await _room(session, seat.room_id)
        if room.code is None:
            raise closed("The room's code was released.")
        drawn = io.BytesIO()
        # On white whatever is around it: cameras read dark on light.
        segno.make(self._link(room.code), error="m", micro=False).save(
            drawn, kind="svg", border=_QUIET_ZONE, light="#fff", xmldecl=False, omitsize=True
        )
        return drawn.getvalue()

    async def export(self, room_id: UUID) -> str:
        """Return the questions as CSV (RFC 4180), in their order."""
        async with self._kit.db.reading() as session:
            questions = await QuestionRepository(session).all(room_id)
        written = io.StringIO(newline="")
        rows = csv.writer(written)
        rows.writerow(["asked_at", "name", "anonymous", "question", "votes", "state", "answered", "pinned"])
        for each in in_order(questions):
            name = "" if each.by is None else each.by.name
            told = (each.anonymous, _cell(each.text), each.votes, each.state, each.answered, each.pinned)
            rows.writerow([each.asked_at.isoformat(), _cell(name), *told])
        return written.getvalue()

    def _link(self, code: str) -> str:
        return f"{self._kit.core.public_url.rstrip('/')}/r/{code}"


def _cell(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _changes(entries: Sequence[RoomEntry], role: RoomRole) -> list[schemas.RoomChange]:
    """Return entries as somebody sees them; what isn't for them is left out."""
    whole = (
        schemas.RoomChange(entry.seq, entry.at, entry.act, entry.actor, msgspec.convert(entry.part, RoomPart))
        for entry in entries
    )
    return [seen for change in whole if (seen := _seen(role, change)) is not None]


def _seen(role: RoomRole, change: schemas.RoomChange) -> schemas.RoomChange | None:
    part = seen_by(role, change.part)
    if part is None:
        return None
    return msgspec.structs.replace(change, part=part, actor=change.actor if role is RoomRole.HOST else None)


async def _room(session: AsyncSession, room_id: UUID) -> Room:
    room = await RoomRepository(session).get_one_or_none(id=room_id)
    if room is None:
        raise not_found("room")
    return room
