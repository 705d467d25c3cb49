"""Use cases of Polls that change something; each is one transaction. `creating.py` and `reading.py` have the others."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.outbox import publish as tell
from services.core.identity.subject import Kind, Role, Subject
from services.core.problems import Problem, conflict, unavailable
from services.core.refusals import Refusals
from services.polls import acts, edits, notes, quota, texts, votebooth
from services.polls import definition as definitions
from services.polls.creating import Creating
from services.polls.erasing import erase
from services.polls.events import AccountDeleted, DraftDeleted, PollClosed, PollOpened
from services.polls.methods import Status
from services.polls.models import Poll
from services.polls.reading import Seen, names_version
from services.polls.repository import AuditRepository, KeyRepository, PollRepository
from services.polls.schemas import PollEdit
from services.polls.status import status_of


class Led(msgspec.Struct, frozen=True):
    """What has come of opening or closing a poll for its owner.

    Attributes:
        version: The poll's; 0 if it was refused.
        refusal: The problem's type; empty if it wasn't.
        detail: Why, for people.
    """

    version: int
    refusal: str = ""
    detail: str = ""


class Polls(Creating):
    """What can be done with polls."""

    async def edit(
        self, subject: Subject, poll_id: UUID, edit: PollEdit, if_match: str | None = None, *, address: str
    ) -> Seen:
        """Change a poll, as far as its status allows.

        Of times, of whom it is for and of a new question, VoteBooth knows in the end.

        Args:
            subject: The owner.
            poll_id: The poll.
            edit: What to change.
            if_match: The ETag that the client has seen; the poll is left alone if it has another now.
            address: The site that the request comes from.

        Raises:
            Problem: 403, 404, 409 if it comes too late, 412, 422, 503 if VoteBooth doesn't answer.
        """
        subject.require_user()
        found = Refusals(texts.SLUG)
        apart = self.kit.shared.apart
        cleaned, new = await texts.clean_long(found, apart, edit, account=subject.id, address=address)
        poll, now = await self._edit(subject, poll_id, cleaned, found, new, if_match)
        if poll.published_at is None:
            return await self.seen(poll, now)
        decides = (edit.opens_at, edit.closes_at, UNSET if edit.rules is UNSET else edit.rules.listing)
        if all(value is UNSET for value in decides) and poll.question_version < poll.version:
            return await self.seen(poll, now)
        return await self._arrived(poll, now)

    async def _edit(
        self,
        subject: Subject,
        poll_id: UUID,
        edit: PollEdit,
        found: Refusals,
        new: AbstractSet[str],
        if_match: str | None,
    ) -> tuple[Poll, datetime]:
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            status = status_of(poll, now)
            if if_match is not None and not names_version(if_match, poll.version):
                raise Problem(
                    412,
                    "stale",
                    "The poll was changed in the meantime",
                    "The poll has changed since you read it. Read it again.",
                )
            values = edits.wanted(poll, edit, now, found, new)
            if not values:
                return poll, now
            edits.check(poll, edit, values, status, now)
            _check_times(poll, values, now)
            if values.keys() & {"options", "description"}:
                await quota.check_size(PollRepository(session), poll.owner, self.kit.settings)
            if status is not Status.DRAFT:
                await quota.check_log(AuditRepository(session), poll.id, self.kit.settings)
            details = edits.loggable(poll, values)
            question = edits.asked(poll, edit, values) if status is not Status.DRAFT else []
            if question and edits.may_have_ballots(poll, status, now):
                await self._hold_ballots(poll, question)
            if question:
                poll.question_version = poll.version + 1
            for name, value in values.items():
                setattr(poll, name, value)
            if status is Status.DRAFT:
                acts.touch(poll, now)
            else:
                await acts.change(session, subject, poll, now, "edited", details)
            return poll, now

    async def _hold_ballots(self, poll: Poll, question: list[str]) -> None:
        """Have VoteBooth take no ballot until it has the poll's next version, which the caller's transaction holds.

        Raises:
            Problem: 409 if somebody has voted, 503 if VoteBooth doesn't answer.
        """
        calls, seconds = self.kit.shared.calls, self.kit.settings.confirm_seconds
        held = await votebooth.hold_for(calls, poll.id, poll.version + 1, seconds)
        if held is None:
            raise unavailable("Whether somebody has voted already can't be found out. Nothing was changed. Try again.")
        if not held:
            raise edits.voted(question)

    async def add_note(self, subject: Subject, poll_id: UUID, text: str, key: str | None = None) -> tuple[Seen, bool]:
        """Add a note to a published poll.

        Returns:
            The poll, and whether the note is new; it isn't if the idempotency key has added it before.

        Raises:
            Problem: 403, 404, 409 of a draft or an archived poll or if the key was used otherwise, 422, 429.
        """
        subject.require_user()
        cleaned = notes.checked(text)
        poll, now, new = await self._add_note(subject, poll_id, cleaned, key)
        return await self.seen(poll, now), new

    async def _add_note(
        self, subject: Subject, poll_id: UUID, text: str, key: str | None
    ) -> tuple[Poll, datetime, bool]:
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            request = b"note " + poll_id.bytes + text.encode()
            if made := await self.made_before(session, subject, key, request, poll_id):
                return *made, False
            poll.notes = notes.with_note(poll, status_of(poll, now), text, now)
            await acts.change(session, subject, poll, now, "noted", {"notes": len(poll.notes)})
            return poll, now, True

    async def publish(self, subject: Subject, poll_id: UUID) -> Seen:
        """Publish a draft; it opens at its time, or now. Nothing happens if it is published.

        Raises:
            Problem: 403, 404, 422 if its end is past.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            if poll.published_at is None:
                poll.version += 1
                await acts.publish(session, subject, poll, now)
        return await self.seen(poll, now)

    async def open_now(self, subject: Subject, poll_id: UUID) -> Seen:
        """Have a draft or a scheduled poll open now, and wait for VoteBooth to know. Nothing happens if it has opened.

        In the last seconds before it opens, when nothing of it may be moved, it opens by itself.

        Raises:
            Problem: 403, 404, 422 if its end is past.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            status = status_of(poll, now)
            if status is Status.DRAFT:
                poll.version += 1
                poll.opens_at = None
                await acts.publish(session, subject, poll, now)
            elif status is Status.SCHEDULED and poll.opens_at is not None and poll.opens_at - now >= edits.SETTLE:
                await quota.check_log(AuditRepository(session), poll.id, self.kit.settings)
                details = edits.loggable(poll, {"opens_at": now})
                poll.opens_at = now
                await acts.change(session, subject, poll, now, "edited", details)
        return await self._arrived(poll, now)

    async def lead(self, owner: UUID, poll_id: UUID, step: Literal["open", "close"]) -> Led:
        """Open or close a poll for its owner, who has asked VoteBooth to.

        Raises:
            Problem: 404.
        """
        subject = Subject(owner, Kind.USER, Role.USER, owner, frozenset({"polls:write"}), 0)
        try:
            await (self.open_now if step == "open" else self.close)(subject, poll_id)
        except Problem as problem:
            if problem.status not in {403, 409, 422}:
                raise
            return Led(0, problem.slug, problem.detail)
        return Led((await self.versions([poll_id]))[poll_id])

    async def close(self, subject: Subject, poll_id: UUID) -> Seen:
        """Close an open poll now, and wait for VoteBooth to know. Nothing happens if it is closed.

        Raises:
            Problem: 403, 404, 409 if it isn't open yet.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            status = status_of(poll, now)
            if status in {Status.DRAFT, Status.SCHEDULED}:
                raise conflict("not-open", "The poll isn't open yet. Change opens_at, or delete it.")
            if status is Status.OPEN:
                poll.closed_at = now
                await acts.change(session, subject, poll, now, "closed")
        return await self._arrived(poll, now)

    async def _arrived(self, poll: Poll, now: datetime) -> Seen:
        """Return a poll whose change is committed; it says whether VoteBooth is known to have it."""
        return msgspec.structs.replace(await self.seen(poll, now), arrived=await self._holds(poll))

    async def _holds(self, poll: Poll) -> bool:
        return await votebooth.holds(self.kit.shared.calls, poll.id, poll.version, self.kit.settings.confirm_seconds)

    async def archive(self, subject: Subject, poll_id: UUID) -> Seen:
        """Put a closed poll away: out of the lists, still readable. Nothing happens if it is archived.

        Raises:
            Problem: 403, 404, 409 if it isn't closed.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            status = status_of(poll, now)
            if status not in {Status.CLOSED, Status.ARCHIVED}:
                raise conflict("not-closed", "Only a closed poll can be archived. Close it first.")
            if status is Status.CLOSED:
                poll.archived_at = now
                await acts.change(session, subject, poll, now, "archived")
        return await self.seen(poll, now)

    async def unarchive(self, subject: Subject, poll_id: UUID) -> Seen:
        """Take a poll back into the lists. Nothing happens if it isn't archived.

        Raises:
            Problem: 403, 404.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id)
            if poll.archived_at is not None:
                await quota.check_log(AuditRepository(session), poll.id, self.kit.settings)
                poll.archived_at = None
                await acts.change(session, subject, poll, now, "unarchived")
        return await self.seen(poll, now)

    async def delete(self, subject: Subject, poll_id: UUID) -> bool:
        """Delete a poll: a draft is removed, a published poll is gone for everybody and kept for the log.

        Moderators and admins may delete others' published polls.

        Returns:
            Whether VoteBooth is known to take no more ballots.

        Raises:
            Problem: 403, 404.
        """
        async with self.kit.db.transaction() as session:
            poll, now = await acts.lock_owned(session, subject, poll_id, Role.MODERATOR, Role.ADMIN)
            if poll.published_at is None:
                await session.delete(poll)
                await tell(session, DraftDeleted(poll=poll.id))
                return True
            acts.wipe(poll, now)
            await acts.change(session, subject, poll, now, "deleted")
        return await self._holds(poll)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase or leave to nobody some of what there is of a deleted account."""
        return await erase(session, gone.account)

    async def tell_moments(self) -> None:
        """Tell that polls have opened or closed by the clock. Several instances share the work."""
        async with self.kit.db.transaction() as session:
            polls = PollRepository(session)
            # Openings first: one that has closed as well since the last run is told in order.
            for row in await polls.take_openings():
                await tell(session, PollOpened(poll=row.id, owner=row.owner, title=row.title, at=row.opens_at))
            for row in await polls.take_closings():
                await tell(session, PollClosed(poll=row.id, owner=row.owner, title=row.title, at=row.ended_at))

    async def sweep(self) -> None:
        """Forget idempotency keys that have expired."""
        async with self.kit.db.transaction() as session:
            await KeyRepository(session).forget()


def _check_times(poll: Poll, values: dict[str, Any], now: datetime) -> None:
    """Check the times that an edit changes; a published poll without a time to open opens now."""
    if not values.keys() & {"opens_at", "closes_at"}:
        return
    opens_at = values.get("opens_at", poll.opens_at)
    if "opens_at" in values and poll.published_at is not None:
        values["opens_at"] = opens_at = now if opens_at is None else max(opens_at, now)
    definitions.check_times(now, opens_at, values.get("closes_at", poll.closes_at))
