"""Images of one service: begun, made, used."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.children import alone
from services.core.images import decoding
from services.core.images.shapes import Shape
from services.core.images.stored import BLIND, Stored, key, original
from services.core.images.tables import State
from services.core.kit import Kit
from services.core.problems import Problem, conflict, not_found, over_quota, refused, unavailable
from services.core.shares import Shares, Turns
from services.core.storage.files import NoSuchFile, Upload

log = structlog.get_logger(__name__)

TYPES = ("image/jpeg", "image/png", "image/webp")
MAX_BYTES = 10_000_000
WAITING = 12
"""How many images an account may have that nothing shows."""

_UPLOAD_SECONDS = 600
_KEPT = timedelta(hours=1)
"""Longer than an upload's URL holds, so that nothing comes after the last deletion."""

_SECONDS = 15.0
_WEBP = "image/webp"
_REFUSALS = {
    decoding.TYPE: ("image-type", "The file isn't a JPEG, PNG or WebP image."),
    decoding.PIXELS: ("image-too-large", f"An image may have {decoding.MAX_PIXELS // 1_000_000} million pixels."),
    decoding.MOVING: ("image-moving", "Moving images aren't taken."),
    decoding.BROKEN: ("image-broken", "The image is broken or incomplete."),
}


class Begun(msgspec.Struct, frozen=True):
    """An image that may be uploaded now.

    Attributes:
        expires_in: For how long, in seconds.
    """

    id: UUID
    upload: Upload
    expires_in: int


