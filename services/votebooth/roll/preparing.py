"""An owner's own poll, published or still a draft, whose voting is being prepared.

Polls tells of polls when they are published. Of a draft it is asked, and what is prepared for it stands under a mark
(`drafts`) that was committed before the last time that Polls called it a draft. So whatever ends the draft, its being
published or deleted, is heard later than the mark was made, and finds all that stands under it: who adds something
holds the mark, or adds nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import conflict, not_found, not_the_owner, unavailable
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.repository import forget_draft
from services.votebooth.roll import repository
from services.votebooth.settings import VoteBoothSettings

_ASK_SECONDS = 2.0
_TRIES = 3


class OwnPoll(Struct, frozen=True):
    """A poll of the subject's.

    Attributes:
        version: The version of its rules that was looked at; None of a draft.
    """

    poll_id: UUID
    version: int | None

    @property
    def is_draft(self) -> bool:
        """Whether nobody but its owner has seen it."""
        return self.version is None


class _Preparing(Struct, frozen=True):
    owner: UUID
    eligibility: str
    published: bool


class OwnPolls:
    """Finds polls for their owners, and holds them while voters are added."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, audience: Audience) -> None:
        self._kit = kit
        self._projection = projection
        self._audience = audience

    async def find(self, subject: Subject, poll_id: UUID, eligibility: str) -> OwnPoll:
        """Return the subject's own poll, if it is for such voters.

        Raises:
            Problem: 403, 404, 409 if it has another eligibility, 503 if Polls must be asked and doesn't answer.
        """
        return await self._find(subject, poll_id, eligibility, mark=False)

    @asynccontextmanager
    async def adding(
        self, subject: Subject, poll_id: UUID, eligibility: str
    ) -> AsyncIterator[tuple[AsyncSession, OwnPoll]]:
        """Give a transaction that adds voters to a poll; until it ends, nothing is changed about who may vote.

        Raises:
            Problem: As `find`; 503 if the poll is changed again and again.
        """
        for _ in range(_TRIES):
            own = await self._find(subject, poll_id, eligibility, mark=True)
            async with self._kit.db.transaction() as session:
                if await repository.hold_poll(session, poll_id, own.version):
                    yield session, own
                    return
        raise unavailable("The poll is being changed. Try again.")

    async def _find(self, subject: Subject, poll_id: UUID, eligibility: str, *, mark: bool) -> OwnPoll:
        marked = False
        while True:
            rules = await self._projection.stored(poll_id)
            if rules is not None:
                if rules.deleted:
                    raise not_found("poll")
                await self._audience.require(rules.definition, subject.id)
                if rules.definition.owner != subject.id:
                    raise not_the_owner()
                _check(rules.definition.eligibility, eligibility)
                return OwnPoll(poll_id, rules.version)
            found = await self._ask(poll_id)
            if found is not None and found.published:
                await self._projection.catch_up(poll_id, 1)
                continue
            if found is None and marked:
                await self._forget(poll_id)
            if found is None or found.owner != subject.id:
                raise not_found("poll")
            _check(found.eligibility, eligibility)
            if marked or not mark:
                return OwnPoll(poll_id, None)
            # Asked again under another's mark, too: a process that was killed may have left it after the draft's end.
            await self._mark(poll_id, subject.id)
            marked = True

    async def _ask(self, poll_id: UUID) -> _Preparing | None:
        try:
            return await self._kit.shared.calls.get(
                "polls", f"/internal/polls/{poll_id}/preparing", _Preparing, _ASK_SECONDS
            )
        except PeerMissing:
            return None
        except PeerError as exc:
            raise unavailable("Whether this poll is yours can't be found out right now. Try again.") from exc

    async def _mark(self, poll_id: UUID, owner: UUID) -> None:
        async with self._kit.db.transaction() as session:
            await repository.mark_draft(session, poll_id, owner)

    async def _forget(self, poll_id: UUID) -> None:
        """Drop the mark: the draft was deleted before, and its event may be through.

        And what stands under it: whoever asked Polls before the mark was there may have added to it since.
        """
        async with self._kit.db.transaction() as session:
            await forget_draft(session, poll_id)


def _check(eligibility: str, wanted: str) -> None:
    if eligibility != wanted:
        raise conflict(
            "other-eligibility", f"This needs a poll with eligibility '{wanted}'; this one has '{eligibility}'."
        )
