"""blocks: an index for who blocks somebody

Expand only: the release before this one must keep working on the new schema.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_block_other", "block", ["other"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_block_other", table_name="block")
