"""Tags that are followed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.data.pagination import Keyset
from services.core.data.repository import Repository
from services.core.ids import new_id
from services.follows.models import Tag, TagFollow

TAGS = Keyset("followed-tags", TagFollow.ordinal)


class TagRepository(Repository[Tag]):
    """Tags that somebody follows."""

    model_type = Tag

    async def gain(self, tag: str) -> None:
        """Count one follower more."""
        new = insert(Tag).values(name=tag, followers=1)
        more = {"followers": Tag.followers + 1}
        await self.session.execute(new.on_conflict_do_update(index_elements=["name"], set_=more))

    async def lose(self, tag: str) -> None:
        """Count one follower less; a tag goes with the last one."""
        await self.update_where(Tag.name == tag, values={"followers": Tag.followers - 1})
        await self.delete_where(Tag.name == tag, Tag.followers == 0)


class TagFollowRepository(Repository[TagFollow]):
    """Who follows which tags."""

    model_type = TagFollow

    async def start(self, account: UUID, tag: str) -> bool:
        """Let an account follow a tag; say whether it didn't."""
        return await self.add_or_ignore({"account": account, "tag": tag, "ordinal": new_id()}) is not None

    async def end(self, account: UUID, tags: Sequence[str]) -> list[str]:
        """Let an account follow tags no longer; return those that it did, in their order."""
        ended = await self.delete_where(TagFollow.account == account, TagFollow.tag.in_(tags))
        return sorted(row.tag for row in ended)

    async def some_of(self, account: UUID, most: int) -> Sequence[str]:
        """Return some of the tags that an account follows."""
        some = select(TagFollow.tag).where(TagFollow.account == account).order_by(TagFollow.tag).limit(most)
        return (await self.session.scalars(some)).all()

    async def relation(self, account: UUID, tag: str) -> tuple[int, bool]:
        """Return how many follow a tag, and whether an account does."""
        number = select(Tag.followers).where(Tag.name == tag).scalar_subquery()
        follows = exists().where(TagFollow.account == account, TagFollow.tag == tag)
        row = (await self.session.execute(select(func.coalesce(number, 0), follows))).one()
        return row[0], row[1]
