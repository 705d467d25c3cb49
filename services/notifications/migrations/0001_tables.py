"""Tables of Notifications.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.events import tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("watches", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("watches >= 0", name=op.f("ck_account_watches_arent_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "block",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_block")),
    )
    op.create_table(
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_table(
        "mute",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_mute")),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_index("ix_notification_age", "notification", ["ordinal"], unique=False)
    op.create_index("ix_notification_list", "notification", ["recipient", "ordinal"], unique=False)
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["recipient", "ordinal"],
        unique=False,
        postgresql_where=sa.text("NOT read"),
    )
    op.create_index("uq_notification_group", "notification", ["recipient", "kind", "subject"], unique=True)
    op.create_table(
        "person",
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "preference",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "channel", name=op.f("pk_preference")),
    )
    op.create_table(
        "send",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'paused', 'done')", name=op.f("ck_send_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send")),
    )
    op.create_index("uq_send_once", "send", ["kind", "subject"], unique=True)
    op.create_table(
        "thing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("of", sa.Uuid(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("names", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.CheckConstraint("type IN ('wave', 'poll', 'comment')", name=op.f("ck_thing_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thing")),
    )
    op.create_index("ix_thing_of", "thing", ["of"], unique=False, postgresql_where=sa.text('"of" IS NOT NULL'))
    op.create_table(
        "watch",
        sa.Column("poll", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("poll", "account", name=op.f("pk_watch")),
    )
    op.create_index("ix_watch_account", "watch", ["account", "ordinal"], unique=False)
    op.create_table(
        "happening",
        sa.Column("notification", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification"], ["notification.id"], name=op.f("fk_happening_notification"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notification", "actor", "cause", name=op.f("pk_happening")),
    )
    op.create_index(
        "ix_happening_latest", "happening", ["notification", "at"], unique=False, postgresql_where=sa.text("present")
    )
    op.create_table(
        "shard",
        sa.Column("send", sa.Uuid(), nullable=False),
        sa.Column("last", sa.Uuid(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("left", sa.Boolean(), server_default="true", nullable=False),
        sa.ForeignKeyConstraint(["send"], ["send.id"], name=op.f("fk_shard_send"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("send", "last", name=op.f("pk_shard")),
    )
    op.create_index("ix_shard_left", "shard", ["send", "last"], unique=False, postgresql_where=sa.text('"left"'))
    tables.create()


def downgrade() -> None:
    op.drop_index("ix_shard_left", table_name="shard", postgresql_where=sa.text('"left"'))
    op.drop_table("shard")
    op.drop_index("ix_happening_latest", table_name="happening", postgresql_where=sa.text("present"))
    op.drop_table("happening")
    op.drop_index("ix_watch_account", table_name="watch")
    op.drop_table("watch")
    op.drop_index("ix_thing_of", table_name="thing", postgresql_where=sa.text('"of" IS NOT NULL'))
    op.drop_table("thing")
    op.drop_index("uq_send_once", table_name="send")
    op.drop_table("send")
    op.drop_table("preference")
    op.drop_table("person")
    op.drop_index("uq_notification_group", table_name="notification")
    op.drop_index("ix_notification_unread", table_name="notification", postgresql_where=sa.text("NOT read"))
    op.drop_index("ix_notification_list", table_name="notification")
    op.drop_index("ix_notification_age", table_name="notification")
    op.drop_table("notification")
    op.drop_table("mute")
    op.drop_table("follow")
    op.drop_table("block")
    op.drop_table("account")
    tables.drop()
