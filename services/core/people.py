"""People: who accounts are to others, as a service keeps it of what another one tells.

A service that names people has a table, the event that fills it, and a part that looks people up:

    class Person(PersonColumns, Base):                                       # models.py
        __tablename__ = "person"

    class ProfileChanged(PersonChanged, frozen=True, kw_only=True):          # events.py
        KIND: ClassVar[str] = "profiles.profile.changed"

    self.people = People(kit, Person, ProfileChanged)                        # service.py
    handlers=[people_handler(ProfileChanged)], needs=[…]              # plugin.py

    people = await self.people.of(row.owner for row in rows)                 # one statement an answer
    PollCard(owner=people[row.owner], …)

A service that needs more of what the event tells adds fields to its event, and columns of the same names to its table.
For an id that a client names, which may be nobody's, `find` says whether there is such a person.

Whose event hasn't come is asked for: an account that is a moment old, and one whose event had left the stream before
the service was there. While nobody answers, such a person has no handle, and the answer doesn't fail.

Look people up outside of a transaction: asking may take a moment.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import GenericAlias
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import structlog
from msgspec import Meta, Struct
from sqlalchemy import Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.compiled import Compiled
from services.core.data.pagination import Page, map_page
from services.core.data.repository import keep_newest
from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.ids import NOBODY
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing

EntryT = TypeVar("EntryT", bound="LogEntry")

log = structlog.get_logger(__name__)

ASKED_AT_ONCE = 100
"""For how many people the publisher is asked in one request at most."""

_ASK_SECONDS = 0.5
_PAUSE_SECONDS = 1.0


class PersonView(Struct, frozen=True):
    """Somebody, as others see them."""

    id: Annotated[UUID, Meta(description="The account's id, which never changes.")]
    handle: Annotated[
        str | None,
        Meta(description="Null for a deleted account, and while it isn't known here yet.", examples=["ada"]),
    ]
    display_name: Annotated[str, Meta(description="May be empty: show the handle.", examples=["Ada Lovelace"])]
    avatar: Annotated[
        str | None, Meta(description="Path of a square WebP image, 256 pixels wide, at this API; null without one.")
    ]
    deleted: Annotated[bool, Meta(description="The account is deleted; nothing else is told of it.")]


class PersonChanged(Event, frozen=True, kw_only=True):
    """Somebody is new or different to others, at one of their growing versions; subclasses say whose event it is.

    Attributes:
        deleted: The account is gone for good, and what was known of it is forgotten.
    """

    account: UUID
    version: int
    handle: str
    display_name: str
    avatar: str | None = None
    deleted: bool = False


class PersonColumns:
    """Who an account is to others: a projection, by account.

    Attributes:
        version: The publisher's own; what is older changes nothing.
        handle: Null for a deleted account.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    handle: Mapped[str | None] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    avatar: Mapped[str | None] = mapped_column(Text)
    deleted: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class People:
    """Looks people up, and keeps what is told of them.

    Args:
        kit: The service's.
        table: Its table, a model with `PersonColumns`.
        event: What it hears of people by; whoever publishes it is asked for those who are missing.
    """

    def __init__(self, kit: Kit[Any], table: Any, event: type[PersonChanged]) -> None:
        self._kit = kit
        self._table = table
        self._answer: Any = GenericAlias(list, (event,))
        self._more = sorted(set(event.__struct_fields__) - set(PersonChanged.__struct_fields__))
        self._peer = event.KIND.partition(".")[0]
        self._asking = asyncio.Lock()
        self._pause_until = 0.0
        # Put together once: that takes as long as its execution.
        columns = (table.id, table.handle, table.display_name, table.avatar, table.deleted)
        self._of = Compiled(select(*columns).where(table.id == any_(bindparam("ids", type_=ARRAY(Uuid())))))

    async def one(self, account: UUID) -> PersonView:
        """Return one person."""
        return (await self.of([account]))[account]

    async def of(self, accounts: Iterable[UUID | None]) -> dict[UUID, PersonView]:
        """Return people by account, each that is asked for, with one statement however many there are.

        Args:
            accounts: Of users alone, since guests have no profile; None stands for nobody, and `NOBODY` for somebody
                whose account is deleted.
        """
        wanted = {account for account in accounts if account is not None}
        found = {NOBODY: PersonView(NOBODY, None, "", None, True)} if NOBODY in wanted else {}
        found |= await self._known(wanted - found.keys())
        if wanted - found.keys():
            found |= await self._find(wanted - found.keys())
        return {account: found.get(account) or PersonView(account, None, "", None, False) for account in wanted}

    async def find(self, account: UUID) -> PersonView | None:
        """Return somebody whose id comes from outside; None if there is no such person.

        Raises:
            PeerError: They aren't known here, and their publisher doesn't answer.
        """
        known = await self._known([account])
        if not known:
            path = f"/internal/{self._peer}/people?account={account}&known_only=true"
            told: list[PersonChanged] = await self._kit.shared.calls.get(self._peer, path, self._answer)
            await self._take_over(told)
            known = await self._known([account])
        return known.get(account)

    async def log(self, page: Page[Any], entry: type[EntryT]) -> Page[EntryT]:
        """Return a page of rows of an audit log, with actors named, as a service's struct of its entries."""
        actors = await self.of(row.actor for row in page.items)
        names = [name for name in entry.__struct_fields__ if name != "actor"]
        return map_page(
            page, lambda row: entry(**{name: getattr(row, name) for name in names}, actor=actors.get(row.actor))
        )

    async def hear(self, session: AsyncSession, *events: PersonChanged) -> None:
        """Keep what events tell, unless what is known is as new."""
        await self._keep(session, events)

    async def _known(self, wanted: Iterable[UUID]) -> dict[UUID, PersonView]:
        ids = list(wanted)
        if not ids:
            return {}
        rows = await self._of.rows(self._kit.db, {"ids": ids})
        return {row.id: PersonView(*row) for row in rows}

    async def _find(self, missing: Iterable[UUID]) -> dict[UUID, PersonView]:
        """Ask for people who aren't known here; one question at a time, and after a failure none for a while."""
        async with self._asking:
            found = await self._known(missing)  # somebody may just have asked for the same
            unknown = sorted(set(missing) - found.keys())
            for start in range(0, len(unknown), ASKED_AT_ONCE):
                some = unknown[start : start + ASKED_AT_ONCE]
                if time.monotonic() < self._pause_until:
                    break
                if not await self._ask(some):
                    self._pause_until = time.monotonic() + _PAUSE_SECONDS
                    break
                found |= await self._known(some)
            return found

    async def _ask(self, accounts: Sequence[UUID]) -> bool:
        """Take over people from their publisher; say whether it answered."""
        path = f"/internal/{self._peer}/people?{urlencode([('account', account) for account in accounts])}"
        try:
            told: list[PersonChanged] = await self._kit.shared.calls.get(self._peer, path, self._answer, _ASK_SECONDS)
        except (PeerError, PeerMissing) as exc:
            log.warning("people_unknown", service=self._kit.name, people=len(accounts), error=str(exc))
            return False
        await self._take_over(told)
        return True

    async def _take_over(self, told: Sequence[PersonChanged]) -> None:
        async with self._kit.db.transaction() as session:
            await self._keep(session, told)

    async def _keep(self, session: AsyncSession, told: Sequence[PersonChanged]) -> None:
        rows = [
            {
                "id": event.account,
                "version": event.version,
                "handle": None if event.deleted else event.handle,
                "display_name": "" if event.deleted else event.display_name,
                "avatar": None if event.deleted else event.avatar,
                "deleted": event.deleted,
                **{name: getattr(event, name) for name in self._more},
            }
            for event in told
        ]
        await keep_newest(session, self._table, rows, "id", also={"changed_at": func.now()})


class LogEntry(Struct, frozen=True, kw_only=True):
    """An administrative act. `actor` is null where the system acted by itself."""

    position: int
    at: datetime
    actor: PersonView | None
    act: Annotated[str, Meta(examples=["tokens.issued"])]
    details: dict[str, Any]


def people_handler(event: type[PersonChanged]) -> Handler[Any, Any]:
    """Return what keeps the people of an event, in use cases that have `people`."""

    async def keep(use_cases: Any, session: AsyncSession, told: PersonChanged) -> None:
        people: People = use_cases.people
        await people.hear(session, told)

    async def keep_all(use_cases: Any, session: AsyncSession, told: Sequence[PersonChanged]) -> None:
        people: People = use_cases.people
        await people.hear(session, *told)

    return Handler(event, keep, keep_all)
