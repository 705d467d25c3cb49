"""Tables of Notifications."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, Uuid, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.core.circles import BlockColumns, FollowColumns, MuteColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id
from services.core.people import PersonColumns


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Notification(Base):
    """What somebody is told of: all that happened of one kind to one subject.

    Whoever adds to it locks its row. It is shown while there is a happening that the recipient may see.

    Attributes:
        subject: A Wave, a poll or a comment; of follows, the recipient.
        ordinal: Its place in the recipient's list: a UUIDv7 of the moment at which something new happened last.
    """

    __tablename__ = "notification"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recipient: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID]
    ordinal: Mapped[UUID]
    read: Mapped[bool]
    __table_args__ = (
        Index("uq_notification_group", "recipient", "kind", "subject", unique=True),
        Index("ix_notification_list", "recipient", "ordinal"),
        Index("ix_notification_unread", "recipient", "ordinal", postgresql_where=~column("read")),
        Index("ix_notification_age", "ordinal"),
    )


class Happening(Base):
    """Somebody did something that a notification tells of.

    Attributes:
        cause: What tells their doings apart: the id of what they wrote, or made of the kind of their reaction.
        version: Of the event that told of it; what is older changes nothing.
        present: It still stands. The row stays when it doesn't, or a late event would bring it back.
        told: It was new once: what is taken back and done again isn't new again.
    """

    __tablename__ = "happening"
    notification: Mapped[UUID] = mapped_column(ForeignKey("notification.id", ondelete="CASCADE"), primary_key=True)
    actor: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    present: Mapped[bool]
    told: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_happening_latest", "notification", "at", postgresql_where=column("present")),)


class Thing(Base):
    """A Wave, a poll or a comment, as far as notifications show it: a projection of its service's events.

    Attributes:
        version: The publishing service's own; what is older changes nothing.
        of: The poll that a comment is on, the Wave that a Ripple shares on.
        audience: Whom it is for, in the publisher's words; of a comment, `shown`, `hidden` or `deleted`.
        names: Whom a Wave or a comment names.
        text: The beginning of what it says; a poll's title.
        gone: It was deleted. The row stays, or a late event would bring it back.
        closes_at: When a poll closes by itself; null if it doesn't, or is over by its owner's act.
        remind_at: When those who watch a poll are to be told that it closes soon; null if they aren't, or were.
        reminded: The end of which they were told last.
    """

    __tablename__ = "thing"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[UUID]
    of: Mapped[UUID | None]
    audience: Mapped[str] = mapped_column(Text)
    names: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")
    text: Mapped[str] = mapped_column(Text)
    gone: Mapped[bool]
    closes_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    reminded: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_thing_remind", "remind_at", postgresql_where=column("remind_at").is_not(None)),
        CheckConstraint("type IN ('wave', 'poll', 'comment')", name="type"),
        Index("ix_thing_of", "of", postgresql_where=column("of").is_not(None)),
    )


class Preference(Base):
    """Whether somebody is told of a kind by a channel. Where there is no row, it is as `kinds` says."""

    __tablename__ = "preference"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    wanted: Mapped[bool]


class Account(Base):
    """What an account has stored. Whoever adds to it locks its row first."""

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    watches: Mapped[int] = mapped_column(server_default="0")
    __table_args__ = (CheckConstraint("watches >= 0", name="watches_arent_negative"),)


class Mailbox(Base):
    """What somebody's notifications have come to, and how and when they get mail.

    Attributes:
        seq: Grows with each change of what they are told of, in the transaction that changes it.
        email: Whether they get any.
        digest: `none` or `daily`.
        zone: Their time zone's name in the IANA database.
        quiet_from: When their quiet hours begin, in minutes after midnight; null without quiet hours.
        quiet_to: When they end.
        due_at: When the next mail leaves; null if there is nothing to tell.
        told: The ordinal of the last notification that they were told of by mail.
        tries: How often the next mail couldn't be sent.
    """

    __tablename__ = "mailbox"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    email: Mapped[bool] = mapped_column(server_default="true")
    digest: Mapped[str] = mapped_column(Text, server_default="none")
    zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    due_at: Mapped[datetime | None]
    told: Mapped[UUID] = mapped_column(server_default=str(UUID(int=0)))
    tries: Mapped[int] = mapped_column(server_default="0")
    __table_args__ = (
        CheckConstraint("digest IN ('none', 'daily')", name="digest"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_hours"),
        Index("ix_mailbox_due", "due_at", postgresql_where=column("due_at").is_not(None)),
    )


class Device(Base):
    """A browser in which somebody is told by web push.

    Whoever adds one locks its account's row first. A browser is one account's, the one that was signed in there last:
    what others are told isn't shown to it.

    Attributes:
        same: SHA-256 of its endpoint and its keys, by which a browser that comes again is known.
        endpoint: Where messages for it are sent: a stranger's URL.
        public_key: Of the key with which it reads them.
        auth: The secret that it shares with us.
        signer: The public half of the key of ours that it knows; it takes nothing that another one signed.
        label: What its owner sees it as.
        session: In which it was added last, and with which it goes; null if that was before it was kept.
        told: The ordinal of the last notification that it was told of.
        due_at: When the next message leaves; null if there is nothing to tell. While one is being sent, when it is
            sent again if whoever sends it is killed.
        tries: How often in a row it couldn't be sent to.
    """

    __tablename__ = "device"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[UUID]
    same: Mapped[bytes] = mapped_column(LargeBinary)
    endpoint: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    auth: Mapped[bytes] = mapped_column(LargeBinary)
    signer: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(Text)
    told: Mapped[UUID]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    session: Mapped[UUID | None]
    __table_args__ = (
        Index("uq_device_same", "same", unique=True),
        Index("ix_device_account", "account", "id"),
        Index("ix_device_due", "due_at", postgresql_where=column("due_at").is_not(None)),
    )


class Watch(Base):
    """Somebody wants to be told when a poll opens and closes.

    Attributes:
        ordinal: Orders their list.
    """

    __tablename__ = "watch"
    poll: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    __table_args__ = (Index("ix_watch_account", "account", "ordinal"),)


class Following(Base):
    """Whether somebody wants to be told of what is said in a thread: a projection of `comments.thread.followed`.

    Where there is no row, the thread's owner does.
    """

    __tablename__ = "following"
    thread: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    following: Mapped[bool]
    version: Mapped[int]
    __table_args__ = (Index("ix_following_account", "account"),)


class Send(Base):
    """Something that many are told of: a job, done shard by shard.

    Attributes:
        actor: Who did it.
        at: When. Who wanted to be told later isn't.
        people: How many it is for.
        state: `running`, `paused` or `done`.
    """

    __tablename__ = "send"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID]
    actor: Mapped[UUID]
    at: Mapped[datetime]
    people: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        CheckConstraint("state IN ('running', 'paused', 'done')", name="state"),
        Index("uq_send_once", "kind", "subject", unique=True),
    )


class Shard(Base):
    """A part of those whom a send is for: the accounts from one id to another.

    Attributes:
        after: Up to and with this account, everybody was told.
        last: The last account that belongs to it.
        sent: How many were told.
        left: There are more to be told.
    """

    __tablename__ = "shard"
    send: Mapped[UUID] = mapped_column(ForeignKey("send.id", ondelete="CASCADE"), primary_key=True)
    last: Mapped[UUID] = mapped_column(primary_key=True)
    after: Mapped[UUID]
    sent: Mapped[int] = mapped_column(server_default="0")
    left: Mapped[bool] = mapped_column(server_default="true")
    __table_args__ = (Index("ix_shard_left", "send", "last", postgresql_where=column("left")),)


class Person(PersonColumns, Base):
    """Who people are to others: a projection of `profiles.profile.changed`."""

    __tablename__ = "person"
    private: Mapped[bool]


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"


class Mute(MuteColumns, Base):
    """Who mutes whom: a projection of `follows.mute.changed`."""

    __tablename__ = "mute"
