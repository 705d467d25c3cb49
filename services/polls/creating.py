"""Use cases of Polls that make polls, each once for an idempotency key."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.codes import new_code
from services.core.data.models import utc_now
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.problems import conflict, not_found, unavailable
from services.core.refusals import Refusals
from services.polls import acts, edits, quota, texts
from services.polls import definition as definitions
from services.polls.definition import Definition
from services.polls.models import Poll
from services.polls.reading import Reading, Seen
from services.polls.repository import KeyRepository, PollRepository
from services.polls.schemas import PollNew

_CODE_TRIES = 5


class Creating(Reading):
    """How polls come to be."""

    async def create(
        self, subject: Subject, body: PollNew, key: str | None = None, *, address: str
    ) -> tuple[Seen, bool]:
        """Create a draft, or a published poll.

        Args:
            subject: Who creates it, and owns it from then on.
            body: The poll.
            key: The request's idempotency key.
            address: The site that it comes from.

        Returns:
            The poll, and whether it is new; it isn't if the key has made it before.

        Raises:
            Problem: 403 for guests, 409 if the key was used for another request, 422, 429 if there is no room.
        """
        poll, now, new = await self._create(subject, body, key, address)
        return await self.seen(poll, now), new

    async def _create(
        self, subject: Subject, body: PollNew, key: str | None, address: str
    ) -> tuple[Poll, datetime, bool]:
        subject.require_user()
        found = Refusals(texts.SLUG)
        apart = self.kit.shared.apart
        cleaned, new = await texts.clean_long(found, apart, body, account=subject.id, address=address)
        definition = definitions.clean(found, definitions.from_request(found, cleaned), new=new)
        opens_at = definitions.utc(found, "opens_at", body.opens_at)
        closes_at = definitions.utc(found, "closes_at", body.closes_at)
        zone = definitions.zone(found, body.time_zone)
        if found.errors:  # whoever mends the rest is told of the times, too; otherwise the database's clock decides
            definitions.refuse_times(found, utc_now(), opens_at, closes_at)
        found.check()
        poll_id = new_id()
        async with self.kit.db.transaction() as session:
            polls = PollRepository(session)
            if made := await self.made_before(session, subject, key, msgspec.json.encode(body), poll_id):
                return *made, False
            await quota.check(polls, subject.id, self.kit.settings, draft=not body.publish)
            now = await polls.clock()
            definitions.check_times(now, opens_at, closes_at)
            times = {"opens_at": opens_at, "closes_at": closes_at, "time_zone": zone}
            poll = await _add(polls, {**values(definition, poll_id, subject, now), **times})
            if body.publish:
                await acts.publish(session, subject, poll, now)
            return poll, now, True

    async def made_before(
        self, session: AsyncSession, subject: Subject, key: str | None, request: bytes, new: UUID
    ) -> tuple[Poll, datetime] | None:
        """Return the poll that an idempotency key has made, and the moment; None if the key is the new poll's now.

        Args:
            session: The transaction that adds the new poll.
            subject: Who creates it.
            key: The request's key; without one nothing was made.
            request: What is asked for; another request with the same key is refused.
            new: The poll that will be made otherwise.

        Raises:
            Problem: 409.
        """
        if key is None:
            return None
        polls = PollRepository(session)
        digest = hashlib.sha256(request).digest()
        until = await polls.clock() + timedelta(hours=self.kit.settings.idempotency_hours)
        taken = await KeyRepository(session).claim(subject.id, key, digest, new, until)
        if taken is None:
            return None
        if taken.body_hash != digest:
            raise conflict("idempotency-key-used", "This Idempotency-Key was sent with another poll. Use a new one.")
        found = await polls.whole(subject.id, taken.poll)
        if found is None:
            raise conflict("idempotency-key-used", "The poll that this Idempotency-Key made is deleted. Use a new one.")
        return found

    async def duplicate(self, subject: Subject, poll_id: UUID, key: str | None = None) -> tuple[Seen, bool]:
        """Make a draft of one's own from a poll that one may see; without its times.

        Returns:
            The draft, and whether it is new; it isn't if the idempotency key has made it before.

        Raises:
            Problem: 403 for guests, 404, 409 if the key was used for another request, 429 if there is no room.
        """
        subject.require_user()
        poll, now, new = await self._duplicate(subject, poll_id, key)
        return await self.seen(poll, now), new

    async def _duplicate(self, subject: Subject, poll_id: UUID, key: str | None) -> tuple[Poll, datetime, bool]:
        copy_id = new_id()
        async with self.kit.db.transaction() as session:
            polls = PollRepository(session)
            if made := await self.made_before(session, subject, key, b"duplicate " + poll_id.bytes, copy_id):
                return *made, False
            found = await polls.whole(subject.id, poll_id)
            if found is None:
                raise not_found("poll")
            await quota.check(polls, subject.id, self.kit.settings, draft=True)
            source, now = found
            definition = edits.current(source)
            if definition.rules.is_loose:
                rules = msgspec.structs.replace(definition.rules, withdraw=False)
                definition = msgspec.structs.replace(definition, rules=rules)
            return await _add(polls, values(definition, copy_id, subject, now)), now, True


def values(definition: Definition, poll_id: UUID, owner: Subject, now: datetime) -> dict[str, Any]:
    """Return a new poll's row, without its code and its times."""
    return {
        **edits.columns(definition),
        "id": poll_id,
        "owner": owner.id,
        "version": 1,
        "options": definitions.numbered(definition.options),
        "next_option": len(definition.options) + 1,
        "created_at": now,
        "updated_at": now,
    }


async def _add(polls: PollRepository, values: dict[str, Any]) -> Poll:
    for _ in range(_CODE_TRIES):
        poll = await polls.add_or_ignore({**values, "code": new_code()}, key=["code"])
        if poll is not None:
            return poll
    raise unavailable("No free join code was found. Try again.")
