"""What an account is given of what is kept here."""

from uuid import UUID

from sqlalchemy import select

from services.core.personal import Part
from services.follows.models import Block, Follow, Mute, TagFollow


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    following = select(Follow.followee, Follow.state, Follow.at).where(Follow.follower == account)
    followers = select(Follow.follower, Follow.state, Follow.at).where(Follow.followee == account)
    blocks = select(Block.other, Block.at).where(Block.account == account)
    mutes = select(Mute.other, Mute.at).where(Mute.account == account)
    tags = select(TagFollow.tag, TagFollow.at).where(TagFollow.account == account)
    return [
        Part("following", following, Follow.ordinal),
        Part("followers", followers, Follow.ordinal),
        Part("blocks", blocks, Block.ordinal),
        Part("mutes", mutes, Mute.ordinal),
        Part("tags", tags, TagFollow.ordinal),
    ]
