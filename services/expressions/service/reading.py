"""Waves, as somebody sees them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import asdict, replace

from services.core.data.pagination import Page, map_page
from services.core.identity.subject import Kind, Role, Subject
from services.core.kit import Kit
from services.core.marked import Part, parts_of
from services.core.people import People, PersonView
from services.core.problems import not_found
from services.core.refusals import Refusals
from services.expressions import repository as lists
from services.expressions.models import Wave
from services.expressions.repository import (
    LimitRepository,
    PollRepository,
    ReactionRepository,
    RevisionRepository,
    WaveRepository,
)
from services.expressions.schemas import (
    MAX_BATCH,
    Counts,
    History,
    Mine,
    ReactionView,
    State,
    VersionView,
    WaveBody,
    Waves,
    WaveView,
)
from services.expressions.service.picturing import views_of
from services.expressions.service.steps import pieces_of
from services.expressions.settings import ExpressionsSettings

BodyT = TypeVar("BodyT", bound=WaveBody)
_By = dict[UUID, PersonView]


class Reading:
    """Waves, as somebody sees them.

    A page takes four statements whatever is on it: the rows, what they share on, what the viewer did with all of these,
    and who people are; and one more where there are polls, some of which may not be for the viewer. Moderators are told
    whose authors are limited, by another one.
    """

    def __init__(self, kit: Kit[ExpressionsSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def one(self, viewer: Subject | None, wave_id: UUID) -> WaveView:
        """Return a Wave.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            wave = await WaveRepository(session).seen(_id(viewer), wave_id, moderates=moderates(viewer))
        if wave is None:
            raise not_found("Wave")
        [view] = await self._views(viewer, [wave])
        return view

    async def some(self, viewer: Subject | None, waves: Sequence[UUID]) -> Waves:
        """Return those of some Waves that the viewer may see, in the order in which they are asked for, each once.

        Raises:
            Problem: 422 for none or too many.
        """
        found = Refusals("waves-refused")
        found.number("waves", len(waves), 1, MAX_BATCH)
        found.check()
        async with self._db.reading() as session:
            rows = await WaveRepository(session).some(_id(viewer), set(waves), moderates=moderates(viewer))
        return Waves(await self._views(viewer, [rows[wave] for wave in dict.fromkeys(waves) if wave in rows]))

    async def by(self, viewer: Subject | None, author: UUID, cursor: str | None, limit: int) -> Page[WaveView]:
        """Return a page of somebody's Waves that the viewer may see, the newest first.

        Raises:
            Problem: 400 for another list's cursor.
        """
        async with self._db.reading() as session:
            page_filter = lists.WAVES.page(cursor, limit)
            waves = WaveRepository(session)
            page = await waves.by(page_filter, _id(viewer), author, moderates=moderates(viewer))
        return Page(items=await self._views(viewer, page.items), next=page.next)

    async def ripples(self, viewer: Subject | None, wave_id: UUID, cursor: str | None, limit: int) -> Page[WaveView]:
        """Return a page of what shares a Wave on, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 404.
        """
        async with self._db.reading() as session:
            waves = WaveRepository(session)
            await self._require(waves, viewer, wave_id)
            page = await waves.ripples(lists.RIPPLES.page(cursor, limit), _id(viewer), wave_id)
        return Page(items=await self._views(viewer, page.items), next=page.next)

    async def reactions(
        self, viewer: Subject | None, wave_id: UUID, cursor: str | None, limit: int
    ) -> Page[ReactionView]:
        """Return a page of who reacts to a Wave, the newest first.

        Raises:
            Problem: 400 for another list's cursor, 404.
        """
        async with self._db.reading() as session:
            await self._require(WaveRepository(session), viewer, wave_id)
            page = await ReactionRepository(session).listed(lists.REACTIONS.page(cursor, limit), _id(viewer), wave_id)
        people = await self._people.of(row.account for row in page.items)
        return map_page(
            page,
            lambda row: ReactionView(people[row.account], row.kind, row.emoji, row.at),  # type: ignore[arg-type]  # the column has no other kinds
        )

    async def history(self, viewer: Subject | None, wave_id: UUID) -> History:
        """Return all that a Wave has said, the latest first.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            wave = await self._require(WaveRepository(session), viewer, wave_id)
            earlier = await RevisionRepository(session).of(wave_id)
        said: list[tuple[Any, datetime]] = [
            (wave, wave.edited_at or wave.created_at),
            *((revision, revision.at) for revision in earlier),
        ]
        people = await self._people.of(_named(row for row, _ in said))
        return History([VersionView(row.text, _parts(row, people), at) for row, at in said])

    async def _require(self, waves: WaveRepository, viewer: Subject | None, wave_id: UUID) -> Wave:
        wave = await waves.seen(_id(viewer), wave_id, moderates=moderates(viewer))
        if wave is None:
            raise not_found("Wave")
        return wave

    async def _views(self, viewer: Subject | None, rows: Sequence[Wave]) -> list[WaveView]:
        if not rows:
            return []
        async with self._db.reading() as session:
            shared = {row.ripple_of for row in rows if row.ripple_of is not None}
            originals = await WaveRepository(session).some(_id(viewer), shared, moderates=moderates(viewer))
            every = {row.id: row for row in rows} | originals
            mine = await _mine(ReactionRepository(session), viewer, every)
            polls = {row.poll for row in every.values() if row.poll is not None}
            hidden = await PollRepository(session).hidden(_id(viewer), polls) if polls else set()
            authors = {row.author for row in every.values()} - {_id(viewer)}
            limited = await LimitRepository(session).among(authors) if moderates(viewer) else set()
        people = await self._people.of([*(row.author for row in every.values()), *_named(every.values())])

        def body(row: Wave) -> WaveBody:
            poll = None if row.poll in hidden else row.poll
            state: State = "hidden" if row.hidden_as is not None or row.author in limited else "shown"
            return _body(row, poll, people, mine.get(row.id, Mine()) if viewer is not None else None, state)

        views = []
        for row in rows:
            original = None if row.ripple_of is None else originals.get(row.ripple_of)
            views.append(WaveView(**asdict(body(row)), original=None if original is None else body(original)))
        return views


def _id(viewer: Subject | None) -> UUID | None:
    return viewer.id if viewer is not None and viewer.kind is Kind.USER else None


def moderates(viewer: Subject | None) -> bool:
    """Say whether somebody moderates: they see what waits to be decided, is hidden, or is a limited account's."""
    return viewer is not None and viewer.kind is Kind.USER and viewer.role in {Role.MODERATOR, Role.ADMIN}


