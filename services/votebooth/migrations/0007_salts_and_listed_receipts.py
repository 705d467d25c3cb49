"""salts and listed receipts: what the tie-break is committed to, and the list of receipts as of the last release

Expand only: the release before this one must keep working on the new schema. Polls that are over have no nonce,
so that their seed stays what it was; new ones get one by the default, whichever release makes them.
"""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import churn, grant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("counters", sa.Column("salt_nonce", sa.Uuid(), nullable=True))
    op.alter_column("counters", "salt_nonce", server_default=sa.text("gen_random_uuid()"))
    op.add_column("counters", sa.Column("salt", sa.LargeBinary(), nullable=True))
    op.create_table(
        "listed_receipts",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "receipt", name=op.f("pk_listed_receipts")),
    )
    churn("listed_receipts")
    grant("MAINTAIN", "listed_receipts")


def downgrade() -> None:
    op.drop_table("listed_receipts")
    op.drop_column("counters", "salt")
    op.drop_column("counters", "salt_nonce")
