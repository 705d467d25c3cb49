"""Filters of words, and accounts that are limited.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import append_only
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filter")),
        sa.UniqueConstraint("key", name=op.f("uq_filter_key")),
    )
    op.create_table(
        "limited",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("left", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_limited")),
    )
    op.create_index("ix_limited_now", "limited", ["ordinal"], postgresql_where=sa.text("limited"))
    op.create_index("ix_limited_left", "limited", ["account"], postgresql_where=sa.text('"left"'))
    op.create_table(
        "moderation_log",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_moderation_log")),
    )
    append_only("moderation_log")
    op.add_column("moderation_case", sa.Column("matched", sa.Text(), nullable=True))
    op.create_index(
        "ix_comment_limited",
        "comment",
        ["author", "thread"],
        postgresql_where=sa.column("hidden_as", sa.Text()) == "limit",
    )


def downgrade() -> None:
    op.drop_index("ix_comment_limited", table_name="comment")
    op.drop_column("moderation_case", "matched")
    op.drop_table("moderation_log")
    op.drop_table("limited")
    op.drop_table("filter")
