"""Reports of messages, with what they said.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moderation_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("conversation", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reports", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("outcome IN ('upheld', 'dismissed')", name=op.f("ck_moderation_case_outcome")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (outcome IS NULL)", name=op.f("ck_moderation_case_decided_with_an_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_case")),
        sa.UniqueConstraint("message", name=op.f("uq_moderation_case_message")),
    )
    op.create_index(
        "ix_moderation_case_waiting",
        "moderation_case",
        ["opened_at", "id"],
        unique=False,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index("ix_moderation_case_sender", "moderation_case", ["sender"], unique=False)
    op.create_table(
        "report",
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("message", "reporter", name=op.f("pk_report")),
    )
    op.create_index("ix_report_at", "report", ["message", "at", "reporter"], unique=False)
    op.create_index("ix_report_reporter", "report", ["reporter"], unique=False)


def downgrade() -> None:
    op.drop_table("report")
    op.drop_table("moderation_case")
