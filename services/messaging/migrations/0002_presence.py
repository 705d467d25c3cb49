"""Who lets others see whether they are there.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("presence", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("account", sa.Column("circle", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("account", "circle")
    op.drop_column("account", "presence")
