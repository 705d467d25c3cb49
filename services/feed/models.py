"""Tables of Feed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, column
from sqlalchemy.orm import Mapped, mapped_column

from services.core.circles import BlockColumns, FollowColumns, MuteColumns
from services.core.data.models import ServiceBase
from services.core.people import PersonColumns


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Audience(StrEnum):
    """Whose feeds show an entry."""

    PUBLIC = "public"
    FOLLOWERS = "followers"
    NOBODY = "nobody"


class Entry(Base):
    """Something that somebody has published: a projection of its service's events.

    Attributes:
        id: The thing's.
        version: The publishing service's own; what is older changes nothing.
        ordinal: Orders entries by their publication: a UUIDv7 that follows from that moment and the id alone, so that
            it is the same in whatever order events arrive.
        audience: `nobody` for what is deleted or unlisted. The row stays, or a late event would bring it back.
        text: Empty for what is deleted.
    """

    __tablename__ = "entry"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    ordinal: Mapped[UUID] = mapped_column(unique=True)
    author: Mapped[UUID]
    audience: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("audience IN ('public', 'followers', 'nobody')", name="audience"),
        Index("ix_entry_author", "author", "ordinal", postgresql_where=column("audience") != "nobody"),
        Index("ix_entry_public", "ordinal", postgresql_where=column("audience") == "public"),
    )


class Person(PersonColumns, Base):
    """Who authors are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followers", "followee", "follower", postgresql_where=column("accepted")),)


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"


class Mute(MuteColumns, Base):
    """Who mutes whom: a projection of `follows.mute.changed`."""

    __tablename__ = "mute"
