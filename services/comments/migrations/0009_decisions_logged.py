"""Which comments moderators decided about, in their log.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moderation_log", sa.Column("comment", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("moderation_log", "comment")
