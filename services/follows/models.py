"""Tables of Follows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, column, func
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import ServiceBase
from services.core.ids import new_id
from services.core.people import PersonColumns


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Account(Base):
    """The counts of an account. Whoever changes a follow, block or mute locks the rows of those concerned.

    Attributes:
        requests: Waiting for this account's answer.
        requests_sent: Waiting for others' answers.
        tags: Followed by it.
        version: Grows with each change of a count; events carry it.
    """

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    followers: Mapped[int] = mapped_column(server_default="0")
    following: Mapped[int] = mapped_column(server_default="0")
    requests: Mapped[int] = mapped_column(server_default="0")
    requests_sent: Mapped[int] = mapped_column(server_default="0")
    blocks: Mapped[int] = mapped_column(server_default="0")
    mutes: Mapped[int] = mapped_column(server_default="0")
    tags: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="0")
    __table_args__ = (
        CheckConstraint(
            "least(followers, following, requests, requests_sent, blocks, mutes) >= 0", name="counts_arent_negative"
        ),
        Index("ix_account_followers", "followers", "id", postgresql_where=column("followers") > 0),
    )


class Follow(Base):
    """Somebody follows somebody, or asks to.

    Attributes:
        state: `requested` or `accepted`.
        ordinal: Orders lists; a new one when a request is accepted, so that new followers stand first.
        at: Since when it has its state.
    """

    __tablename__ = "follow"
    follower: Mapped[UUID] = mapped_column(primary_key=True)
    followee: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'accepted')", name="state"),
        CheckConstraint("follower <> followee", name="others_only"),
        Index("ix_follow_followee", "followee", "state", "ordinal"),
        Index("ix_follow_follower", "follower", "state", "ordinal"),
    )


class MarkColumns:
    """What an account has decided about another one."""

    account: Mapped[UUID] = mapped_column(primary_key=True)
    other: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Block(MarkColumns, Base):
    """An account wants nothing to do with another one."""

    __tablename__ = "block"
    __table_args__ = (Index("ix_block_list", "account", "ordinal"),)


class Mute(MarkColumns, Base):
    """An account wants to see nothing of another one, who doesn't learn of it."""

    __tablename__ = "mute"
    __table_args__ = (Index("ix_mute_list", "account", "ordinal"),)


class Tag(Base):
    """A tag that somebody follows, and how many do; it goes with the last of them."""

    __tablename__ = "tag"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    followers: Mapped[int]
    __table_args__ = (CheckConstraint("followers >= 0", name="followers_arent_negative"),)


class TagFollow(Base):
    """An account follows a tag.

    Attributes:
        ordinal: Orders lists.
    """

    __tablename__ = "tag_follow"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_tag_follow_list", "account", "ordinal"),)


class Person(PersonColumns, Base):
    """Who accounts are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
    private: Mapped[bool]
