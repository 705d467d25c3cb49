"""Archives: one file with all that is somebody's, from each service, prepared in the background."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy import func

from services.auth.models import Archive
from services.auth.repository import ArchiveRepository, AuditRepository, exported
from services.auth.schemas import ArchiveView
from services.auth.service.packing import Packing
from services.auth.settings import AuthSettings
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.personal import ExportPage, export_page
from services.core.problems import not_found, too_many

log = structlog.get_logger(__name__)

EXPORTING = (
    "profiles",
    "polls",
    "votebooth",
    "follows",
    "expressions",
    "comments",
    "feed",
    "notifications",
    "messaging",
)
"""Services that have something of a person; a test holds this against them."""

_PAGE_SECONDS = 20.0
_FILE_SECONDS = 60.0
_LINK_SECONDS = 900
_TRIES = 5
_STEP = timedelta(minutes=5)
_HELD_SECONDS = 60
"""So often whoever prepares an archive says that it still does."""
_BETWEEN = timedelta(days=1)
_ZIP = "application/zip"


class _UnwantedError(Exception):
    """The archive is prepared by another instance, or its account was deleted."""


class _Lease:
    """Says now and then that an archive is still being prepared, so that nobody else begins with it."""

    def __init__(self, kit: Kit[AuthSettings], account: UUID, file: str) -> None:
        self._kit = kit
        self._same = (Archive.account == account, Archive.file == file)
        self._until = time.monotonic() + _HELD_SECONDS

    async def hold(self) -> None:
        """Put the next try off, since this one goes on.

        Raises:
            _UnwantedError: It isn't wanted any more.
        """
        if time.monotonic() < self._until:
            return
        self._until = time.monotonic() + _HELD_SECONDS
        async with self._kit.db.transaction() as session:
            if not await ArchiveRepository(session).update_where(*self._same, values={"due_at": func.now() + _STEP}):
                raise _UnwantedError


class Archives:
    """Use cases of archives."""

    def __init__(self, kit: Kit[AuthSettings]) -> None:
        self._kit = kit

    async def ask(self, subject: Subject) -> ArchiveView:
        """Have an archive prepared; while one is, nothing happens.

        Raises:
            Problem: 429 if there is one that was asked for within a day.
        """
        async with self._kit.db.transaction() as session:
            archives = ArchiveRepository(session)
            made = await archives.add_or_ignore({"account": subject.id})
            if made is None:
                found = await archives.of(subject.id, lock=True)
                if found is None:
                    raise not_found("archive")  # it was deleted in this very moment
                now = await archives.clock()
                if found.ready_at is None and found.tries <= _TRIES:
                    return await self._view(found)
                if found.asked_at > now - _BETWEEN:
                    wait = (found.asked_at + _BETWEEN - now).total_seconds()
                    raise too_many("An archive can be asked for once a day.", wait)
                values = {"asked_at": now, "due_at": now, "tries": 0, "ready_at": None}
                [made] = await archives.update_where(Archive.account == subject.id, values=values)
            await AuditRepository(session).record("archive.asked-for", subject.id, account=subject.id)
            return await self._view(made)

    async def read(self, subject: Subject) -> ArchiveView:
        """Return how far the subject's archive has come, and where it can be had.

        Raises:
            Problem: 404 if there is none.
        """
        async with self._kit.db.reading() as session:
            found = await ArchiveRepository(session).of(subject.id)
        if found is None:
            raise not_found("archive")
        return await self._view(found)

    async def _view(self, row: Archive) -> ArchiveView:
        if row.ready_at is None or row.file is None:
            return ArchiveView("failed" if row.tries > _TRIES else "preparing", row.asked_at, None, None)
        url = await self._kit.storage.presign_get(row.file, _LINK_SECONDS)
        return ArchiveView("ready", row.asked_at, url, row.due_at)

    async def work(self) -> None:
        """Prepare what is asked for, and delete what is over, one after the other."""
        while (begun := await self._begin()) is not None:
            account, file = begun
            if file:
                await self._prepare(account, file)

    async def _begin(self) -> tuple[UUID, str] | None:
        """Begin the next step; return whose archive is to be prepared in which file, an empty one for none."""
        async with self._kit.db.transaction() as session:
            archives = ArchiveRepository(session)
            row = await archives.due()
            if row is None:
                return None
            if row.file is not None:
                await self._kit.storage.delete(row.file)
            if row.ready_at is not None or row.tries > _TRIES:
                await archives.delete(row.account)
                return row.account, ""
            file = f"archives/{new_id().hex}.zip" if row.tries < _TRIES else None
            later = _STEP if file else _BETWEEN
            values = {"tries": row.tries + 1, "file": file, "due_at": func.now() + later}
            await archives.update_where(Archive.account == row.account, values=values)
            return row.account, file or ""

    async def _prepare(self, account: UUID, file: str) -> None:
        with tempfile.TemporaryFile() as target:
            try:
                await self._pack(account, _Lease(self._kit, account, file), target)
            except (PeerError, PeerMissing) as exc:
                log.warning("archive_waits", error=str(exc))
                return
            except _UnwantedError:
                return
            target.seek(0)
            await self._kit.storage.put_file(file, target, _ZIP)
        async with self._kit.db.transaction() as session:
            wanted = await ArchiveRepository(session).is_ready(account, file, self._kit.settings.archive_days)
        if not wanted:
            await self._kit.storage.delete(file)

    async def _pack(self, account: UUID, lease: _Lease, target: BinaryIO) -> None:
        """Write the archive: a JSON array for each list of each service, and the files that belong to their rows.

        Raises:
            PeerError, PeerMissing: A service can't be asked.
            _UnwantedError: Nobody wants it any more.
        """
        with Packing(target, account) as packing:
            for service in (self._kit.name, *EXPORTING):
                files = []
                async for page in self._pages(service, account):
                    await packing.rows(service, page.part, page.rows)
                    await lease.hold()
                    files += [(page.part, each) for each in page.files]
                packing.end_list()
                for part, each in files:
                    await self._pack_file(packing, service, f"account={account}&part={part}&row={each.row}", each.path)
                    await lease.hold()
            packing.end()

    async def _pack_file(self, packing: Packing, service: str, query: str, path: str) -> None:
        with tempfile.TemporaryFile() as copy:
            try:
                await self._kit.shared.calls.save(
                    service, f"/internal/{service}/export/file?{query}", copy, _FILE_SECONDS
                )
            except PeerMissing:
                return  # it was deleted meanwhile
            await asyncio.to_thread(packing.keep, f"{service}/{path}", copy)

    async def _pages(self, service: str, account: UUID) -> AsyncIterator[ExportPage]:
        cursor: str | None = None
        while True:
            if service == self._kit.name:
                page = await export_page(self._kit, exported(account), cursor)
            else:
                after = f"&cursor={quote(cursor)}" if cursor else ""
                path = f"/internal/{service}/export?account={account}{after}"
                page = await self._kit.shared.calls.get(service, path, ExportPage, _PAGE_SECONDS)
            yield page
            if page.next is None:
                return
            cursor = page.next
