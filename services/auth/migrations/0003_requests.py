"""requests: an API key knows the idempotency key that made it

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("request_key", sa.Text(), nullable=True))
    op.add_column("api_key", sa.Column("request_hash", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_api_key_request",
        "api_key",
        ["account_id", "request_key"],
        postgresql_where=sa.column("request_key").is_not(None),
    )


def downgrade() -> None:
    op.drop_index("ix_api_key_request", table_name="api_key")
    op.drop_column("api_key", "request_hash")
    op.drop_column("api_key", "request_key")
