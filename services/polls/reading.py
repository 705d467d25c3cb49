"""Use cases of Polls that only read.

Bodies are kept at hand, and can't show a rule that no longer holds. A kept body is never changed: its key
names the poll, the version and the moment of the change, and every read first asks Postgres, by primary key, which
version is the current one. So there is nothing to invalidate, and no race between a slow reader who keeps what was
true and an editor who has just committed: the slow reader's body lies under the old version's key, which nobody asks
for any more. What this saves is fetching and encoding the body (up to 500 options with their texts); what it can't
save is that one small read.

The moment is part of the key because versions can come again after a restore from a backup. The status isn't in the
body: it follows from the clock; nor is the owner, who may be called something else tomorrow. Drafts aren't kept. Bodies
are kept in the process, not in Redis: nothing there is as large as users please.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.core.circles import Earlier
from services.core.codes import read_code
from services.core.data.pagination import Page, map_page
from services.core.http.api import matches
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People, PersonView
from services.core.problems import not_found, not_the_owner, unauthenticated
from services.core.service import UseCases
from services.core.sized_cache import SizedCache
from services.polls import shape
from services.polls.events import FollowChanged, PollChanged, ProfileChanged
from services.polls.methods import Eligibility, Listing, Status
from services.polls.models import AuditEntry, EarlierFollows, Follow, Person, Poll
from services.polls.repository import LOG, MINE, PUBLISHED, AuditRepository, PollRepository
from services.polls.schemas import PollCard, PollLogEntry, PollView
from services.polls.settings import PollsSettings
from services.polls.status import status_of


class Seen(msgspec.Struct, frozen=True):
    """A poll as somebody sees it.

    Attributes:
        body: A `PollView` as JSON; empty if `etag` is the one that the reader has.
        etag: Names the version and the status.
        public: Whether everybody sees the same; drafts are their owner's, and others for followers alone.
        poll_id: The poll.
        arrived: Whether VoteBooth is known to hold ballots against it, where that was asked.
    """

    body: bytes
    etag: str
    public: bool
    poll_id: UUID
    arrived: bool = True


class Preparing(msgspec.Struct, frozen=True):
    """What VoteBooth has to know before an owner prepares the voting.

    Attributes:
        eligibility: Of this moment; while the poll is a draft its owner may change it.
        published: Whether it is a draft no more.
        listing: Of this moment, as well.
    """

    owner: UUID
    eligibility: Eligibility
    published: bool
    listing: Listing


def etag_of(version: int, status: Status, owner: PersonView) -> str:
    """Return the ETag of a poll: another version, another status or another name of its owner is another answer."""
    shown = hashlib.sha256(msgspec.json.encode(owner)).hexdigest()[:8]
    return f'"{version}-{status}-{shown}"'


def names_version(if_match: str, version: int) -> bool:
    """Say whether If-Match names this version of a poll, whatever the clock made of it and its owner was called."""
    named = {part.strip().removeprefix("W/").partition("-")[0] for part in if_match.split(",")}
    return f'"{version}' in named or if_match.strip() == "*"


def _is_public(poll: Any) -> bool:
    """Say whether everybody sees a poll, by its row."""
    return poll.published_at is not None and poll.listing != Listing.FOLLOWERS


class Reading(UseCases[PollsSettings]):
    """What can be known about polls."""

    def __init__(self, kit: Kit[PollsSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.earlier = Earlier(kit, FollowChanged, Follow, EarlierFollows)
        self._cards: SizedCache[tuple[UUID, int, datetime], shape.CardOptions] = SizedCache(
            kit.settings.cache_bytes // 4, lambda options: sum(len(option.label) + 100 for option in options.first)
        )
        self._bodies: SizedCache[tuple[UUID, int, datetime], bytes] = SizedCache(kit.settings.cache_bytes, len)

    async def seen(self, poll: Poll, now: datetime) -> Seen:
        """Return a poll as it is shown at a moment; call it after the transaction."""
        return self._seen(poll, now, await self.people.one(poll.owner))

    def _seen(self, poll: Poll, now: datetime, owner: PersonView) -> Seen:
        view: PollView = shape.view(poll, now, owner, self.kit.core.public_url)
        return Seen(
            body=msgspec.json.encode(view),
            etag=etag_of(poll.version, status_of(poll, now), owner),
            public=_is_public(poll),
            poll_id=poll.id,
        )

    async def read(self, viewer: Subject | None, poll_id: UUID, if_none_match: str | None = None) -> Seen:
        """Return a poll, never as it was before an edit that was answered.

        Raises:
            Problem: 404, also for somebody else's draft.
        """
        return await self._read(viewer, if_none_match, poll_id=poll_id)

    async def read_by_code(self, viewer: Subject | None, code: str, if_none_match: str | None = None) -> Seen:
        """Return the poll with a join code, in whatever way it was typed.

        Raises:
            Problem: 404.
        """
        known = read_code(code)
        if known is None:
            raise not_found("poll")
        return await self._read(viewer, if_none_match, code=known)

    async def _read(
        self, viewer: Subject | None, if_none_match: str | None, *, poll_id: UUID | None = None, code: str | None = None
    ) -> Seen:
        subject = viewer.id if viewer is not None else None
        async with self.kit.db.reading() as session:
            head = await PollRepository(session).head(subject, poll_id=poll_id, code=code)
        if head is None:
            raise not_found("poll")
        status = status_of(head, head.now)
        owner = await self.people.one(head.owner)
        etag = etag_of(head.version, status, owner)
        public = _is_public(head)
        if matches(if_none_match, etag):
            return Seen(body=b"", etag=etag, public=public, poll_id=head.id)
        if (rest := self._bodies.get((head.id, head.version, head.updated_at))) is not None:
            return Seen(body=shape.with_passing(rest, status, owner), etag=etag, public=public, poll_id=head.id)
        async with self.kit.db.reading() as session:
            found = await PollRepository(session).whole(subject, head.id)
        if found is None:
            raise not_found("poll")
        poll, now = found
        seen = self._seen(poll, now, owner)
        if poll.published_at is not None:
            # Under the version that was read, which may be newer than the head's.
            self._bodies.put((poll.id, poll.version, poll.updated_at), shape.lasting(seen.body))
        return seen

    async def list(
        self,
        viewer: Subject | None,
        *,
        mine: bool,
        owner: UUID | None,
        status: Status | None,
        cursor: str | None,
        limit: int,
    ) -> Page[PollCard]:
        """Return a page of published polls that the viewer may come across, or of one's own, drafts included.

        Raises:
            Problem: 400 for a strange cursor, 401 for one's own without a token.
        """
        if mine and viewer is None:
            raise unauthenticated()
        async with self.kit.db.reading() as session:
            polls = PollRepository(session)
            if mine and viewer is not None:
                page = await polls.cards_of_mine(MINE.page(cursor, limit), viewer.id, status=status)
            else:
                page = await polls.cards(
                    PUBLISHED.page(cursor, limit), viewer.id if viewer else None, owner=owner, status=status
                )
        options = await self._card_options(page.items)
        owners = await self.people.of(row.owner for row in page.items)
        url = self.kit.core.public_url
        return map_page(page, lambda row: shape.card(row, options[row.id], owners[row.owner], url))

    async def _card_options(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[UUID, shape.CardOptions]:
        """Return what cards show of polls' options; the rows that hold hundreds of them are read once a version."""
        keys = {row.id: (row.id, row.version, row.updated_at) for row in rows}
        found = {poll_id: kept for poll_id, key in keys.items() if (kept := self._cards.get(key)) is not None}
        if missing := keys.keys() - found.keys():
            async with self.kit.db.reading() as session:
                for row in await PollRepository(session).card_options(list(missing)):
                    found[row.id] = shape.card_options(row)
                    self._cards.put((row.id, row.version, row.updated_at), found[row.id])
        return {poll_id: found.get(poll_id, shape.NO_OPTIONS) for poll_id in keys}

    async def log(self, subject: Subject, poll_id: UUID, *, cursor: str | None, limit: int) -> Page[PollLogEntry]:
        """Return a page of the acts on one's own poll, the latest first.

        Raises:
            Problem: 400 for a strange cursor, 403, 404.
        """
        async with self.kit.db.reading() as session:
            found = await PollRepository(session).head(subject.id, poll_id=poll_id)
            if found is None:
                raise not_found("poll")
            if found.owner != subject.id:
                raise not_the_owner("Only the poll's owner can read its log.")
            page = await AuditRepository(session).page(LOG.page(cursor, limit), AuditEntry.poll == poll_id)
        return await self.people.log(page, PollLogEntry)

    async def rules(self, poll_id: UUID, *, settled: bool = False) -> PollChanged:
        """Return a published poll as its event tells it, for services that don't know it yet.

        Of a deleted poll this tells as well, and that it is deleted.

        Args:
            poll_id: The poll.
            settled: Whether to wait for a change that is under way, until it is committed or given up.

        Raises:
            Problem: 404.
        """
        async with self.kit.db.transaction() if settled else self.kit.db.reading() as session:
            poll = await PollRepository(session).published(poll_id, settled=settled)
        if poll is None:
            raise not_found("poll")
        return shape.changed(poll)

    async def preparing(self, poll_id: UUID) -> Preparing:
        """Return whose a poll is, draft or published, and who will vote in it.

        Raises:
            Problem: 404.
        """
        async with self.kit.db.reading() as session:
            poll = await PollRepository(session).get_one_or_none(Poll.id == poll_id, Poll.deleted_at.is_(None))
        if poll is None:
            raise not_found("poll")
        published = poll.published_at is not None
        return Preparing(poll.owner, Eligibility(poll.eligibility), published, Listing(poll.listing))

    async def versions(self, polls: Sequence[UUID]) -> dict[UUID, int]:
        """Return the versions of polls that were published, for services that want to know whether theirs are old."""
        async with self.kit.db.reading() as session:
            return await PollRepository(session).versions(polls)
