"""Tables of Expressions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, Text, column, false, func
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.cases.tables import AppealTable, FilterTable, ReportTable, RoundTable, case_args, filter_args
from services.core.circles import BlockColumns, FollowColumns, MuteColumns
from services.core.data.audit import AuditColumns
from services.core.data.models import ServiceBase
from services.core.ids import new_id
from services.core.images.tables import ImageColumns
from services.core.people import PersonColumns


class Base(ServiceBase):
    """This service's tables."""

    __abstract__ = True


class Account(Base):
    """What an account has stored. Whoever writes for it locks its row first, then Waves."""

    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reactions: Mapped[int] = mapped_column(server_default="0")
    __table_args__ = (CheckConstraint("least(bytes, reactions) >= 0", name="arent_negative"),)


class Wave(Base):
    """A short post, with the counts of what others do with it, which change in the transactions of what they count.

    Attributes:
        version: Of what the author has written; grows with each change.
        pieces: The text, cut where it mentions, tags or links: `texts.Piece` each.
        images: What it shows, in order: `picturing.Shown` each.
        hidden_as: Null while it is shown. `filter`: it waits for a moderator. `moderator`: one has hidden it. Its
            author sees it, and moderators.
        bare: It shares another Wave on, and says nothing. One account has one such Ripple of a Wave.
        emojis: How many reacted with each.
        reacted: How often a reaction was added, changed or taken back: the version of the counts.
        edits: How many earlier versions there are.
    """

    __tablename__ = "wave"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    author: Mapped[UUID]
    version: Mapped[int] = mapped_column(server_default="1")
    text: Mapped[str] = mapped_column(Text)
    pieces: Mapped[list[list[str]]] = mapped_column(JSONB)
    images: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'::jsonb"))
    visibility: Mapped[str] = mapped_column(Text)
    poll: Mapped[UUID | None]
    ripple_of: Mapped[UUID | None]
    hidden_as: Mapped[str | None] = mapped_column(Text)
    bare: Mapped[bool] = mapped_column(server_default=false())
    likes: Mapped[int] = mapped_column(server_default="0")
    claps: Mapped[int] = mapped_column(server_default="0")
    emojis: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    ripples: Mapped[int] = mapped_column(server_default="0")
    reacted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    edits: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edited_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("visibility IN ('public', 'followers', 'mentioned')", name="visibility"),
        CheckConstraint("least(likes, claps, ripples) >= 0", name="counts_arent_negative"),
        CheckConstraint("ripple_of IS NOT NULL OR NOT bare", name="bare_ripples"),
        Index("ix_wave_author", "author", "id"),
        Index("ix_wave_ripples", "ripple_of", "id", postgresql_where=column("ripple_of").is_not(None)),
        Index("uq_wave_bare", "author", "ripple_of", unique=True, postgresql_where=column("bare")),
    )


class Image(ImageColumns, Base):
    """An image that a user has uploaded."""

    __tablename__ = "image"


class Revision(Base):
    """An earlier version of a Wave's text.

    Attributes:
        number: From 0 on.
        at: Since when it was the text.
    """

    __tablename__ = "revision"
    wave: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    pieces: Mapped[list[list[str]]] = mapped_column(JSONB)
    at: Mapped[datetime]


class Mention(Base):
    """A Wave names somebody, who sees it whatever its visibility is."""

    __tablename__ = "mention"
    wave: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    __table_args__ = (Index("ix_mention_account", "account", "wave"),)


class Reaction(Base):
    """Somebody reacts to a Wave: once in each kind.

    Attributes:
        ordinal: Orders lists.
    """

    __tablename__ = "reaction"
    wave: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    emoji: Mapped[str | None] = mapped_column(Text)
    ordinal: Mapped[UUID] = mapped_column(default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        CheckConstraint("kind IN ('like', 'clap', 'emoji')", name="kind"),
        CheckConstraint("(kind = 'emoji') = (emoji IS NOT NULL)", name="emoji"),
        Index("ix_reaction_list", "wave", "ordinal"),
        Index("ix_reaction_account", "account", "ordinal"),
    )


class Leftover(Base):
    """A deleted Wave whose reactions are still to be removed: there may be more than one transaction should take."""

    __tablename__ = "leftover"
    wave: Mapped[UUID] = mapped_column(primary_key=True)


class IdempotencyKey(Base):
    """A key that a client gave with a request to create, and the Wave that came of it."""

    __tablename__ = "idempotency_key"
    owner: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    wave: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Person(PersonColumns, Base):
    """Who people are to others: a projection of `profiles.profile.changed`. Handles are ASCII."""

    __tablename__ = "person"
    private: Mapped[bool]
    __table_args__ = (Index("ix_person_handle", func.lower(column("handle"))),)


class Limit(Base):
    """Whether somebody's Waves are seen by themselves alone: a projection of `comments.account.limited`.

    Attributes:
        after: Up to and with this Wave, others were told.
        left: There may be Waves of which others weren't told yet.
    """

    __tablename__ = "limited"
    account: Mapped[UUID] = mapped_column(primary_key=True)
    limited: Mapped[bool]
    version: Mapped[int]
    after: Mapped[UUID]
    left: Mapped[bool]
    __table_args__ = (Index("ix_limited_left", "account", postgresql_where=column("left")),)


class Filter(FilterTable, Base):
    """Words whose Waves wait for a moderator: a projection of `comments.filter.changed`.

    Attributes:
        created_at: Since when Waves are held against it here.
        removed: For good; the row stays for what is told late.
    """

    removed: Mapped[bool]
    __table_args__ = filter_args()


class FilterRound(RoundTable, Base):
    """Where Waves from before are held against new filters."""


class Report(ReportTable, Base):
    """Somebody thinks that a Wave shouldn't be there."""

    about: Mapped[UUID] = mapped_column("wave", primary_key=True)
    __table_args__ = (Index("ix_report_at", "wave", "at", "reporter"), Index("ix_report_reporter", "reporter", "wave"))


class Case(AppealTable, Base):
    """What moderators have to decide about a Wave: filtered words, reports of it, or its author's appeal."""

    about: Mapped[UUID] = mapped_column("wave", unique=True)
    __table_args__ = case_args("hidden", "dismissed", "restored")


class ModerationEntry(AuditColumns, Base):
    """What moderators did with Waves."""

    __tablename__ = "moderation_log"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    wave: Mapped[UUID]


class Poll(Base):
    """A published poll, as far as it matters who may see it: a projection of `polls.poll.changed`."""

    __tablename__ = "poll"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    owner: Mapped[UUID]
    listing: Mapped[str] = mapped_column(Text)
    deleted: Mapped[bool]


class Follow(FollowColumns, Base):
    """Who follows whom: a projection of `follows.follow.changed`."""

    __tablename__ = "follow"


class Block(BlockColumns, Base):
    """Who blocks whom: a projection of `follows.block.changed`."""

    __tablename__ = "block"


class Mute(MuteColumns, Base):
    """Who mutes whom: a projection of `follows.mute.changed`."""

    __tablename__ = "mute"
