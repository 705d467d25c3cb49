"""Tables of Comments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, Text, and_, column, func
from sqlalchemy.orm import Mapped, mapped_column

from services.core.cases.tables import AppealTable, FilterTable, ReportTable, RoundTable, case_args, filter_args
from services.core.circles import BlockColumns, EarlierColumns, FollowColumns
from services.core.data.audit import AuditColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id
from services.core.people import PersonColumns


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Thread(Base):
    """All comments on one thing. Whoever comments locks its row, so that counts are exact.

    Attributes:
        id: What is commented on: a poll.
        kind: `poll`.
        owner: Whose it is.
        title: The poll's.
        listing: The poll's: `followers` is seen by who follows its owner, and the owner.
        known_version: The version of it that is known here.
        deleted: It is gone, and what was said about it isn't shown any more.
        comments: How many can be read.
        places: How many top-level comments there ever were; the next one gets the next place.
        locked: Nobody but its owner and moderators adds to it.
        pinned: The comment that stands first.
    """

    __tablename__ = "thread"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    owner: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    listing: Mapped[str] = mapped_column(Text, server_default="public")
    known_version: Mapped[int]
    deleted: Mapped[bool]
    comments: Mapped[int] = mapped_column(server_default="0")
    places: Mapped[int] = mapped_column(server_default="0")
    locked: Mapped[bool] = mapped_column(server_default="false")
    pinned: Mapped[UUID | None]
    __table_args__ = (CheckConstraint("least(comments, places) >= 0", name="counts_arent_negative"),)


_TOP = and_(column("parent").is_(None), column("listed"))


class Comment(Base):
    """A comment, or what is left of it where answers hang on it.

    Attributes:
        parent: What it answers; null at the top of the thread.
        path: The places of those above it and its own, four bytes each: sorted, it is the thread as people read it.
        author: Who wrote it.
        text: Empty once it is deleted.
        state: `shown`, `deleted` by its author, or `hidden` by the thread's owner or a moderator.
        hidden_as: Who has hidden it, `owner` or `moderator`; an owner doesn't restore what a moderator has hidden.
            `filter`: it waits for a moderator. `limit`: its author is limited, and isn't to know of it.
        listed: Lists have it: it is shown, or an answer to it is listed.
        replies: How many direct answers are listed.
        places: How many direct answers there ever were.
        support: How many people support it.
        version: Grows with each change that is told of.
        request_key: The idempotency key that made it.
        request_hash: What was asked for with the key.
    """

    __tablename__ = "comment"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    thread: Mapped[UUID]
    parent: Mapped[UUID | None]
    path: Mapped[bytes] = mapped_column(LargeBinary)
    author: Mapped[UUID]
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="shown")
    hidden_as: Mapped[str | None] = mapped_column(Text)
    listed: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edited_at: Mapped[datetime | None]
    replies: Mapped[int] = mapped_column(server_default="0")
    places: Mapped[int] = mapped_column(server_default="0")
    support: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")
    request_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint("state IN ('shown', 'deleted', 'hidden')", name="state"),
        CheckConstraint("least(replies, places, support) >= 0", name="counts_arent_negative"),
        Index("ix_comment_top", "thread", "id", postgresql_where=_TOP),
        Index("ix_comment_top_supported", "thread", "support", "id", postgresql_where=_TOP),
        Index("ix_comment_replies", "parent", "id", postgresql_where=column("listed")),
        Index("ix_comment_replies_supported", "parent", "support", "id", postgresql_where=column("listed")),
        Index("uq_comment_path", "thread", "path", unique=True),
        Index("ix_comment_author", "author", "id"),
        Index("ix_comment_limited", "author", "thread", postgresql_where=column("hidden_as") == "limit"),
        Index(
            "uq_comment_request",
            "author",
            "request_key",
            unique=True,
            postgresql_where=column("request_key").isnot(None),
        ),
    )


class Mention(Base):
    """A comment names somebody.

    Attributes:
        handle: As the text calls them, in lower case; they may have another one now.
    """

    __tablename__ = "mention"
    comment: Mapped[UUID] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[UUID]
    __table_args__ = (Index("ix_mention_account", "account", "comment"),)


class Following(Base):
    """Whether somebody wants to be told of what is said in a thread.

    Where there is no row, the thread's owner does and others don't. The row stays when they don't any more: what they
    have chosen holds whatever they say there later.

    Attributes:
        following: They do.
        version: Grows with each change that is told of.
        ordinal: Orders their list.
    """

    __tablename__ = "following"
    thread: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    following: Mapped[bool]
    version: Mapped[int] = mapped_column(server_default="1")
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    __table_args__ = (
        Index("ix_following_account", "account", "ordinal", postgresql_where=column("following")),
        Index("ix_following_of", "account"),
    )


class Support(Base):
    """Somebody supports a comment."""

    __tablename__ = "support"
    comment: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_support_account", "account", "comment"),)


class Report(ReportTable, Base):
    """Somebody thinks that a comment shouldn't be there."""

    about: Mapped[UUID] = mapped_column("comment", primary_key=True)
    __table_args__ = (Index("ix_report_at", "comment", "at", "reporter"),)


class Case(AppealTable, Base):
    """What moderators have to decide about a comment: filtered words, reports of it, or its author's appeal."""

    about: Mapped[UUID] = mapped_column("comment", unique=True)
    __table_args__ = case_args("hidden", "dismissed", "restored")


class Filter(FilterTable, Base):
    """Words whose comments wait for a moderator before others see them.

    Attributes:
        told: Other services have heard of it; false for those from before they were told.
    """

    key: Mapped[str] = mapped_column(Text, unique=True)
    told: Mapped[bool] = mapped_column(server_default="false")
    __table_args__ = filter_args()


class FilterRound(RoundTable, Base):
    """Where comments from before are held against new filters."""


class Limit(Base):
    """Whether what somebody says is seen by themselves and moderators alone. The row stays when it isn't any more.

    Attributes:
        version: Grows with each change.
        ordinal: Orders the list.
        left: There may be comments that don't follow it yet.
    """

    __tablename__ = "limited"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    limited: Mapped[bool]
    version: Mapped[int] = mapped_column(server_default="1")
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    left: Mapped[bool] = mapped_column(server_default="true")
    __table_args__ = (
        Index("ix_limited_now", "ordinal", postgresql_where=column("limited")),
        Index("ix_limited_left", "account", postgresql_where=column("left")),
    )


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"
    __table_args__ = (Index("ix_follow_followee", "followee"),)


class EarlierFollows(EarlierColumns, Base):
    """That it has those who followed somebody before Comments listened."""

    __tablename__ = "earlier_follows"


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"


class Person(PersonColumns, Base):
    """Who accounts are to others: a projection of `profiles.profile.changed`. Handles are ASCII."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_handle", func.lower(column("handle"))),)


class AuditEntry(AuditColumns, Base):
    """What owners and moderators did to a thread."""

    __tablename__ = "audit_log"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    thread: Mapped[UUID]
    __table_args__ = (Index("ix_audit_log_thread", "thread", "position"),)


class ModerationEntry(AuditColumns, Base):
    """What moderators did: to filters and limits, to comments, and to threads of others.

    Attributes:
        comment: What was decided about, hidden or shown; null where it is about something else.
    """

    __tablename__ = "moderation_log"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    comment: Mapped[UUID | None]
