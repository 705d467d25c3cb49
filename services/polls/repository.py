"""Every SQL statement of Polls. Who may see a row is part of the statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, and_, any_, cast, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONPATH

from services.core.circles import follows
from services.core.data.audit import AuditLog
from services.core.data.compiled import Compiled
from services.core.data.idempotency import IdempotencyKeys
from services.core.data.pagination import Keyset, Page, PageFilter
from services.core.data.repository import Repository
from services.core.personal import Part
from services.polls.methods import PARAMETERS, Eligibility, Listing, Status
from services.polls.models import AuditEntry, Follow, IdempotencyKey, Poll
from services.polls.schemas import CARD_OPTIONS, RulesView

_MOMENTS_AT_ONCE = 200
_ENTRY_BYTES = 150
"""What an entry of the log takes beside its details, with its place in the indexes."""
_PUBLIC = (Eligibility.ANYONE, Eligibility.SIGNED_IN, Eligibility.FOLLOWERS)

_now = func.statement_timestamp()
_ends = func.coalesce(Poll.closed_at, Poll.closes_at)
_listed = and_(Poll.published_at.is_not(None), Poll.deleted_at.is_(None))
_shown = and_(Poll.listing == Listing.PUBLIC, Poll.eligibility.in_(_PUBLIC))
_unopened = and_(_listed, Poll.opened_event_at.is_(None))
_unclosed = and_(_listed, Poll.closed_event_at.is_(None), Poll.opened_event_at.is_not(None))


def for_followers(viewer: UUID | None) -> ColumnElement[bool]:
    """Polls for followers that a subject may know of. Whoever follows somebody isn't blocked by them: see Follows."""
    if viewer is None:
        return false()
    return and_(Poll.listing == Listing.FOLLOWERS, or_(Poll.owner == viewer, follows(Follow, viewer, Poll.owner)))


def visible(viewer: UUID | None) -> ColumnElement[bool]:
    """Polls that a subject may know of: what is published, for followers of its owner if it is for them, own drafts."""
    published = and_(Poll.published_at.is_not(None), or_(Poll.listing != Listing.FOLLOWERS, for_followers(viewer)))
    mine = or_(published, Poll.owner == viewer) if viewer is not None else published
    return and_(Poll.deleted_at.is_(None), mine)


def status_is(status: Status) -> ColumnElement[bool]:
    """Polls that have a status at the statement's moment; the same rule as `status.status_of`."""
    published = Poll.published_at.is_not(None)
    kept = and_(published, Poll.archived_at.is_(None))
    running = and_(kept, func.coalesce(_ends > _now, True))
    return {
        Status.DRAFT: Poll.published_at.is_(None),
        Status.SCHEDULED: and_(running, Poll.opens_at > _now),
        Status.OPEN: and_(running, Poll.opens_at <= _now),
        Status.CLOSED: and_(kept, _ends <= _now),
        Status.ARCHIVED: and_(published, Poll.archived_at.is_not(None)),
    }[status]


_HEAD = (
    Poll.id,
    Poll.owner,
    Poll.version,
    Poll.updated_at,
    Poll.published_at,
    Poll.opens_at,
    Poll.closes_at,
    Poll.closed_at,
    Poll.archived_at,
)
_GIVEN = tuple(getattr(Poll, name) for name in PARAMETERS)
_CARD = (
    *_HEAD,
    Poll.code,
    Poll.title,
    Poll.method,
    *_GIVEN,
    Poll.random_order,
    *(getattr(Poll, name) for name in RulesView.__struct_fields__),
    Poll.created_at,
)
_FIRST = f"$[0 to {CARD_OPTIONS - 1}]"
_CARD_OPTIONS = (
    Poll.id,
    Poll.version,
    Poll.updated_at,
    func.jsonb_array_length(Poll.options).label("number"),
    func.jsonb_path_query_array(Poll.options, cast(f"{_FIRST}.id", JSONPATH)).label("ids"),
    func.jsonb_path_query_array(Poll.options, cast(f"{_FIRST}.label", JSONPATH)).label("labels"),
)


PUBLISHED = Keyset("polls", Poll.published_at, Poll.id)
MINE = Keyset("my-polls", Poll.id)
LOG = Keyset("poll-log", AuditEntry.position)

# No poll is loaded beside, so that there is nothing to keep in step.
_AS_IS = {"synchronize_session": False}
# The index has the first moment; asked whether there is one before now, the planner reads all polls.
_first_moments = (
    select(func.min(at)).where(untold).scalar_subquery()
    for at, untold in ((Poll.opens_at, _unopened), (_ends, _unclosed))
)
MOMENTS_WAIT = Compiled(select(func.least(*_first_moments) <= _now))
"""Whether a poll has opened or closed without its being told."""
_TOLD = (Poll.id, Poll.owner, Poll.title, Poll.opens_at, _ends.label("ended_at"))


