"""roll reminders: addresses on a roll are told that voting ends soon

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("polls", sa.Column("roll_reminded", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_polls_roll_closes", "polls", ["closes_at"], postgresql_where=sa.column("eligibility") == "roll")
    op.add_column("roll", sa.Column("reminder", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "unreminded",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_unreminded")),
    )


def downgrade() -> None:
    op.drop_table("unreminded")
    op.drop_column("roll", "reminder")
    op.drop_index("ix_polls_roll_closes", table_name="polls")
    op.drop_column("polls", "roll_reminded")
