"""Tables of Feed.

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
        "entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience IN ('public', 'followers', 'nobody')", name=op.f("ck_entry_audience")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("ordinal", name=op.f("uq_entry_ordinal")),
    )
    op.create_index(
        "ix_entry_author",
        "entry",
        ["author", "ordinal"],
        unique=False,
        postgresql_where=sa.text("audience <> 'nobody'"),
    )
    op.create_index(
        "ix_entry_public", "entry", ["ordinal"], unique=False, postgresql_where=sa.text("audience = 'public'")
    )
    op.create_table(
        "person",
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
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_index(
        "ix_follow_followers", "follow", ["followee", "follower"], unique=False, postgresql_where=sa.text("accepted")
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
        "mute",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_mute")),
    )
    tables.create()


def downgrade() -> None:
    tables.drop()
    op.drop_table("mute")
    op.drop_table("block")
    op.drop_index("ix_follow_followers", table_name="follow")
    op.drop_table("follow")
    op.drop_table("person")
    op.drop_index("ix_entry_public", table_name="entry")
    op.drop_index("ix_entry_author", table_name="entry")
    op.drop_table("entry")
