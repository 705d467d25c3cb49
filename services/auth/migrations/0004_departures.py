"""Accounts that are to be deleted, and archives of what is somebody's.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "departure",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_departure")),
    )
    op.create_index(op.f("ix_departure_due_at"), "departure", ["due_at"], unique=False)
    op.create_table(
        "archive",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("due_at", _TIME, server_default=sa.func.now(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("ready_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_archive")),
    )
    op.create_index(op.f("ix_archive_due_at"), "archive", ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_archive_due_at"), table_name="archive")
    op.drop_table("archive")
    op.drop_index(op.f("ix_departure_due_at"), table_name="departure")
    op.drop_table("departure")
