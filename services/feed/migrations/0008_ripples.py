"""ripples: who shares on what without words

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SHOWN = sa.column("shown", sa.Boolean())


def upgrade() -> None:
    op.create_table(
        "ripple",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("original", sa.Uuid(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ripple")),
    )
    op.create_index("ix_ripple_account", "ripple", ["account", "ordinal"], unique=False, postgresql_where=_SHOWN)
    op.create_index("ix_ripple_original", "ripple", ["original", "created_at"], unique=False, postgresql_where=_SHOWN)
    op.create_index("ix_ripple_pair", "ripple", ["account", "original"], unique=False, postgresql_where=_SHOWN)


def downgrade() -> None:
    op.drop_table("ripple")
