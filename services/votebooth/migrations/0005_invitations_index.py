"""invitations index: how many an owner has sent of late

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_audit_log_invitations",
        "audit_log",
        ["actor", "at"],
        postgresql_where=sa.column("act") == "roll.invited",
    )


def downgrade() -> None:
    op.drop_index("ix_audit_log_invitations", table_name="audit_log")
