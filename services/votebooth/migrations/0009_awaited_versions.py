"""awaited versions: ballots wait for a question that is being changed

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("counters", sa.Column("awaited", sa.BigInteger(), nullable=True))
    op.add_column("counters", sa.Column("awaited_by", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("counters", "awaited_by")
    op.drop_column("counters", "awaited")
