"""What rooms ask of Polls: whose a poll is, and that it opens or closes, as its owner's act."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import Problem, conflict, not_found, unavailable
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.projection import Projection
from services.votebooth.settings import VoteBoothSettings

_SECONDS = 4.0
Step = Literal["open", "close"]


class _Preparing(Struct, frozen=True):
    owner: UUID
    published: bool
    listing: str = "public"


class _Led(Struct, frozen=True):
    version: int
    refusal: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A poll as a host knows it.

    Attributes:
        version: 0 for a draft.
        for_followers: It may not be put on stage.
    """

    owner: UUID
    version: int
    for_followers: bool


class RoomPolls:
    """Polls, as rooms need them. No transaction is open while Polls is asked."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, audience: Audience) -> None:
        self._kit = kit
        self._projection = projection
        self._audience = audience

    async def find(self, poll_id: UUID, subject: Subject) -> Shown:
        """Return a poll that a host may show: one that is published, or a draft of their own.

        Raises:
            Problem: 404, 409 `poll-for-followers`, 503.
        """
        shown = await self.owned(poll_id, subject)
        if shown.for_followers:
            raise conflict(
                "poll-for-followers",
                "This poll is for its owner's followers, and a room is for everybody who has its code.",
            )
        return shown

    async def owned(self, poll_id: UUID, subject: Subject) -> Shown:
        """Return a poll that a host may know of.

        Raises:
            Problem: 404, 503.
        """
        try:
            rules = await self._projection.existing(poll_id)
        except Problem as problem:
            if problem.status != 404:
                raise
        else:
            await self._audience.require(rules.definition, subject.id)
            return Shown(rules.definition.owner, rules.version, for_followers=rules.definition.for_followers)
        try:
            draft = await self._kit.shared.calls.get("polls", f"/internal/polls/{poll_id}/preparing", _Preparing)
        except PeerMissing:
            raise not_found("poll") from None
        except PeerError as exc:
            raise unavailable("Whether this poll is yours can't be found out right now. Try again.") from exc
        if draft.owner != subject.id:
            raise not_found("poll")
        return Shown(draft.owner, 0, for_followers=draft.listing == "followers")

    async def lead(self, poll_id: UUID, owner: UUID, step: Step) -> int:
        """Open or close a poll for its owner; return its version, which this service has then. Again, it does nothing.

        Raises:
            Problem: 403, 404, 409 `not-open`, 422 `poll-refused`, 503.
        """
        path = f"/internal/polls/{poll_id}/{step}?{urlencode({'owner': owner})}"
        try:
            led = await self._kit.shared.calls.get("polls", path, _Led, _SECONDS)
        except PeerMissing:
            raise not_found("poll") from None
        except PeerError as exc:
            raise unavailable("Polls doesn't answer right now. Whether the poll has changed isn't known.") from exc
        if led.refusal:
            raise _refusal(led)
        await self._projection.catch_up(poll_id, led.version)
        return led.version


def _refusal(led: _Led) -> Problem:
    match led.refusal:
        case "not-open":
            return Problem(409, "not-open", "This conflicts with what is already there", led.detail)
        case "not-the-owner":
            return Problem(403, "not-the-owner", "This is somebody else's", led.detail)
        case _:
            return Problem(422, "poll-refused", "A rule was broken", led.detail)
