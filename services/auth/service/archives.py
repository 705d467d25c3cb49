"""Archives: one file with all that is somebody's, from each service, prepared in the background."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import func

from services.auth.models import Archive
from services.auth.repository import ArchiveRepository, AuditRepository, exported
from services.auth.schemas import ArchiveView
from services.auth.settings import AuthSettings
from services.core.data.models import utc_now
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
_LINK_SECONDS = 900
_TRIES = 5
_STEP = timedelta(minutes=5)
_MEMORY_BYTES = 2_000_000
_BETWEEN = timedelta(days=1)
_ZIP = "application/zip"


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
        try:
            data = await self._packed(account)
        except (PeerError, PeerMissing) as exc:
            log.warning("archive_waits", error=str(exc))
            return
        await self._kit.storage.put(file, data, _ZIP)
        async with self._kit.db.transaction() as session:
            wanted = await ArchiveRepository(session).is_ready(account, file, self._kit.settings.archive_days)
        if not wanted:
            await self._kit.storage.delete(file)

    async def _packed(self, account: UUID) -> bytes:
        """Return the archive: a JSON array for each list of each service."""
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as target:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("about.json", msgspec.json.encode({"account": account, "made_at": utc_now()}))
                for service in (self._kit.name, *EXPORTING):
                    await _write(archive, service, self._pages(service, account))
            target.seek(0)
            return target.read()

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


async def _write(archive: zipfile.ZipFile, service: str, pages: AsyncIterator[ExportPage]) -> None:
    """Write a service's lists, a file each; packing is done beside the loop."""
    part, out, rows = "", None, 0
    async for page in pages:
        if page.part != part:
            if out is not None:
                _end(out)
            part, rows = page.part, 0
            out = archive.open(f"{service}/{part}.json", "w")
            out.write(b"[")
        lines = b",\n".join(msgspec.json.encode(row) for row in page.rows)
        await asyncio.to_thread(out.write, (b",\n" if rows and page.rows else b"") + lines)  # type: ignore[union-attr]  # opened with the first page
        rows += len(page.rows)
    if out is not None:
        _end(out)


def _end(out: Any) -> None:
    out.write(b"]\n")
    out.close()
