"""Tags that accounts follow.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("tags", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "tag",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("followers", sa.Integer(), nullable=False),
        sa.CheckConstraint("followers >= 0", name=op.f("ck_tag_followers_arent_negative")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tag")),
    )
    op.create_table(
        "tag_follow",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "tag", name=op.f("pk_tag_follow")),
    )
    op.create_index("ix_tag_follow_list", "tag_follow", ["account", "ordinal"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_tag_follow_list", table_name="tag_follow")
    op.drop_table("tag_follow")
    op.drop_table("tag")
    op.drop_column("account", "tags")
