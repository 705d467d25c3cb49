"""Following tags."""

from services.core.data.pagination import Page, map_page
from services.core.data.repository import to_schema
from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import over_quota, refused
from services.core.service import NoSettings
from services.core.tags import tag_of
from services.follows import repository as lists
from services.follows.events import TagChanged
from services.follows.models import TagFollow
from services.follows.repository import AccountRepository, TagFollowRepository, TagRepository
from services.follows.schemas import TagRelationView, TagView

MOST_TAGS = 200
"""How many tags one account may follow. A home feed looks at each of them."""


class Tagging:
    """Following tags: what is tagged so and for everybody comes into the home feed."""

    def __init__(self, kit: Kit[NoSettings]) -> None:
        self._db = kit.db

    async def mine(self, subject: Subject, cursor: str | None, limit: int) -> Page[TagView]:
        """Return a page of the tags that the subject follows, the newest first.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.reading() as session:
            mine = TagFollow.account == subject.id
            page = await TagFollowRepository(session).page(lists.TAGS.page(cursor, limit), mine)
        return map_page(page, lambda row: to_schema(row, TagView))

    async def relation(self, subject: Subject, written: str) -> TagRelationView:
        """Return how many follow a tag, and whether the subject does.

        Raises:
            Problem: 403 for guests, 422 for what is no tag.
        """
        subject.require_user()
        tag = _tag(written)
        async with self._db.reading() as session:
            followers, followed = await TagFollowRepository(session).relation(subject.id, tag)
        return TagRelationView(tag, followers, followed)

    async def follow(self, subject: Subject, written: str) -> None:
        """Follow a tag; again, it does nothing.

        Raises:
            Problem: 403 for guests, 422 for what is no tag, 429 for one too many.
        """
        subject.require_user()
        tag = _tag(written)
        async with self._db.transaction() as session:
            accounts = AccountRepository(session)
            account = (await accounts.lock([subject.id]))[subject.id]
            if not await TagFollowRepository(session).start(subject.id, tag):
                return
            if account.tags >= MOST_TAGS:
                raise over_quota(f"One account may follow {MOST_TAGS} tags.")
            await TagRepository(session).gain(tag)
            version = await accounts.change(subject.id, tags=1)
            await publish(session, TagChanged(account=subject.id, tag=tag, followed=True, version=version))

    async def unfollow(self, subject: Subject, written: str) -> None:
        """Follow a tag no longer; where it isn't followed, it does nothing.

        Raises:
            Problem: 403 for guests, 422 for what is no tag.
        """
        subject.require_user()
        tag = _tag(written)
        async with self._db.transaction() as session:
            accounts = AccountRepository(session)
            await accounts.lock([subject.id])
            if not await TagFollowRepository(session).end(subject.id, [tag]):
                return
            await TagRepository(session).lose(tag)
            version = await accounts.change(subject.id, tags=-1)
            await publish(session, TagChanged(account=subject.id, tag=tag, followed=False, version=version))


def _tag(written: str) -> str:
    tag = tag_of(written)
    if tag is None:
        raise refused("not-a-tag", "A tag consists of letters, digits and _, and not of digits alone.")
    return tag
