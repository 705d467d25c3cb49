"""What hosts do with a room."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.codes import new_code
from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.people import People
from services.core.problems import Problem, conflict, key_used, not_found, over_quota, refused, unavailable
from services.core.refusals import Refusals
from services.core.text import clean_line
from services.votebooth.models import Room
from services.votebooth.rooms import schemas
from services.votebooth.rooms.acts import Acts
from services.votebooth.rooms.doors import hash_of
from services.votebooth.rooms.polls import RoomPolls, Step
from services.votebooth.rooms.repository import (
    MINE,
    EntryRepository,
    RoomRepository,
    ScreenRepository,
    head_of,
)
from services.votebooth.rooms.state import (
    AgendaPoll,
    RoomAgenda,
    RoomEnded,
    RoomHead,
    RoomHosts,
    RoomSame,
    RoomSettings,
    RoomStage,
    RoomTimer,
)
from services.votebooth.settings import VoteBoothSettings

_SLUG = "room-refused"
MOST_HOSTS = 20
MOST_SCREENS = 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Made:
    """A room, and whether it is new."""

    room_id: UUID
    new: bool


class Hosting:
    """Rooms, for those who run them."""

    def __init__(self, kit: Kit[VoteBoothSettings], polls: RoomPolls, people: People) -> None:
        self._kit = kit
        self._polls = polls
        self._people = people
        self._acts = Acts(kit)

    async def create(self, subject: Subject, new: schemas.RoomNew, key: str | None) -> Made:
        """Open a room.

        Args:
            subject: Its owner.
            new: The room.
            key: The request's idempotency key.

        Raises:
            Problem: 409 if the key was used for another room, 422, 429 if the account has no room for more.
        """
        found = Refusals(_SLUG)
        title = found.text("title", clean_line, new.title, schemas.MAX_TITLE)
        found.check()
        settings = RoomSettings(title=title, moderated=new.moderated, asking=new.asking, reacting=new.reacting)
        head = RoomHead(settings=settings, hosts=RoomHosts(subject.id))
        digest = hashlib.sha256(msgspec.json.encode(new)).digest()
        for _ in range(_TRIES):  # of 2.8 × 10¹¹ codes one may be taken
            async with self._kit.db.transaction() as session:
                rooms = RoomRepository(session)
                before = (
                    None
                    if key is None
                    else await rooms.get_one_or_none(Room.owner_id == subject.id, Room.request_key == key)
                )
                if before is not None:
                    if before.request_hash != digest:
                        raise key_used("room")
                    return Made(before.id, new=False)
                if await rooms.codes_held(subject.id) >= self._kit.settings.rooms_per_account:
                    raise over_quota("You have as many rooms as one account may have. End and delete some.")
                if (made := await self._insert(session, subject.id, head, key, digest)) is not None:
                    return Made(made, new=True)
        raise unavailable("No code was free. Try again.")

    async def _insert(
        self, session: AsyncSession, owner: UUID, head: RoomHead, key: str | None, digest: bytes
    ) -> UUID | None:
        rooms, room_id = RoomRepository(session), new_id()
        values = {
            "id": room_id,
            "code": new_code(),
            "owner_id": owner,
            "seq": 2,
            "head": msgspec.to_builtins(head),
            "request_key": key,
            "request_hash": digest,
        }
        if await rooms.add_or_ignore(values) is None:
            return None
        entries, now = EntryRepository(session), await rooms.clock()
        await entries.write(room_id, 1, now, "room.opened", owner, head.settings)
        await entries.write(room_id, 2, now, "room.opened", owner, head.hosts)
        return room_id

    async def mine(self, subject: Subject, cursor: str | None, limit: int) -> Page[schemas.RoomCard]:
        """Return a page of somebody's own rooms, the latest first."""
        async with self._kit.db.reading() as session:
            page = await RoomRepository(session).page(MINE.page(cursor, limit), Room.owner_id == subject.id)
        return map_page(
            page,
            lambda room: schemas.RoomCard(
                id=room.id,
                code=room.code,
                title=head_of(room).settings.title,
                created_at=room.created_at,
                ended_at=room.ended_at,
            ),
        )

    async def edit(self, room_id: UUID, subject: Subject, edit: schemas.RoomEdit) -> None:
        """Change how a room is run.

        Raises:
            Problem: 403, 404, 410, 422.
        """
        wanted = {name: value for name in edit.__struct_fields__ if (value := getattr(edit, name)) is not UNSET}
        if edit.title is not UNSET:
            found = Refusals(_SLUG)
            wanted["title"] = found.text("title", clean_line, edit.title, schemas.MAX_TITLE)
            found.check()
        async with self._acts.by_host(room_id, subject) as act:
            after = replace(act.head.settings, **wanted)
            if after != act.head.settings:
                await act.write("room.changed", after, subject.id)

    async def set_agenda(self, room_id: UUID, subject: Subject, polls: Sequence[UUID]) -> None:
        """Put the room's polls in an order. Those that are on it already needn't be the host's.

        Raises:
            Problem: 403, 404 for a poll that they may not see, 409 for one that is for followers, 410, 422, 503.
        """
        if len(polls) > schemas.MAX_AGENDA or len(set(polls)) < len(polls):
            raise refused(_SLUG, f"polls: at most {schemas.MAX_AGENDA}, each once.")
        async with self._acts.by_host(room_id, subject) as act:
            known = {item.poll for item in act.head.agenda.items}
        for poll in polls:
            if poll not in known:
                await self._polls.find(poll, subject)
        async with self._acts.by_host(room_id, subject) as act:
            before = {item.poll: item for item in act.head.agenda.items}
            if missing := [poll for poll in polls if poll not in before and poll in known]:
                raise conflict("agenda-changed", f"{missing[0]} was taken off the agenda meanwhile. Read it again.")
            after = RoomAgenda(tuple(before.get(poll) or AgendaPoll(poll, subject.id) for poll in polls))
            if after != act.head.agenda:
                await act.write("agenda.changed", after, subject.id)

    async def pin(self, room_id: UUID, subject: Subject, poll: UUID | None) -> None:
        """Put a poll on stage; one that isn't on the agenda goes to its end. Its results aren't shown yet.

        Raises:
            Problem: 403, 404, 409 for a poll that is for followers, 410, 422 if the agenda is full, 503.
        """
        shown = None if poll is None else await self._polls.find(poll, subject)
        async with self._acts.by_host(room_id, subject) as act:
            if poll == act.head.stage.poll:
                return
            items = act.head.agenda.items
            if poll is not None and all(item.poll != poll for item in items):
                if len(items) >= schemas.MAX_AGENDA:
                    raise refused(_SLUG, f"The agenda has {schemas.MAX_AGENDA} polls, as many as it takes.")
                await act.write("agenda.changed", RoomAgenda((*items, AgendaPoll(poll, subject.id))), subject.id)
            version = 0 if shown is None else shown.version
            await act.write("poll.pinned", RoomStage(poll=poll, version=version), subject.id)

    async def go_on(self, room_id: UUID, subject: Subject, after: UUID | None) -> None:
        """Put the agenda's next poll on stage; after the last one, none.

        Raises:
            Problem: 403, 404, 409 `moved-on` if another poll than `after` is on stage, 410.
        """
        async with self._acts.by_host(room_id, subject) as act:
            if act.head.stage.poll != after:
                raise conflict("moved-on", "Another poll is on stage by now.")
            polls = [item.poll for item in act.head.agenda.items]
            place = polls.index(after) + 1 if after is not None and after in polls else 0
            following = polls[place] if place < len(polls) else None
            if following != after:
                await act.write("poll.pinned", RoomStage(poll=following), subject.id)

    async def lead(self, room_id: UUID, subject: Subject, step: Step) -> None:
        """Open or close the poll on stage.

        It is done as the act of the poll's owner, who has to be the host who does it, or the one who put the poll on
        the agenda, so that hosts may stand in for each other.

        Raises:
            Problem: 403, 404, 409, 410, 422, 503.
        """
        subject.require("polls:write")
        async with self._acts.by_host(room_id, subject) as act:
            poll, hosts = act.head.stage.poll, act.head.hosts
            by = next((item.by for item in act.head.agenda.items if item.poll == poll), None)
        if poll is None:
            raise conflict("no-poll", "There is no poll on stage.")
        allowed = {subject.id, by} & {hosts.owner, *hosts.others}
        owner = (await self._polls.owned(poll, subject if by is None else replace(subject, id=by))).owner
        if owner not in allowed:
            raise Problem(403, "not-the-owner", "This is somebody else's", "The poll's owner hasn't put it here.")
        version = await self._polls.lead(poll, owner, step)
        async with self._acts.by_host(room_id, subject) as act:
            stage = act.head.stage
            if stage.poll == poll and stage.version < version:
                done = "poll.opened" if step == "open" else "poll.closed"
                await act.write(done, replace(stage, version=version), subject.id)

    async def show_results(self, room_id: UUID, subject: Subject, *, shown: bool) -> None:
        """Have screens show the results of the poll on stage, or not.

        Raises:
            Problem: 403, 404, 409, 410.
        """
        async with self._acts.by_host(room_id, subject) as act:
            stage = act.head.stage
            if stage.poll is None:
                raise conflict("no-poll", "There is no poll on stage.")
            if stage.results_shown is not shown:
                name = "results.revealed" if shown else "results.hidden"
                await act.write(name, replace(stage, results_shown=shown), subject.id)

    async def set_timer(self, room_id: UUID, subject: Subject, seconds: int) -> None:
        """Start a countdown, or take it away.

        Raises:
            Problem: 403, 404, 410, 422.
        """
        found = Refusals(_SLUG)
        found.number("seconds", seconds, 0, schemas.MAX_SECONDS)
        found.check()
        async with self._acts.by_host(room_id, subject) as act:
            timer = RoomTimer(seconds, act.now + timedelta(seconds=seconds)) if seconds else RoomTimer()
            if seconds or act.head.timer.seconds:
                await act.write("timer.started" if seconds else "timer.stopped", timer, subject.id)

    async def add_host(self, room_id: UUID, subject: Subject, account: UUID) -> None:
        """Let somebody run the room as well.

        Raises:
            Problem: 403 unless the owner asks, 404, 410, 422 if there are too many, 503.
        """
        try:
            person = await self._people.find(account)
        except (PeerError, PeerMissing) as exc:
            raise unavailable("Whether there is such an account can't be found out right now. Try again.") from exc
        if person is None or person.deleted:
            raise not_found("account")
        async with self._acts.on(room_id) as act:
            act.require_owner(subject)
            hosts = act.head.hosts
            if account == hosts.owner or account in hosts.others:
                return
            if len(hosts.others) >= MOST_HOSTS:
                raise refused(_SLUG, f"A room has {MOST_HOSTS} hosts beside its owner at most.")
            await act.write("host.added", replace(hosts, others=(*hosts.others, account)), subject.id)

    async def remove_host(self, room_id: UUID, subject: Subject, account: UUID) -> None:
        """Have somebody run the room no more; hosts may leave by themselves.

        Raises:
            Problem: 403, 404, 410.
        """
        async with self._acts.by_host(room_id, subject) as act:
            if account != subject.id:
                act.require_owner(subject)
            hosts = act.head.hosts
            if account in hosts.others:
                others = tuple(each for each in hosts.others if each != account)
                await act.write("host.removed", replace(hosts, others=others), subject.id)

    async def let_screen_in(self, room_id: UUID, subject: Subject, screen: UUID, label: str) -> schemas.RoomScreenToken:
        """Make a screen's token, in the place of the one that it had.

        Raises:
            Problem: 403, 404, 410, 422.
        """
        found = Refusals(_SLUG)
        label = found.text("label", clean_line, label, schemas.MAX_LABEL, required=False)
        found.check()
        token = secrets.token_urlsafe(24)
        async with self._acts.by_host(room_id, subject) as act:
            screens = ScreenRepository(act.session)
            before = await screens.of(room_id)
            if len(before) >= MOST_SCREENS and all(each.id != screen for each in before):
                raise refused(_SLUG, f"A room has {MOST_SCREENS} screens at most.")
            await screens.put(room_id, screen, hash_of(token), label)
            await act.write("screen.added", RoomSame(), subject.id)
            link = f"{self._kit.core.public_url.rstrip('/')}/r/{act.room.code}/screen#token={token}"
        return schemas.RoomScreenToken(token, link)

    async def screens(self, room_id: UUID) -> schemas.RoomScreens:
        """Return a room's screens."""
        async with self._kit.db.reading() as session:
            rows = await ScreenRepository(session).of(room_id)
        return schemas.RoomScreens([schemas.RoomScreenView(row.id, row.label, row.made_at) for row in rows])

    async def turn_screen_away(self, room_id: UUID, subject: Subject, screen: UUID) -> None:
        """Let a screen look no more.

        Raises:
            Problem: 403, 404.
        """
        async with self._acts.by_host(room_id, subject, over=True) as act:
            if await ScreenRepository(act.session).remove(room_id, screen):
                await act.write("screen.removed", RoomSame(), subject.id)

    async def end(self, room_id: UUID, subject: Subject) -> None:
        """End a room for good. Again, it does nothing.

        Raises:
            Problem: 403, 404.
        """
        async with self._acts.by_host(room_id, subject, over=True) as act:
            if act.head.ended is None:
                await act.write("room.ended", RoomEnded(act.now), subject.id)

    async def delete(self, room_id: UUID, subject: Subject) -> None:
        """Delete a room with all that was said in it.

        Raises:
            Problem: 403 unless the owner asks, 404.
        """
        async with self._kit.db.transaction() as session:
            rooms = RoomRepository(session)
            room = await rooms.lock(room_id)
            if room is None:
                return
            if room.owner_id != subject.id:
                raise Problem(403, "not-the-owner", "This is somebody else's", "Only the room's owner can do this.")
            await rooms.remove(room_id)
