"""When and how people get mail.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("digest", sa.Text(), server_default="none", nullable=False),
        sa.Column("zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Uuid(), server_default="00000000-0000-0000-0000-000000000000", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("digest IN ('none', 'daily')", name=op.f("ck_mailbox_digest")),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_mailbox_quiet_hours")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_mailbox")),
    )
    op.create_index(
        "ix_mailbox_due", "mailbox", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_mailbox_due", table_name="mailbox", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("mailbox")
