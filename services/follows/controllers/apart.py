"""Blocking and muting people."""

from uuid import UUID

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.core.data.pagination import Page
from services.core.http.api import Cursor, Limit, problems
from services.core.http.guards import ANY_TOKEN
from services.core.identity.subject import Subject
from services.follows.controllers.rules import TEXTS, WRITES
from services.follows.schemas import ConnectionView
from services.follows.service import Follows


class BlockController(Controller):
    """People with whom I want nothing to do, nor they with me."""

    path = "/blocks"
    tags = ("Follows",)

    @get(
        "/",
        operation_id="BlockList",
        summary="List whom I block",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return those whom I block, the newest first."""
        return await follows.reading.blocks(subject, cursor, limit)

    @put(
        "/{account:uuid}",
        operation_id="BlockPut",
        summary="Block somebody",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 422, 429, 503),
    )
    async def block(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """End what is between us, and keep us apart: neither sees the other. Again, it does nothing."""
        await follows.blocks.block(subject, account)

    @delete(
        "/{account:uuid}",
        operation_id="BlockDelete",
        summary="Block somebody no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unblock(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """Let us see each other again; what was ended stays so. Where there is no block, it does nothing."""
        await follows.blocks.unblock(subject, account)


class MuteController(Controller):
    """People of whom I want to see nothing, which they don't learn."""

    path = "/mutes"
    tags = ("Follows",)

    @get(
        "/",
        operation_id="MuteList",
        summary="List whom I mute",
        guards=[ANY_TOKEN],
        responses=problems(TEXTS, 400, 401, 403),
    )
    async def mine(
        self,
        follows: NamedDependency[Follows],
        subject: NamedDependency[Subject],
        cursor: Cursor = None,
        limit: Limit = 20,
    ) -> Page[ConnectionView]:
        """Return those whom I mute, the newest first."""
        return await follows.reading.mutes(subject, cursor, limit)

    @put(
        "/{account:uuid}",
        operation_id="MutePut",
        summary="Mute somebody",
        status_code=204,
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 404, 422, 429, 503),
    )
    async def mute(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """See nothing of somebody, who doesn't learn of it. Again, it does nothing."""
        await follows.mutes.mute(subject, account)

    @delete(
        "/{account:uuid}",
        operation_id="MuteDelete",
        summary="Mute somebody no longer",
        guards=WRITES,
        responses=problems(TEXTS, 401, 403, 429),
    )
    async def unmute(
        self, follows: NamedDependency[Follows], subject: NamedDependency[Subject], account: FromPath[UUID]
    ) -> None:
        """See what they do again. Where nothing is muted, it does nothing."""
        await follows.mutes.unmute(subject, account)
