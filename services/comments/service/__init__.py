"""Use cases of Comments; each is one transaction. `Comments` holds them in groups."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.comments.events import AccountDeleted, FollowChanged, PollChanged, ProfileChanged
from services.comments.models import EarlierFollows, Follow, Person
from services.comments.repository import ThreadRepository
from services.comments.service.erasing import erase
from services.comments.service.following import Following
from services.comments.service.keeping import CommentRounds
from services.comments.service.limiting import Limiting
from services.comments.service.moderating import Moderating
from services.comments.service.reading import Reading
from services.comments.service.reporting import Reporting
from services.comments.service.supporting import Supporting
from services.comments.service.threads import Threads
from services.comments.service.writing import Writing
from services.comments.settings import CommentsSettings
from services.core.circles import Earlier
from services.core.kit import Kit
from services.core.people import People
from services.core.service import UseCases


class Comments(UseCases[CommentsSettings]):
    """What can be done with comments.

    Attributes:
        people: Who accounts are.
        earlier: Who followed whom before this service listened.
        reading: Threads, lists, one comment in its context.
        writing: Adding, editing, deleting one's own.
        supporting: Supporting a comment.
        following: Who follows which threads.
        moderating: Hiding, locking, pinning.
        reporting: Reports, appeals, decisions about them.
        limiting: Filters of words, limits of accounts.
        rounds: Holding comments from before against new filters.
    """

    def __init__(self, kit: Kit[CommentsSettings]) -> None:
        super().__init__(kit)
        self.people = People(kit, Person, ProfileChanged)
        self.earlier = Earlier(kit, FollowChanged, Follow, EarlierFollows)
        threads = Threads(kit)
        self.reading = Reading(kit, self.people, threads)
        self.writing = Writing(kit, threads)
        self.supporting = Supporting(kit)
        self.following = Following(kit, threads)
        self.moderating = Moderating(kit, self.people, threads)
        self.reporting = Reporting(kit, self.people, self.reading)
        self.limiting = Limiting(kit, self.people, self.reading)
        self.rounds = CommentRounds(kit)

    async def on_poll_changed(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep what can be commented on."""
        await ThreadRepository(session).keep(event)

    async def erase(self, session: AsyncSession, gone: AccountDeleted) -> bool:
        """Erase some of what there is of a deleted account."""
        return await erase(session, gone.account)


__all__ = ["Comments"]
