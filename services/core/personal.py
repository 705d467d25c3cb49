"""What a service holds of a person: how it is erased when their account is deleted, and how it is exported.

A service with accounts' ids in a table has the publisher's event, a method that erases, a list of what is exported:

    class AccountDeleted(personal.AccountDeleted, frozen=True, kw_only=True):     # events.py
        KIND: ClassVar[str] = "auth.account.deleted"

    def exported(account: UUID) -> list[Part]:                                    # repository.py
        bookmarks = select(Bookmark.id, Bookmark.poll).where(Bookmark.account == account)
        return [Part("bookmarks", bookmarks, Bookmark.id)]

    async def erase(self, session: AsyncSession, gone: personal.AccountDeleted) -> bool:      # service.py
        return await BookmarkRepository(session).erase(gone.account, AT_ONCE)

    Service(…, personal=Personal(AccountDeleted, Bookmarks.erase, exported))                  # plugin.py

Erasing is done in steps, a transaction each, until `erase` says that nothing is left: whoever has much doesn't hold
others up, and a step that was cut short is done again. What has to stay, such as a closed poll, gets `NOBODY` in the
account's place. Audit logs keep the opaque id. Nothing is published with the account's id: each service hears of the
deletion itself.

The event comes twice. At first it is told that the account is gone. Events of others that speak of it may still come
late, for as long as outboxes keep them; after that the event comes with `last`, and erases what they have brought.
What says that the account was deleted (`PersonColumns.deleted`) goes only then.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream
from sqlalchemy import Select, delete, func, null, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.kit import Kit
from services.core.problems import not_found
from services.core.storage.files import NoSuchFile

U = TypeVar("U")

AT_ONCE = 200
"""How many things a step erases at most."""

EXPORTED_AT_ONCE = 1_000
_LONG = text("SET LOCAL statement_timeout = '5min'")
"""A table with no index for this is read from end to end."""
_PATIENT = text("SET LOCAL idle_in_transaction_session_timeout = 0")
_UNPARK = text("DELETE FROM parked WHERE position(convert_to(:account, 'UTF8') IN payload) > 0")


class AccountDeleted(Event, frozen=True, kw_only=True):
    """An account is gone for good; subclasses say whose event it is.

    Attributes:
        last: Nothing that was published before can arrive any more.
    """

    account: UUID
    last: bool


class Part:
    """One list of what somebody gets of theirs.

    Args:
        name: Of the list.
        statement: Selects the rows; its columns are the fields.
        key: A column of UUIDs that differ from row to row, by which the list is read in pages.
        file: The key in the service's storage of the file that belongs to a row, null for none; an SQL expression.
        suffix: How the file's name ends in an archive, where it isn't as its key does; an SQL expression.
    """

    def __init__(
        self, name: str, statement: "Select[*tuple[Any, ...]]", key: Any, file: Any = None, suffix: Any = None
    ) -> None:
        self.name = name
        self.statement = statement.add_columns(
            key.label("_key"),
            (null() if file is None else file).label("_file"),
            (null() if suffix is None else suffix).label("_suffix"),
        )
        self.key = key


class ExportFile(msgspec.Struct, frozen=True):
    """A file that belongs to a row; the row says so, too, as `file`.

    Attributes:
        row: Its key.
        path: Where it stands in the service's part of an archive.
    """

    row: UUID
    path: str


class ExportPage(msgspec.Struct, frozen=True):
    """Some rows of one list, and where the export goes on; `next` is None at its end."""

    part: str
    rows: list[dict[str, Any]]
    next: str | None
    files: list[ExportFile] = []


class Personal(Generic[U]):
    """How a service erases and exports what it holds of a person.

    Args:
        event: The struct of the deletion, with the publisher's kind.
        erase: `async (use_cases, session, event)`; erases some of it and says whether anything may be left.
        exported: Returns what an account is given of it; at least one list.
        people: The service's table of people (`core/people.py`), if it has one.
    """

    def __init__(
        self,
        event: type[AccountDeleted],
        erase: Callable[[U, AsyncSession, Any], Awaitable[bool]],
        exported: Callable[[UUID], Sequence[Part]],
        people: Any = None,
    ) -> None:
        self._event = event
        self._erase = erase
        self.exported = exported
        self.people = people

    def handler(self) -> Handler[U, Any]:
        """Return what erases when the event comes."""

        async def handle(use_cases: Any, session: AsyncSession, gone: AccountDeleted) -> None:
            # The consumer's transaction, which notes that the event was handled, is idle while the steps are done.
            await session.execute(_PATIENT)
            await self.erase(use_cases, gone)

        return Handler(self._event, handle)

    async def erase(self, use_cases: Any, gone: AccountDeleted) -> None:
        """Erase all of it, step by step; done again, it finishes what was cut short."""
        kit: Kit[Any] = use_cases.kit
        more = True
        while more:
            async with kit.db.transaction() as session:
                await session.execute(_LONG)
                more = await self._erase(use_cases, session, gone)
        async with kit.db.transaction() as session:
            await session.execute(_LONG)
            await session.execute(_UNPARK, {"account": str(gone.account)})
            if self.people is not None:
                await self._forget_person(session, gone)

    async def _forget_person(self, session: AsyncSession, gone: AccountDeleted) -> None:
        """Keep nothing of who somebody was, and in the end not even that they were deleted."""
        table = self.people
        if gone.last:
            await session.execute(delete(table).where(table.id == gone.account))
            return
        nothing = {"handle": None, "display_name": "", "avatar": None, "deleted": True, "changed_at": func.now()}
        await session.execute(table.__table__.update().where(table.id == gone.account).values(nothing))

    def controller(self, kit: Kit[Any]) -> type[Controller]:
        """Return what answers the pages of an export to other services."""
        exported = self.exported

        class ExportController(Controller):
            """For the service that puts exports together."""

            @get("/export", summary="What an account is given of what is theirs")
            async def read(
                self,
                account: FromQuery[UUID],
                cursor: Annotated[str | None, QueryParameter(max_length=60)] = None,
            ) -> ExportPage:
                """Return a page."""
                return await export_page(kit, exported(account), cursor)

            @get(
                "/export/file",
                summary="A file that belongs to a row of an export",
                media_type="application/octet-stream",
            )
            async def file(self, account: FromQuery[UUID], part: FromQuery[str], row: FromQuery[UUID]) -> Stream:
                """Return it, if it is there and the account's."""
                return Stream(await export_file(kit, exported(account), part, row))

        return ExportController


