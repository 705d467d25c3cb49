"""Whose Waves are seen by themselves alone.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limited",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("left", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_limited")),
    )
    op.create_index("ix_limited_left", "limited", ["account"], postgresql_where=sa.text('"left"'))


def downgrade() -> None:
    op.drop_table("limited")
