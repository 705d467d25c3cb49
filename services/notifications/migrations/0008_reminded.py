"""reminded: of which end of a poll people were told

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thing", sa.Column("reminded", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("thing", "reminded")
