"""Tables of Follows.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.events import tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("followers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("following", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requests_sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("blocks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mutes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "least(followers, following, requests, requests_sent, blocks, mutes) >= 0",
            name=op.f("ck_account_counts_arent_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "block",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_block")),
    )
    op.create_index("ix_block_list", "block", ["account", "ordinal"], unique=False)
    op.create_table(
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('requested', 'accepted')", name=op.f("ck_follow_state")),
        sa.CheckConstraint("follower <> followee", name=op.f("ck_follow_others_only")),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_index("ix_follow_followee", "follow", ["followee", "state", "ordinal"], unique=False)
    op.create_index("ix_follow_follower", "follow", ["follower", "state", "ordinal"], unique=False)
    op.create_table(
        "mute",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_mute")),
    )
    op.create_index("ix_mute_list", "mute", ["account", "ordinal"], unique=False)
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
    tables.create()


def downgrade() -> None:
    tables.drop()
    op.drop_table("person")
    op.drop_index("ix_mute_list", table_name="mute")
    op.drop_table("mute")
    op.drop_index("ix_follow_follower", table_name="follow")
    op.drop_index("ix_follow_followee", table_name="follow")
    op.drop_table("follow")
    op.drop_index("ix_block_list", table_name="block")
    op.drop_table("block")
    op.drop_table("account")
