"""What is commented on, and who may do what there."""

import time
from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import PollChanged
from services.comments.models import Comment, Thread
from services.comments.repository import BlockRepository, FollowRepository, ThreadRepository, find
from services.comments.settings import CommentsSettings
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import NOBODY
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import not_found, unavailable
from services.core.redis.rate_limit import LocalLimiter

_ASK_SECONDS = 2.0
_ASKED_A_SECOND = 50
"""Polls that Polls is asked for because nobody here has heard of them: who asks for any id costs two services work."""

_UNKNOWN = 10_000
_UNKNOWN_SECONDS = 1.0


class Looked(NamedTuple):
    """A thread, and who looks at it if they are limited: they see their own comments as if they weren't."""

    thread: Thread
    limited: UUID | None


class Threads:
    """Finds threads; of a poll whose event hasn't come yet, Polls is asked."""

    def __init__(self, kit: Kit[CommentsSettings]) -> None:
        self._kit = kit
        self._strange = LocalLimiter()
        self._unknown: dict[UUID, float] = {}

    async def find(self, viewer: Subject | None, thread: UUID) -> Thread:
        """Return what is commented on. Call it outside of a transaction.

        Raises:
            Problem: 404 if there is no such thing for the viewer, 503 if Polls must be asked and doesn't answer.
        """
        return (await self.look(viewer, thread)).thread

    async def look(self, viewer: Subject | None, thread: UUID) -> Looked:
        """Return what is commented on, and whether the viewer is limited. Call it outside of a transaction.

        Raises:
            Problem: As `find` does.
        """
        found = await self._known(viewer, thread)
        if found is None:
            await self._ask(thread)
            found = await self._known(viewer, thread)
        if found is None or found.thread.deleted:
            raise not_found("poll")
        if found.thread.listing == "followers":
            async with self._kit.db.reading() as session:
                await refuse_unknown(session, viewer, found.thread, "poll")
        return found

    async def _known(self, viewer: Subject | None, thread: UUID) -> Looked | None:
        account = account_of(viewer)
        found = await find(self._kit.db, thread, account or NOBODY)
        return found and Looked(found[0], account if found[1] else None)

    async def _ask(self, thread: UUID) -> None:
        if self._unknown.get(thread, 0.0) > time.monotonic():
            raise not_found("poll")
        if not self._strange.hit("", _ASKED_A_SECOND, 1.0).allowed:
            raise unavailable("Too many unknown polls are asked for right now. Try again.")
        try:
            path = f"/internal/polls/{thread}/rules"
            poll = await self._kit.shared.calls.get("polls", path, PollChanged, _ASK_SECONDS)
        except PeerMissing as exc:
            if len(self._unknown) >= _UNKNOWN:
                del self._unknown[next(iter(self._unknown))]
            self._unknown[thread] = time.monotonic() + _UNKNOWN_SECONDS
            raise not_found("poll") from exc
        except PeerError as exc:
            raise unavailable("Whether there is such a poll isn't known right now. Try again.") from exc
        async with self._kit.db.transaction() as session:
            await ThreadRepository(session).keep(poll)


async def known(session: AsyncSession, viewer: Subject | None, threads: Sequence[Thread]) -> list[Thread]:
    """Return those of some threads that a viewer may know of: they are for all, or for those who follow the owner.

    Whoever follows somebody isn't blocked by them: Follows sees to it. Moderators know of everything.
    """
    if is_moderator(viewer):
        return list(threads)
    owners = {thread.owner for thread in threads if thread.listing == "followers"}
    followed: set[UUID] = set()
    if owners and viewer is not None:
        followed = {viewer.id} | await FollowRepository(session).followed(viewer.id, owners)
    return [thread for thread in threads if thread.listing != "followers" or thread.owner in followed]


async def refuse_unknown(
    session: AsyncSession, viewer: Subject | None, thread: Thread, what: Literal["poll", "comment"]
) -> None:
    """Refuse somebody who may not know of a thread as if it weren't there.

    Raises:
        Problem: 404 that names what they asked for.
    """
    if not await known(session, viewer, [thread]):
        raise not_found(what)


async def refuse_apart(session: AsyncSession, subject: Subject, *accounts: UUID) -> None:
    """Refuse what is to be done with somebody whom the subject blocks, or the other way round, as if it weren't there.

    Raises:
        Problem: 404.
    """
    if await BlockRepository(session).apart(subject.id, accounts):
        raise not_found("comment")


def account_of(viewer: Subject | None) -> UUID | None:
    """Return who looks, if they have an account."""
    return viewer.id if viewer is not None and viewer.kind is Kind.USER else None


def is_moderator(subject: Subject | None) -> bool:
    """Say whether somebody moderates everything."""
    return subject is not None and subject.kind is Kind.USER and subject.role in {Role.MODERATOR, Role.ADMIN}


def standing(subject: Subject) -> str:
    """Return as what somebody who may moderate a thread does so: `moderator` or `owner`."""
    return "moderator" if is_moderator(subject) else "owner"


def may_moderate(thread: Thread, subject: Subject | None) -> bool:
    """Say whether somebody may lock a thread, and hide and pin what is said there: its owner and moderators."""
    if subject is None or subject.kind is not Kind.USER:
        return False
    return subject.id == thread.owner or is_moderator(subject)


def may_comment(thread: Thread, subject: Subject | None) -> bool:
    """Say whether somebody may add to a thread."""
    if subject is None or subject.kind is not Kind.USER:
        return False
    return not thread.locked or may_moderate(thread, subject)


def state_for(comment: Comment, viewer: Subject | None) -> str:
    """Return a comment's state as somebody is told it: of what is limited, nobody learns who isn't a moderator."""
    if comment.hidden_as != "limit" or is_moderator(viewer):
        return comment.state
    return "shown" if viewer is not None and viewer.id == comment.author else "deleted"


def may_read(thread: Thread, comment: Comment, subject: Subject | None) -> bool:
    """Say whether somebody sees a comment's text: it is shown, or hidden and theirs or theirs to restore."""
    if comment.hidden_as == "limit":
        return subject is not None and (subject.id == comment.author or is_moderator(subject))
    if comment.state == "hidden":
        return subject is not None and (subject.id == comment.author or may_moderate(thread, subject))
    return comment.state == "shown"
