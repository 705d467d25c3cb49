"""receipts digest: what a poll's list of receipts was when it ended

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("counters", sa.Column("receipts_digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("counters", "receipts_digest")
