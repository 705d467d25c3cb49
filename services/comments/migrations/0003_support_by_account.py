"""An index of support by account, by which a deleted account's is found

Expand only: the release before this one must keep working on the new schema.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_support_account"), "support", ["account", "comment"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_support_account"), table_name="support")
