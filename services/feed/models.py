"""Tables of Feed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Text, Uuid, column, func
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.core.circles import BlockColumns, FollowColumns, MuteColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id
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
        words: Of its text, folded, to be found by.
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
    words: Mapped[Any] = mapped_column(TSVECTOR, server_default="", deferred=True)
    __table_args__ = (
        CheckConstraint("audience IN ('public', 'followers', 'nobody')", name="audience"),
        Index("ix_entry_author", "author", "ordinal", postgresql_where=column("audience") != "nobody"),
        Index("ix_entry_public", "ordinal", postgresql_where=column("audience") == "public"),
        Index("ix_entry_words", "words", postgresql_using="gin"),
    )


class TakenOver(Base):
    """How far Feed has taken over what was published before it kept all that it keeps now.

    Attributes:
        source: Which service was asked.
        after: Up to and with this thing it is known.
        done: Nothing is missing.
    """

    __tablename__ = "taken_over"
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    after: Mapped[UUID]
    done: Mapped[bool]


class Ripple(Base):
    """Somebody shares a Wave on without words: those who follow them come across it once more.

    With words it is a Wave of their own, and an entry.

    Attributes:
        version: Expressions' own; what is older changes nothing.
        ordinal: Orders it among entries, as theirs do.
        account: Who shares it on.
        original: The Wave; it needn't be known here yet.
        shown: Whether others see it. The row stays, or a late event would bring it back.
    """

    __tablename__ = "ripple"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    ordinal: Mapped[UUID]
    account: Mapped[UUID]
    original: Mapped[UUID]
    shown: Mapped[bool]
    created_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_ripple_account", "account", "ordinal", postgresql_where=column("shown", Boolean)),
        Index("ix_ripple_original", "original", "created_at", postgresql_where=column("shown", Boolean)),
        Index("ix_ripple_pair", "account", "original", postgresql_where=column("shown", Boolean)),
    )


class Tagged(Base):
    """An entry that is for all has a tag.

    Attributes:
        tag: As it is compared.
        ordinal: The entry's.
    """

    __tablename__ = "tagged"
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[UUID] = mapped_column(primary_key=True)
    entry: Mapped[UUID] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"), index=True)
    __table_args__ = (Index("ix_tagged_lately", "ordinal", "tag", "entry"),)


class Topic(Base):
    """A tag that something has had, to be found by its words.

    Attributes:
        tag: As it is compared.
        words: Of the tag, folded.
        heard_at: When something was told to have it, within an hour; what nothing has any more is dropped a day later.
    """

    __tablename__ = "topic"
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    words: Mapped[Any] = mapped_column(TSVECTOR, deferred=True)
    heard_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_topic_words", "words", postgresql_using="gin"),)


class Trend(Base):
    """A tag that many have used lately, by the last reckoning, which replaces all rows.

    Attributes:
        score: Of `repository.trends`.
        people: How many have used it lately.
    """

    __tablename__ = "trend"
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    score: Mapped[float]
    people: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Person(PersonColumns, Base):
    """Who authors are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
    private: Mapped[bool] = mapped_column(server_default="false")


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followers", "followee", "follower", postgresql_where=column("accepted")),)


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"
    __table_args__ = (Index("ix_block_other", "other"),)


class Mute(MuteColumns, Base):
    """Who mutes whom: a projection of `follows.mute.changed`."""

    __tablename__ = "mute"


class TagFollow(Base):
    """Who follows which tags: a projection of `follows.tag.changed`.

    Attributes:
        heard_at: When it came to be so; rows of tags that aren't followed any more stay for as long as events may come.
    """

    __tablename__ = "tag_follow"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    followed: Mapped[bool]
    version: Mapped[int]
    heard_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_tag_follow_ended", "heard_at", postgresql_where=~column("followed", Boolean)),)


class Hidden(Base):
    """An account wants to come across an entry no more.

    Attributes:
        thing: What it is called by its own service; it needn't be known here.
        ordinal: Orders lists.
    """

    __tablename__ = "hidden"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    thing: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_hidden_list", "account", "ordinal"),)


class Less(Base):
    """An account wants to see less of another one.

    Attributes:
        ordinal: Orders lists.
    """

    __tablename__ = "less"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    other: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_less_list", "account", "ordinal"),)


class Ranking(Base):
    """The order in which somebody was shown their home feed by rank: it stays as it was when its first page was read.

    Attributes:
        id: Of the order, which cursors name; its time is that of the first page.
        things: The entries, the first one first.
        oldest: The ordinal of the oldest of them; what is older comes after them, by time.
    """

    __tablename__ = "ranking"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    things: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    oldest: Mapped[UUID]


class Name(Base):
    """What people are found by.

    Attributes:
        version: That of the event with this name.
        handle: Folded; empty for who is deleted.
        words: Of handle and name, folded.
    """

    __tablename__ = "name"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    handle: Mapped[str] = mapped_column(Text)
    words: Mapped[Any] = mapped_column(TSVECTOR, deferred=True)
    __table_args__ = (Index("ix_name_words", "words", postgresql_using="gin"),)


class Spelling(Base):
    """A word that somebody has used, by what is left of it without any one letter, and by itself."""

    __tablename__ = "spelling"
    written: Mapped[str] = mapped_column(Text, primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True)
