"""Which filters haven't seen the Waves from before them.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "filter",
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("filter", sa.Column("left", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("filter", sa.Column("begun", sa.Uuid(), nullable=True))
    op.create_index("ix_filter_left", "filter", ["id"], postgresql_where=sa.column("left", sa.Boolean()))
    op.create_table(
        "filter_round",
        sa.Column("only", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_filter_round")),
    )


def downgrade() -> None:
    op.drop_table("filter_round")
    op.drop_index("ix_filter_left", table_name="filter")
    op.drop_column("filter", "begun")
    op.drop_column("filter", "left")
    op.drop_column("filter", "created_at")
