"""tags: what has them, and who follows them

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
        "tagged",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.id"], name=op.f("fk_tagged_entry"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag", "ordinal", name=op.f("pk_tagged")),
    )
    op.create_index(op.f("ix_tagged_entry"), "tagged", ["entry"], unique=False)
    op.create_table(
        "tag_follow",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "tag", name=op.f("pk_tag_follow")),
    )
    op.create_index(
        "ix_tag_follow_ended",
        "tag_follow",
        ["heard_at"],
        unique=False,
        postgresql_where=~sa.column("followed", sa.Boolean()),
    )


def downgrade() -> None:
    op.drop_index("ix_tag_follow_ended", table_name="tag_follow", postgresql_where=~sa.column("followed", sa.Boolean()))
    op.drop_table("tag_follow")
    op.drop_index(op.f("ix_tagged_entry"), table_name="tagged")
    op.drop_table("tagged")
