"""VoteBooth for other services."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from services.votebooth.poll.projection import Projection
from services.votebooth.poll.question_lock import QuestionLock
from services.votebooth.poll.reminding import Reminding

_MOST = 100


class Known(Struct, frozen=True):
    """The version of a poll that ballots are held against."""

    version: int


class Held(Struct, frozen=True):
    """Whether ballots wait for a version; they don't where one was ever cast."""

    held: bool


class ReminderController(Controller):
    """For Notifications."""

    path = "/polls/{poll_id:uuid}"

    @get("/reminders", summary="Who of some users is to be reminded of a poll")
    async def among(
        self,
        reminding: NamedDependency[Reminding],
        poll_id: FromPath[UUID],
        account: Annotated[list[UUID], QueryParameter(max_items=_MOST, description="Users' accounts.")],
    ) -> list[UUID]:
        """Return those who may vote, and haven't as far as that may be told."""
        return await reminding.among(poll_id, account)


class VersionController(Controller):
    """For Polls, which wants to say that a change holds."""

    path = "/polls/{poll_id:uuid}"

    @get("/hold", summary="Have ballots wait for a version of a poll in which none was ever cast")
    async def hold(
        self,
        question_lock: NamedDependency[QuestionLock],
        poll_id: FromPath[UUID],
        version: Annotated[int, QueryParameter(ge=2, description="The version that will be committed.")],
    ) -> Held:
        """Return whether they wait. Asked again it does the same; where no version comes, the next ballot ends it."""
        return Held(await question_lock.hold_for(poll_id, version))

    @get("/version", summary="The version of a poll that ballots are held against")
    async def version(
        self,
        projection: NamedDependency[Projection],
        poll_id: FromPath[UUID],
        least: Annotated[int, QueryParameter(ge=1, description="Ask Polls first if what is here is older.")],
    ) -> Known:
        """Return it once it is committed: from then on every instance decides by it."""
        return Known(await projection.catch_up(poll_id, least))
