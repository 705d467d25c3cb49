"""Whom comments name, and who follows a thread.

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
        "mention",
        sa.Column("comment", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("comment", "handle", name=op.f("pk_mention")),
    )
    op.create_index("ix_mention_account", "mention", ["account", "comment"])
    op.create_table(
        "following",
        sa.Column("thread", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("following", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("thread", "account", name=op.f("pk_following")),
    )
    op.create_index("ix_following_account", "following", ["account", "ordinal"], postgresql_where=sa.text("following"))
    op.create_index("ix_following_of", "following", ["account"])
    op.create_index("ix_person_handle", "person", [sa.func.lower(sa.column("handle"))])


def downgrade() -> None:
    op.drop_index("ix_person_handle", table_name="person")
    op.drop_table("following")
    op.drop_table("mention")
