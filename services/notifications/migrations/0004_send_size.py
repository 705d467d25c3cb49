"""How many people a send is for.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send", sa.Column("people", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("send", "people")
