"""An account's notifications as a live stream: the number for its badge."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct

from services.core.data.database import is_passing
from services.core.identity.subject import Kind
from services.core.kit import Kit
from services.core.live.gathering import Gathering
from services.core.live.messages import Position
from services.core.live.source import Reading, Silent, Viewer, id_of
from services.core.problems import not_found
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.repository.notifications import NotificationRepository
from services.notifications.settings import NotificationsSettings

_EPOCH = "1"
"""Sequence numbers never begin anew."""

MOST_UNREAD = 100


def stream_of(account: UUID) -> str:
    """Return the name of an account's stream."""
    return f"{InboxSource.kind}:{account}"


class Badge(Struct, frozen=True):
    """What there is to read. Whenever it comes, the list may have changed: its first page shows what is new."""

    unread: Annotated[int, Meta(description="100 stands for 100 or more.", examples=[3])]


class InboxSource(Silent):
    """The streams `notifications:ACCOUNT`, each for its own account alone.

    The badge is small, so it is told as a whole; a change doesn't say what it was.
    """

    kind: ClassVar[str] = "notifications"
    state: ClassVar[Any] = Badge
    events: ClassVar[tuple[Any, ...]] = ()

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._db = kit.db
        self._gathering: Gathering[UUID, InboxLook] = Gathering(self._looks, is_passing)

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> "InboxLook":
        """Return an account's notifications as they stand, looked up with others' that are asked for meanwhile.

        Of accounts that nobody of theirs follows nothing is looked up.
        """
        account = id_of(key, "stream")
        if not any(_is_theirs(account, viewer) for viewer in viewers):
            return InboxLook(account, 0, Badge(0))  # each is refused; who follows by now may be its owner
        return await self._gathering.ask(account)

    async def _looks(self, accounts: Sequence[UUID]) -> list["InboxLook"]:
        """Return accounts' notifications as they stand, by two statements."""
        async with self._db.reading() as session:
            # The number first: what is counted may be newer than it, and is then told once more.
            seqs = await MailboxRepository(session).seqs(set(accounts))
            unread = await NotificationRepository(session).all_unread(set(accounts), MOST_UNREAD)
        return [InboxLook(account, seqs.get(account, 0), Badge(unread[account])) for account in accounts]

    async def heads(self, keys: Collection[str]) -> Mapping[str, Hashable]:
        """Return where accounts stand."""
        async with self._db.reading() as session:
            found = await MailboxRepository(session).seqs([UUID(key) for key in keys])
        return {key: found.get(UUID(key), 0) for key in keys}


def _is_theirs(account: UUID, viewer: Viewer) -> bool:
    subject = viewer.subject
    return subject is not None and subject.kind is Kind.USER and subject.id == account


class InboxLook(NamedTuple):
    """An account's notifications at one moment."""

    account: UUID
    head: int
    badge: Badge
    changes_in: float | None = None

    def view(self, viewer: Viewer) -> None:
        """Refuse everybody but the account.

        Raises:
            Problem: 404.
        """
        if not _is_theirs(self.account, viewer):
            raise not_found("stream")

    async def read(self, view: None, since: Position | None) -> Reading:
        """Return the badge, unless nothing has changed."""
        position = Position(_EPOCH, self.head)
        return Reading(position) if since == position else Reading(position, self.badge)
