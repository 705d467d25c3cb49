"""Most followed: an index for suggestions.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_account_followers",
        "account",
        ["followers", "id"],
        unique=False,
        postgresql_where=sa.column("followers") > 0,
    )


def downgrade() -> None:
    op.drop_index("ix_account_followers", table_name="account", postgresql_where=sa.column("followers") > 0)