class PollRepository(Repository[Poll]):
    """Polls. Reads that take a viewer find what that account may know of."""

    model_type = Poll

    async def head(
        self, viewer: UUID | None, *, poll_id: UUID | None = None, code: str | None = None
    ) -> Row[*tuple[Any, ...]] | None:
        """Return a poll's version and times and the moment `now`, found by its id or its code."""
        found = Poll.id == poll_id if poll_id is not None else Poll.code == code
        head = select(*_HEAD, Poll.listing, _now.label("now"))
        return (await self.session.execute(head.where(found, visible(viewer)))).first()

    async def holdings(self, owner: UUID) -> tuple[int, int, int]:
        """Return how many drafts and how many polls an account has, and the bytes that they take."""
        size = func.pg_column_size(Poll.options) + func.pg_column_size(Poll.description)
        drafts = func.count().filter(Poll.published_at.is_(None))
        held = select(drafts, func.count(), func.coalesce(func.sum(size), 0))
        row = (await self.session.execute(held.where(Poll.owner == owner, Poll.deleted_at.is_(None)))).one()
        return int(row[0]), int(row[1]), int(row[2])

    async def whole(self, viewer: UUID | None, poll_id: UUID) -> tuple[Poll, datetime] | None:
        """Return a poll and the moment."""
        row = (await self.session.execute(select(Poll, _now).where(Poll.id == poll_id, visible(viewer)))).first()
        return (row[0], row[1]) if row is not None else None

    async def published(self, poll_id: UUID, *, settled: bool = False) -> Poll | None:
        """Return a poll that was published, deleted or not; `settled`, once nobody changes it any more."""
        lock = {"read": True} if settled else None
        return await self.get_one_or_none(Poll.id == poll_id, Poll.published_at.is_not(None), with_for_update=lock)

    async def versions(self, polls: Sequence[UUID]) -> dict[UUID, int]:
        """Return the versions of polls that were published, deleted or not."""
        found = select(Poll.id, Poll.version).where(Poll.id.in_(polls), Poll.published_at.is_not(None))
        return {row.id: row.version for row in await self.session.execute(found)}

    async def lock(self, viewer: UUID, poll_id: UUID, *, moderates: bool = False) -> Poll | None:
        """Return a poll and hold it against others' changes until the transaction ends.

        Args:
            viewer: Who wants to change it.
            poll_id: The poll.
            moderates: Whether they may do so with everything that is published, whomever it is for.
        """
        known = visible(viewer)
        if moderates:
            known = or_(known, and_(Poll.published_at.is_not(None), Poll.deleted_at.is_(None)))
        return await self.get_one_or_none(Poll.id == poll_id, known, with_for_update=True)

    async def lock_some_of(self, owner: UUID, most: int) -> Sequence[Poll]:
        """Return some of an account's polls, deleted ones too, and hold them until the transaction ends."""
        statement = select(Poll).where(Poll.owner == owner).order_by(Poll.id).limit(most).with_for_update()
        return (await self.session.scalars(statement)).all()

    async def cards(
        self, page: PageFilter, viewer: UUID | None, *, owner: UUID | None, status: Status | None
    ) -> Page[Row[*tuple[Any, ...]]]:
        """Return a page of published polls; archived ones only if that is asked for.

        Unlisted polls are left out, and those for a roll or for holders of tokens: who was invited has the link. Polls
        for followers are in their owner's list, for those whom they are for.
        """
        shown = _shown if owner is None else or_(_shown, for_followers(viewer))
        statement = select(*_CARD, _now.label("now")).where(_listed, shown)
        if owner is not None:
            statement = statement.where(Poll.owner == owner)
        statement = statement.where(status_is(status) if status is not None else Poll.archived_at.is_(None))
        return page.of((await self.session.execute(page.append_to_statement(statement))).all())

    async def cards_of_mine(
        self, page: PageFilter, owner: UUID, *, status: Status | None
    ) -> Page[Row[*tuple[Any, ...]]]:
        """Return a page of somebody's own polls, drafts too."""
        statement = select(*_CARD, _now.label("now")).where(Poll.owner == owner, Poll.deleted_at.is_(None))
        if status is not None:
            statement = statement.where(status_is(status))
        return page.of((await self.session.execute(page.append_to_statement(statement))).all())

    async def card_options(self, polls: Sequence[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the first options of polls, with the version that they are of."""
        return (await self.session.execute(select(*_CARD_OPTIONS).where(Poll.id.in_(polls)))).all()

    async def take_openings(self) -> Sequence[Row[*tuple[Any, ...]]]:
        """Mark polls that have opened as told and return them; another instance gets others."""
        return await self._take(_unopened, Poll.opens_at, {"opened_event_at": _now})

    async def take_closings(self) -> Sequence[Row[*tuple[Any, ...]]]:
        """Mark polls that have closed as told and return them; another instance gets others."""
        return await self._take(_unclosed, _ends, {"closed_event_at": _now})

    async def _take(
        self, untold: ColumnElement[bool], at: Any, told: dict[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        due = select(Poll.id).where(untold, at <= _now).order_by(at).limit(_MOMENTS_AT_ONCE)
        # As an array: of a sub-query the planner expects more than there are, and reads all polls for them.
        some: Any = func.array(due.with_for_update(skip_locked=True).scalar_subquery(), type_=ARRAY(Uuid()))
        statement = update(Poll).where(Poll.id == any_(some)).values(told).returning(*_TOLD)
        return (await self.session.execute(statement, execution_options=_AS_IS)).all()


class KeyRepository(IdempotencyKeys[IdempotencyKey]):
    """Idempotency keys."""

    model_type = IdempotencyKey
    made = "poll"


class AuditRepository(AuditLog[AuditEntry]):
    """The log of administrative acts on polls."""

    model_type = AuditEntry

    async def size(self, poll: UUID) -> int:
        """Return about how many bytes a poll's log takes."""
        row = func.pg_column_size(AuditEntry.details) + _ENTRY_BYTES
        held = select(func.coalesce(func.sum(row), 0)).where(AuditEntry.poll == poll)
        return int((await self.session.execute(held)).scalar_one())


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    polls = select(*(column for column in Poll.__table__.columns if column.name not in {"owner", "next_option"}))
    return [Part("polls", polls.where(Poll.owner == account, Poll.deleted_at.is_(None)), Poll.id)]
