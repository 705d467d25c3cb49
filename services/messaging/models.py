"""Tables of Messaging."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Identity, Index, LargeBinary, Text, column, func
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from services.core.cases.tables import CaseTable, ReportTable, case_args
from services.core.circles import BlockColumns, FollowColumns
from services.core.data.audit import AuditColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id
from services.core.images.tables import ImageColumns
from services.core.people import PersonColumns

SEARCHED = "to_tsvector('simple', text) || array_to_tsvector(ARRAY['c' || replace(conversation::text, '-', '')])"
"""What a message is found by: its words, and its conversation, so that one's own are found without others' beside."""


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Conversation(Base):
    """Two people, or a group. Whoever writes in it locks its row: there is one order of all that happens in it.

    Attributes:
        kind: `direct` or `group`.
        title: A group's.
        low: Of the two accounts of a direct one, the lesser; null in a group.
        high: The other one.
        seq: The position of the last change; the next one gets the next.
        last: The last message, deleted or not.
        asked_by: Whose first message waits to be accepted.
        made_by: Who made it.
        request_key: The idempotency key that made it.
        request_hash: What was asked for with the key.
    """

    __tablename__ = "conversation"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, server_default="")
    low: Mapped[UUID | None]
    high: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last: Mapped[UUID | None]
    asked_by: Mapped[UUID | None]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    request_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        CheckConstraint("kind IN ('direct', 'group')", name="kind"),
        CheckConstraint("(kind = 'direct') = (low IS NOT NULL AND high IS NOT NULL)", name="direct_has_two"),
        CheckConstraint("low < high", name="pair_in_order"),
        Index("uq_conversation_pair", "low", "high", unique=True, postgresql_where=column("low").isnot(None)),
        Index("ix_conversation_asked_by", "asked_by", postgresql_where=column("asked_by").isnot(None)),
        Index(
            "uq_conversation_request",
            "made_by",
            "request_key",
            unique=True,
            postgresql_where=column("request_key").isnot(None),
        ),
    )


class Member(Base):
    """Somebody in a conversation, and how it stands for them.

    Attributes:
        role: `owner`, `admin` or `member`; in a direct one `member`.
        state: `active`; `requested` until they accept; `declined`; `left`, also when somebody removed them.
        since: The position after which they read: what was said before they joined isn't for them.
        read: Up to where they have read.
        shown: Up to where others see that they have read; null as long as they let nobody see it.
        unread: Messages of others after `read` that aren't deleted.
        seq: The position of the last change here in all that changes for the account.
        latest: Sorts the account's conversations: the last message's id, or one made when they joined.
    """

    __tablename__ = "member"
    conversation: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[int] = mapped_column(BigInteger)
    read: Mapped[int] = mapped_column(BigInteger)
    shown: Mapped[int | None] = mapped_column(BigInteger)
    unread: Mapped[int] = mapped_column(server_default="0")
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    latest: Mapped[UUID]
    joined_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'admin', 'member')", name="role"),
        CheckConstraint("state IN ('active', 'requested', 'declined', 'left')", name="state"),
        CheckConstraint("unread >= 0", name="unread_isnt_negative"),
        Index("ix_member_list", "account", "state", "latest"),
        Index("ix_member_seq", "account", "seq"),
        Index(
            "uq_member_owner",
            "conversation",
            unique=True,
            postgresql_where=column("role") == "owner",
        ),
    )


class Account(Base):
    """What is an account's own. Whoever changes several locks them in the order of their ids.

    Attributes:
        seq: The position of the last change in its conversations.
        bytes: What its messages take.
        receipts: It lets others see how far it has read.
        presence: It lets those whom it converses with see whether it is there.
        circle: Grows when others may be the ones who see that.
    """

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    receipts: Mapped[bool] = mapped_column(server_default="true")
    presence: Mapped[bool] = mapped_column(server_default="true")
    circle: Mapped[int] = mapped_column(BigInteger, server_default="0")
    __table_args__ = (CheckConstraint("bytes >= 0", name="bytes_arent_negative"),)


class Message(Base):
    """A message, or what is left of it.

    Attributes:
        seq: Its place in the conversation.
        client_id: The sender's own name for it; the same again is the same message.
        request_hash: What was asked for with that name.
        reply_to: The message that it answers.
        text: Empty once it is deleted.
        deleted: Its sender took it back, or somebody who may did.
        edits: How often it was edited.
    """

    __tablename__ = "message"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    conversation: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    sender: Mapped[UUID]
    client_id: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reply_to: Mapped[UUID | None]
    text: Mapped[str] = mapped_column(Text)
    deleted: Mapped[bool] = mapped_column(server_default="false")
    edits: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edited_at: Mapped[datetime | None]
    searched: Mapped[Any] = deferred(mapped_column(TSVECTOR, Computed(SEARCHED, persisted=True)))
    __table_args__ = (
        Index("uq_message_seq", "conversation", "seq", unique=True),
        Index("uq_message_client_id", "conversation", "sender", "client_id", unique=True),
        Index("ix_message_searched", "searched", postgresql_using="gin"),
    )


class Attachment(ImageColumns, Base):
    """A picture or a file, from the permission to upload it until it is deleted.

    Attributes:
        kind: `image` or `file`.
        content_type: What its sender says that it is; a file was found to be that.
        name: A file's; empty for an image.
        size: What the storage has of it, in bytes.
        message: To which it belongs; null until it is sent.
        place: Among those of the message.
        description: What it shows, in its sender's words.
    """

    __tablename__ = "attachment"
    kind: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, server_default="")
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    message: Mapped[UUID | None] = mapped_column(index=True)
    place: Mapped[int] = mapped_column(server_default="0")
    description: Mapped[str] = mapped_column(Text, server_default="")


class Revision(Base):
    """What a message said before it was edited.

    Attributes:
        number: From 0.
        at: Since when it said so.
    """

    __tablename__ = "revision"
    message: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Reaction(Base):
    """What somebody thinks of a message: one emoji."""

    __tablename__ = "reaction"
    message: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Report(ReportTable, Base):
    """Somebody thinks that a message shouldn't have been sent."""

    about: Mapped[UUID] = mapped_column("message", primary_key=True)
    __table_args__ = (Index("ix_report_at", "message", "at", "reporter"), Index("ix_report_reporter", "reporter"))


class Case(CaseTable, Base):
    """What moderators have to decide about a message, with what it said when it was reported.

    Attributes:
        reason: Of the decision.
    """

    about: Mapped[UUID] = mapped_column("message", unique=True)
    conversation: Mapped[UUID]
    sender: Mapped[UUID]
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    __table_args__ = (*case_args("upheld", "dismissed"), Index("ix_moderation_case_sender", "sender"))


class ModerationEntry(AuditColumns, Base):
    """What moderators decided about messages. What those said isn't here."""

    __tablename__ = "moderation_log"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message: Mapped[UUID]


class Change(Base):
    """One step of a conversation, by its position. It names what changed; what that is now is read from there.

    Attributes:
        what: `sent`, `edited`, `deleted`, `reacted`, `read`, `member` or `title`.
        message: Which one changed.
        account: Who has read, or whose membership changed.
    """

    __tablename__ = "change"
    conversation: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    what: Mapped[str] = mapped_column(Text)
    message: Mapped[UUID | None]
    account: Mapped[UUID | None]
    __table_args__ = (
        CheckConstraint(
            "what IN ('sent', 'edited', 'deleted', 'reacted', 'read', 'member', 'title')",
            name="what",
        ),
    )


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"


class Person(PersonColumns, Base):
    """Who accounts are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
