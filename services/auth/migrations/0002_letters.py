"""Letters, and whether an address is confirmed.

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
        "letter",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('email', 'password')", name=op.f("ck_letter_purpose")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_letter_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_letter")),
    )
    op.create_index(op.f("ix_letter_account_id"), "letter", ["account_id"], unique=False)
    op.create_index(op.f("ix_letter_expires_at"), "letter", ["expires_at"], unique=False)
    op.add_column("account", sa.Column("email_verified", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("account", "email_verified")
    op.drop_index(op.f("ix_letter_expires_at"), table_name="letter")
    op.drop_index(op.f("ix_letter_account_id"), table_name="letter")
    op.drop_table("letter")
