"""follows: who may know of polls for followers

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_index(op.f("ix_follow_followee"), "follow", ["followee"])
    op.create_table(
        "earlier_follows",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_earlier_follows")),
    )


def downgrade() -> None:
    op.drop_table("earlier_follows")
    op.drop_table("follow")
