"""Filters of words, reports of Waves, and what moderators decide about them.

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
    op.add_column("wave", sa.Column("hidden_as", sa.Text(), nullable=True))
    op.create_table(
        "filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filter")),
    )
    op.create_table(
        "report",
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("wave", "reporter", name=op.f("pk_report")),
    )
    op.create_index("ix_report_at", "report", ["wave", "at", "reporter"])
    op.create_index("ix_report_reporter", "report", ["reporter", "wave"])
    op.create_table(
        "moderation_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("reports", sa.Integer(), server_default="0", nullable=False),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("matched", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('hidden', 'dismissed', 'restored')", name=op.f("ck_moderation_case_outcome")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (outcome IS NULL)", name=op.f("ck_moderation_case_decided_with_an_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_case")),
        sa.UniqueConstraint("wave", name=op.f("uq_moderation_case_wave")),
    )
    op.create_index(
        "ix_moderation_case_waiting",
        "moderation_case",
        ["opened_at", "id"],
        postgresql_where=sa.column("decided_at", sa.DateTime()).is_(None),
    )
    op.create_table(
        "moderation_log",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_moderation_log")),
    )
    append_only("moderation_log")


def downgrade() -> None:
    op.drop_table("moderation_log")
    op.drop_table("moderation_case")
    op.drop_table("report")
    op.drop_table("filter")
    op.drop_column("wave", "hidden_as")
