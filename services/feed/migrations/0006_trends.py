"""trends: lively tags, and an index for what is tagged lately

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trend",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_trend")),
    )
    op.create_index("ix_tagged_lately", "tagged", ["ordinal", "tag", "entry"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_tagged_lately", table_name="tagged")
    op.drop_table("trend")