def _body(row: Wave, poll: UUID | None, people: _By, mine: Mine | None, state: State) -> WaveBody:
    return WaveBody(
        id=row.id,
        author=people[row.author],
        text=row.text,
        parts=_parts(row, people),
        images=views_of(row),
        visibility=row.visibility,  # type: ignore[arg-type]  # the table's constraint says so
        state=state,
        poll=poll,
        ripple_of=row.ripple_of,
        counts=Counts(row.likes, row.claps, row.emojis, row.ripples),
        mine=mine,
        created_at=row.created_at,
        edited_at=row.edited_at,
    )


def _parts(row: Any, people: _By) -> list[Part]:
    return parts_of(pieces_of(row), people)


def _named(rows: Iterable[Any]) -> list[UUID]:
    return [UUID(piece.target) for row in rows for piece in pieces_of(row) if piece.type == "mention"]


async def _mine(reactions: ReactionRepository, viewer: Subject | None, waves: Collection[UUID]) -> dict[UUID, Mine]:
    """Return what the viewer did with some Waves, by Wave; those with which nothing was done are left out."""
    account = _id(viewer)
    if account is None:
        return {}
    mine: dict[UUID, Mine] = {}
    for row in await reactions.mine(account, waves):
        done = {"emoji": row.emoji} if row.kind == "emoji" else {row.kind: row.ripple or True}
        mine[row.wave] = replace(mine.get(row.wave, Mine()), **done)
    return mine
