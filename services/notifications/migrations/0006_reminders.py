"""reminders: when those who watch a poll are told that it closes soon

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thing", sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("thing", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_thing_remind", "thing", ["remind_at"], postgresql_where=sa.column("remind_at").is_not(None))


def downgrade() -> None:
    op.drop_index("ix_thing_remind", table_name="thing")
    op.drop_column("thing", "remind_at")
    op.drop_column("thing", "closes_at")