class Images(Stored):
    """Images of one service.

    Args:
        kit: The service's.
        table: Its table, a model with `ImageColumns`.
        most_bytes: What an account's images may take in all their sizes. Originals don't count: `WAITING` bounds them.
    """

    def __init__(self, kit: Kit[Any], table: Any, most_bytes: int) -> None:
        super().__init__(kit, table)
        self._most_bytes = most_bytes
        self._places = Shares("images", places=8, account=1, address=4)
        self._turns = Turns()

    async def begin(self, account: UUID, content_type: str) -> Begun:
        """Allow an account one upload.

        Raises:
            Problem: 422 for another type, 429 if too many of the account's images are shown nowhere.
        """
        if content_type not in TYPES:
            raise refused("image-type", f"An image must be one of {', '.join(TYPES)}.")
        return await self.begin_any(account, content_type)

    async def begin_any(self, account: UUID, content_type: str, /, **more: str) -> Begun:
        """Allow an account one upload of a type that is taken; `more` are values of the table's further columns.

        Raises:
            Problem: 429 if too many of the account's uploads are shown nowhere.
        """
        table, image = self._table, uuid4()
        async with self._kit.db.transaction() as session:
            await _alone(session, account)
            unused = table.state.in_((State.BEGUN, State.TAKEN, State.MADE))
            count = select(func.count()).where(table.account == account, unused)
            if (await session.execute(count)).scalar_one() >= WAITING:
                raise over_quota(f"{WAITING} of your uploads are shown nowhere. They are deleted within an hour.")
            due = await _in(session, _KEPT)
            session.add(table(id=image, account=account, state=State.BEGUN, due=due, **more))
        upload = await self._kit.storage.presign_put(original(image), content_type, MAX_BYTES, _UPLOAD_SECONDS)
        return Begun(image, upload, _UPLOAD_SECONDS)

    async def make(self, account: UUID, image: UUID, shape: Shape, address: str) -> None:
        """Make the sizes of what was uploaded, and delete the original; what is made already stays so.

        Args:
            account: Who has begun it.
            image: Which one.
            shape: The sizes.
            address: The site that it comes from.

        Raises:
            Problem: 404 if it isn't the account's, 409 if it isn't uploaded yet, is being made or was used, 422 if it
                isn't an image that is taken, 429 if there is no room for it, 429 or 503 if too many are being made.
        """
        async with self._making(account, image, address) as found:
            if found is not None:
                made = await self._make_picture(account, image, shape, address)
                found |= {"width": made.width, "height": made.height}

    @asynccontextmanager
    async def _making(self, account: UUID, image: UUID, address: str) -> AsyncIterator[dict[str, Any] | None]:
        """Have an upload to oneself while something is made of it; if that fails, it is gone.

        Yields:
            Where the values of columns are put that are known afterwards; None if it is made already.

        Raises:
            Problem: As `make`.
        """
        with self._places.take(account, address):
            if not await self._take(account, image):
                yield None
                return
            found: dict[str, Any] = {}
            try:
                yield found
            except NoSuchFile:
                await self._move(image, State.BEGUN)
                raise conflict("not-uploaded", "The file hasn't been uploaded yet.") from None
            except BaseException:
                await self._move(image, State.GONE)
                raise
            await self._move(image, State.MADE, **found)
            await self._kit.storage.delete(original(image))

    async def _make_picture(self, account: UUID, image: UUID, shape: Shape, address: str) -> decoding.Made:
        """Make the sizes of an image, in turn, and store them."""
        async with self._turns.turn(address):
            made = await self._decoded(image, shape)
        await self._find_room(account, image, sum(len(data) for data in made.files.values()))
        for name, data in made.files.items():
            await self._kit.storage.put(key(image, name), data, _WEBP)
        return made

    async def use(self, session: AsyncSession, account: UUID, images: Iterable[UUID]) -> list[Any]:
        """Let images be shown from now on, in the transaction that writes down where.

        Returns:
            Their rows, in the order of `images`.

        Raises:
            Problem: 409 if one isn't the account's, isn't made, or is shown already.
        """
        table, wanted = self._table, list(images)
        if not wanted:
            return []
        mine = (table.id.in_(wanted), table.account == account, table.state == State.MADE)
        statement = update(table).where(*mine).values(state=State.USED).returning(table)
        rows = {row.id: row for row in (await session.execute(statement)).scalars()}
        if len(rows) < len(wanted):
            raise conflict("image-used", "An upload isn't yours or ready, or is shown elsewhere. Send the file again.")
        return [rows[image] for image in wanted]

    async def _take(self, account: UUID, image: UUID) -> bool:
        """Say whether an image is to be made now, by nobody else; False if it is made.

        Raises:
            Problem: 404 or 409.
        """
        table = self._table
        async with self._kit.db.transaction() as session:
            mine = (table.id == image, table.account == account)
            begun = update(table).where(*mine, table.state == State.BEGUN).values(state=State.TAKEN)
            if (await session.execute(begun.returning(table.id).execution_options(**BLIND))).first() is not None:
                return True
            state = (await session.execute(select(table.state).where(*mine))).scalar_one_or_none()
        if state is None or state == State.GONE:
            raise not_found("image")
        if state == State.MADE:
            return False
        raise conflict("image-used", "This image is being made right now, or is shown already.")

    async def _find_room(self, account: UUID, image: UUID, size: int) -> None:
        """Count an image that is being made among the account's, before its files are stored.

        Raises:
            Problem: 429 if there is no room for it.
        """
        table = self._table
        async with self._kit.db.transaction() as session:
            await _alone(session, account)
            # What is dropped counts no more, though its files are there for up to a minute still.
            others = (table.account == account, table.state != State.GONE, table.id != image)
            taken = (await session.execute(select(func.coalesce(func.sum(table.bytes), 0)).where(*others))).scalar_one()
            if taken + size > self._most_bytes:
                raise over_quota(_no_room(int(taken), size, self._most_bytes))
            mine = (table.id == image, table.state == State.TAKEN)
            await session.execute(update(table).where(*mine).values(bytes=size).execution_options(**BLIND))

    async def _move(self, image: UUID, state: State, **values: Any) -> None:
        """Change an image that is being made; one that was swept meanwhile is left alone."""
        table = self._table
        taken = (table.id == image, table.state == State.TAKEN)
        async with self._kit.db.transaction() as session:
            await session.execute(update(table).where(*taken).values(state=state, **values).execution_options(**BLIND))
        if state == State.GONE:
            await self._delete(image)

    async def _decoded(self, image: UUID, shape: Shape) -> decoding.Made:
        """Have an upload decoded by a process of its own.

        Raises:
            NoSuchFile: It isn't there yet.
            Problem: 422, 503.
        """
        asked = msgspec.msgpack.encode(decoding.Asked(shape, await self._kit.storage.get(original(image))))

        async def given() -> AsyncGenerator[bytes, None]:
            yield asked

        code, answer = await alone(decoding.decode, given(), _SECONDS)
        if code == 0:
            return msgspec.msgpack.decode(answer, type=decoding.Made)
        if code in _REFUSALS:
            slug, detail = _REFUSALS[code]
            raise refused(slug, detail)
        log.warning("image_not_made", code=code)
        raise _not_made()


def _not_made() -> Problem:
    return unavailable("The image took too long, or more memory than it may. Upload it again, or a smaller one.", 5)


def _no_room(taken: int, size: int, most: int) -> str:
    return (
        f"Your images may take {most / 1e6:,.1f} MB. They take {taken / 1e6:,.1f} MB, and this one would take "
        f"{size / 1e6:,.1f} MB. Delete some that are shown, or wait an hour for those that aren't to go."
    )


async def _alone(session: AsyncSession, account: UUID) -> None:
    """Have an account's images counted by nobody else until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(account), 0))))


async def _in(session: AsyncSession, time: timedelta) -> datetime:
    at: datetime = (await session.execute(select(func.now() + time))).scalar_one()
    return at
