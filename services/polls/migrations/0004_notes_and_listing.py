"""notes and listing: what owners add to published polls, and whether lists show them

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("poll", sa.Column("notes", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column("poll", sa.Column("listing", sa.Text(), server_default=sa.text("'public'"), nullable=False))


def downgrade() -> None:
    op.drop_column("poll", "listing")
    op.drop_column("poll", "notes")
