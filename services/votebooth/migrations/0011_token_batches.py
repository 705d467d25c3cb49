"""token batches: what idempotency keys have made

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_batches",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "request_key", name=op.f("pk_token_batches")),
    )


def downgrade() -> None:
    op.drop_table("token_batches")
