"""wishes: what somebody has hidden, of whom they see less; orders of feeds by rank

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hidden",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("thing", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "thing", name=op.f("pk_hidden")),
    )
    op.create_index("ix_hidden_list", "hidden", ["account", "ordinal"], unique=False)
    op.create_table(
        "less",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_less")),
    )
    op.create_index("ix_less_list", "less", ["account", "ordinal"], unique=False)
    op.create_index(op.f("ix_less_other"), "less", ["other"], unique=False)
    op.create_table(
        "ranking",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("things", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("oldest", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_ranking")),
    )


def downgrade() -> None:
    op.drop_table("ranking")
    op.drop_index(op.f("ix_less_other"), table_name="less")
    op.drop_index("ix_less_list", table_name="less")
    op.drop_table("less")
    op.drop_index("ix_hidden_list", table_name="hidden")
    op.drop_table("hidden")
