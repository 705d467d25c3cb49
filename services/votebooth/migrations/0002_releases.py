"""releases

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.Column("abstentions", sa.BigInteger(), nullable=False),
        sa.Column("sums", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("patterns", sa.LargeBinary(), nullable=True),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("pk_releases")),
    )


def downgrade() -> None:
    op.drop_table("releases")
