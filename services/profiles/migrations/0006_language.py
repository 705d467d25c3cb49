"""language: what somebody wants to be spoken to in

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("profile", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("profile", "language")
