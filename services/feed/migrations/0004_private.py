"""private: whose Waves are for their followers

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("private", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("person", "private")
