"""hosts here: who of those that are in a room runs it

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room_leases", sa.Column("host", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_room_leases_hosts", "room_leases", ["room_id"], postgresql_where=sa.column("host"))


def downgrade() -> None:
    op.drop_index("ix_room_leases_hosts", table_name="room_leases")
    op.drop_column("room_leases", "host")
