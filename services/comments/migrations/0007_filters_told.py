"""Which filters other services have heard of.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("filter", sa.Column("told", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("filter", "told")
