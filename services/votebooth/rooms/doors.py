"""Who may come into a room, or do something in it.

A code is all that it takes, so who has none must not find one by trying. To whoever isn't in a room, every code is
answered alike, 404, and counted before it is answered (`Knock`).
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.codes import read_code
from services.core.identity.subject import Kind, Subject
from services.core.kit import Kit
from services.core.problems import Problem, not_found
from services.votebooth.models import Room
from services.votebooth.rooms.repository import MemberRepository, RoomRepository, ScreenRepository, head_of
from services.votebooth.rooms.state import RoomHosts, RoomRole
from services.votebooth.settings import VoteBoothSettings


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody asks for a room.

    Attributes:
        room: The code, as it was typed, or the room's id.
        subject: Who; None without an access token.
        screen: The token of a screen, if one came along.
        count: Counts a try of somebody who isn't in, before it is answered; raises a `Problem`, 429.
        miss: Counts a try that found nothing.
    """

    room: str
    subject: Subject | None
    screen: str | None
    count: Callable[[], Awaitable[None]]
    miss: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in a room, as it was read."""

    room_id: UUID
    role: RoomRole


class Standings(NamedTuple):
    """Where a room's log stands, and what each of those is in the room who were asked about; None if they aren't in."""

    seq: int
    roles: list[RoomRole | None]


Person = tuple[Subject | None, str | None]
"""Somebody who looks: the subject and a screen's token, as far as they have them."""


class Doors:
    """Finds rooms for those who are in them, or come in."""

    def __init__(self, kit: Kit[VoteBoothSettings]) -> None:
        self._kit = kit

    async def seat(self, knock: Knock) -> Seat:
        """Return the place of somebody who is in a room.

        Raises:
            Problem: 404 if there is no such room or they aren't in it, 429.
        """
        async with self._kit.db.reading() as session:
            room = await _find(session, knock.room)
            role = None if room is None else await _role(session, room, knock)
        if room is None or role is None:
            raise await self.missed(knock)
        return Seat(room.id, role)

    async def host(self, knock: Knock) -> UUID:
        """Return the room of somebody who is its host.

        Raises:
            Problem: 403 for the audience, 404, 429.
        """
        seat = await self.seat(knock)
        if seat.role is not RoomRole.HOST:
            raise not_a_host()
        return seat.room_id

    async def enter(self, knock: Knock) -> Seat:
        """Return the room of a code, for somebody who comes in; its id lets nobody in.

        Raises:
            Problem: 404, 429.
        """
        async with self._kit.db.reading() as session:
            room = await _find(session, knock.room)
            role = None if room is None else await _role(session, room, knock)
        if room is not None and role is not None:
            return Seat(room.id, role)
        await knock.count()
        if room is None or read_code(knock.room) is None:
            await knock.miss()
            raise not_found("room")
        return Seat(room.id, RoomRole.AUDIENCE)

    async def roles(self, asked: Sequence[tuple[UUID, Sequence[Person]]]) -> list[Standings | None]:
        """Return where rooms' logs stand, and what each of some people is in theirs, by three statements.

        Args:
            asked: Rooms, and of each who is asked about.

        Returns:
            Of each room in the order asked; None for one that isn't there.
        """
        members = {(room, subject.id) for room, people in asked for subject, _ in people if subject is not None}
        # Which token is which is worked out once, however often it was shown.
        tokens = {token: hash_of(token) for _, people in asked for _, token in people if token}
        screens = {(room, tokens[token]) for room, people in asked for _, token in people if token}
        async with self._kit.db.reading() as session:
            rooms = await RoomRepository(session).hosted_by({room for room, _ in asked})
            here = await MemberRepository(session).among(members)
            let_in = await ScreenRepository(session).among(screens)

        def role(room: UUID, hosts: RoomHosts, subject: Subject | None, token: str | None) -> RoomRole | None:
            if subject is not None and _is_host(hosts, subject):
                return RoomRole.HOST
            if subject is not None and (room, subject.id) in here:
                return RoomRole.AUDIENCE
            return RoomRole.SCREEN if token and (room, tokens[token]) in let_in else None

        found: list[Standings | None] = []
        for room, people in asked:
            if (known := rooms.get(room)) is None:
                found.append(None)
                continue
            seq, hosts = known
            found.append(Standings(seq, [role(room, hosts, *person) for person in people]))
        return found

    async def missed(self, knock: Knock) -> Problem:
        """Count a try of somebody who isn't in; return what they are told, whatever the reason."""
        await knock.count()
        await knock.miss()
        return not_found("room")


def not_a_host() -> Problem:
    """403: the room is run by others."""
    return Problem(403, "not-a-host", "This is for hosts", "Only the room's hosts can do this.")


def hash_of(token: str) -> bytes:
    """Return what is kept of a screen's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def _find(session: AsyncSession, typed: str) -> Room | None:
    rooms = RoomRepository(session)
    if (code := read_code(typed)) is not None:
        return await rooms.by_code(code)
    with suppress(ValueError):
        return await rooms.get_one_or_none(Room.id == UUID(typed))
    return None


def _is_host(hosts: RoomHosts, subject: Subject) -> bool:
    return subject.kind is Kind.USER and (subject.id == hosts.owner or subject.id in hosts.others)


async def _role(session: AsyncSession, room: Room, knock: Knock) -> RoomRole | None:
    subject = knock.subject
    if subject is not None and _is_host(head_of(room).hosts, subject):
        return RoomRole.HOST
    if subject is not None and await MemberRepository(session).of(room.id, subject.id) is not None:
        return RoomRole.AUDIENCE
    if knock.screen and await ScreenRepository(session).is_let_in(room.id, hash_of(knock.screen)):
        return RoomRole.SCREEN
    return None
