"""What is stored of images, until it goes: files that nothing shows any more, and what others take."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.images.shapes import NAMES
from services.core.images.tables import State
from services.core.kit import Kit
from services.core.problems import not_found
from services.core.storage.files import NoSuchFile

BLIND = {"synchronize_session": False}
_SWEPT_AT_ONCE = 100
_WEIGHED_AT_ONCE = 50
"""Images of which it is found out in one pass what they take: each is read from the storage."""
_FIRST = UUID(int=0)
"""Less than any image's: they are random, of version 4."""


class Stored:
    """Files of images, and their rows, as they go.

    Args:
        kit: The service's.
        table: Its table, a model with `ImageColumns`.
    """

    def __init__(self, kit: Kit[Any], table: Any) -> None:
        self._kit = kit
        self._table = table
        self._weighed: UUID | None = _FIRST

    async def drop(self, session: AsyncSession, images: Iterable[UUID | None]) -> None:
        """Let images go, in the transaction that forgets them; `sweep` deletes their files, within a minute."""
        gone = [image for image in images if image is not None]
        if gone:
            table = self._table
            statement = update(table).where(table.id.in_(gone)).values(state=State.GONE)
            await session.execute(statement.execution_options(**BLIND))

    async def erase(self, session: AsyncSession, account: UUID, most: int) -> bool:
        """Delete files and rows of an account, `most` of them at a time; say whether anything may be left."""
        table = self._table
        found = (await session.execute(select(table.id).where(table.account == account).limit(most))).scalars().all()
        for image in found:
            await self._delete(image)
        await session.execute(delete(table).where(table.id.in_(found)).execution_options(**BLIND))
        return len(found) == most

    async def sweep(self) -> None:
        """Delete what isn't needed any more: files of images that nothing shows, and originals."""
        more = True
        while more:
            more = await self._sweep()

    async def weigh(self) -> None:
        """Write down what images take that were made before this was counted, some of them each time.

        A process looks through all of them once. They count from then on, and what is above the quota stays.
        """
        if self._weighed is None:
            return
        table = self._table
        shown = table.state.in_((State.MADE, State.USED))
        some = select(table.id).where(table.bytes == 0, shown, table.id > self._weighed)
        async with self._kit.db.reading() as session:
            found = (await session.scalars(some.order_by(table.id).limit(_WEIGHED_AT_ONCE))).all()
        for image in found:
            size = sum([await self._size_of(each) for each in self._keys(image)])
            same = (table.id == image, table.bytes == 0)
            async with self._kit.db.transaction() as session:
                await session.execute(update(table).where(*same).values(bytes=size).execution_options(**BLIND))
        self._weighed = found[-1] if len(found) == _WEIGHED_AT_ONCE else None

    async def read(self, image: UUID, name: str) -> bytes:
        """Return one size of an image as WebP.

        Raises:
            Problem: 404.
        """
        try:
            return await self._kit.storage.get(key(image, name))
        except NoSuchFile:
            raise not_found("image") from None

    async def _sweep(self) -> bool:
        table = self._table
        async with self._kit.db.transaction() as session:
            dropped = (table.state == State.GONE) & table.swept.is_(False)
            due = select(table.id, table.state, (table.due <= func.now()).label("over"))
            due = due.where(dropped | (table.due <= func.now())).limit(_SWEPT_AT_ONCE)
            rows = (await session.execute(due.with_for_update(skip_locked=True))).all()
            for row in rows:
                if row.state == State.USED:
                    await self._kit.storage.delete(original(row.id))
                else:
                    await self._delete(row.id)
            used = [row.id for row in rows if row.state == State.USED]
            # Its upload's URL may hold for a while: the row stays until then, so that what comes by it goes, too.
            held = [row.id for row in rows if row.state != State.USED and row.over is False]
            over = [row.id for row in rows if row.state != State.USED and row.over is not False]
            for ids, values in ((used, {"due": None}), (held, {"swept": True})):
                statement = update(table).where(table.id.in_(ids)).values(**values)
                await session.execute(statement.execution_options(**BLIND))
            await session.execute(delete(table).where(table.id.in_(over)).execution_options(**BLIND))
        return len(rows) == _SWEPT_AT_ONCE

    async def _size_of(self, stored: str) -> int:
        try:
            return len(await self._kit.storage.get(stored))
        except NoSuchFile:  # an image has some of the sizes that there are
            return 0

    async def _delete(self, image: UUID) -> None:
        for each in [*self._keys(image), original(image)]:
            await self._kit.storage.delete(each)

    def _keys(self, image: UUID) -> list[str]:
        """Return where the storage may have something of an image, beside its original."""
        return [key(image, name) for name in sorted(NAMES)]


def key(image: UUID, name: str) -> str:
    """Return where one size of an image is in the service's storage."""
    return f"images/{image.hex[:2]}/{image.hex}-{name}.webp"


def original(image: UUID) -> str:
    """Return where an upload is in the service's storage until it is made."""
    return f"uploads/{image.hex}"