async def export_page(kit: Kit[Any], parts: Sequence[Part], cursor: str | None) -> ExportPage:
    """Return the next rows of an account's export.

    Args:
        kit: The service's.
        parts: What is exported of the account.
        cursor: From the page before, None for the first.

    Raises:
        Problem: 404 if the cursor isn't one of these.
    """
    place, after = _place(cursor, len(parts))
    part = parts[place]
    statement = part.statement.order_by(part.key).limit(EXPORTED_AT_ONCE)
    if after is not None:
        statement = statement.where(part.key > after)
    async with kit.db.reading() as session:
        rows = [dict(row._mapping) for row in await session.execute(statement)]  # noqa: SLF001  (public)
    files = []
    for row in rows:
        key, file, suffix = (row.pop(name) for name in ("_key", "_file", "_suffix"))
        after = key
        if file is not None:
            path = f"{part.name}/{key}{suffix or PurePosixPath(file).suffix}"
            row["file"] = path
            files.append(ExportFile(key, path))
    if len(rows) == EXPORTED_AT_ONCE:
        return ExportPage(part.name, rows, f"{place}.{after}", files)
    return ExportPage(part.name, rows, f"{place + 1}." if place + 1 < len(parts) else None, files)


async def export_file(kit: Kit[Any], parts: Sequence[Part], name: str, row: UUID) -> AsyncIterator[bytes]:
    """Return piece by piece the file that belongs to a row.

    Args:
        kit: The service's.
        parts: What is exported of the account.
        name: Of the list.
        row: The row's key.

    Raises:
        Problem: 404 if the account has no such row, it has no file, or that is deleted.
    """
    part = next((each for each in parts if each.name == name), None)
    if part is None:
        raise not_found("file")
    async with kit.db.reading() as session:
        found = (await session.execute(part.statement.where(part.key == row))).mappings().first()
    if found is None or found["_file"] is None:
        raise not_found("file")
    try:
        return await kit.storage.stream(found["_file"])
    except NoSuchFile:
        raise not_found("file") from None


def _place(cursor: str | None, parts: int) -> tuple[int, UUID | None]:
    """Return in which list an export goes on, and after which row."""
    if cursor is None:
        return 0, None
    place, _, after = cursor.partition(".")
    try:
        number, key = int(place), UUID(after) if after else None
    except ValueError as exc:
        raise not_found("page") from exc
    if not 0 <= number < parts:
        raise not_found("page")
    return number, key
