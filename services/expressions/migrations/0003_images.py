"""images: those that users upload, and which of them a Wave shows

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    images = sa.Column("images", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    op.add_column("wave", images)
    op.create_table(
        "image",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
    )
    op.create_index(op.f("ix_image_account_id"), "image", ["account_id"], unique=False)
    op.create_index("ix_image_due", "image", ["due"], unique=False)
    op.create_index(
        "ix_image_dropped", "image", ["id"], unique=False, postgresql_where=sa.text("state = 'gone' AND NOT swept")
    )


def downgrade() -> None:
    op.drop_index("ix_image_dropped", table_name="image")
    op.drop_index("ix_image_due", table_name="image")
    op.drop_index(op.f("ix_image_account_id"), table_name="image")
    op.drop_table("image")
    op.drop_column("wave", "images")
