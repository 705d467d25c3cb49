"""Indexes of reactions and mentions by account, by which a deleted account's are found

Expand only: the release before this one must keep working on the new schema.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_mention_account"), "mention", ["account", "wave"], unique=False)
    op.create_index(op.f("ix_reaction_account"), "reaction", ["account", "ordinal"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_reaction_account"), table_name="reaction")
    op.drop_index(op.f("ix_mention_account"), table_name="mention")
